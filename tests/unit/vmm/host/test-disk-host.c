/* SPDX-License-Identifier: BSD-3-Clause */
/* Disk images and their host: file systems that lack an operation, and QEMU beside dormouse. */
#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define SIZE 65536

/* What the file system answers, as an errno. */
static int fallocate_fails_with;
static int lock_fails_with;

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	errno = fallocate_fails_with;

	return fallocate_fails_with ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (command == F_OFD_SETLK && lock_fails_with) {
		errno = lock_fails_with;

		return -1;
	}

	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static char *make_image(const char *name)
{
	char bytes[SIZE];

	memset(bytes, 0x5a, sizeof(bytes));

	return scratch_write(name, bytes, sizeof(bytes));
}

static void open_disk(struct disk *disk, const char *path, bool read_only)
{
	struct error error = { "" };

	if (disk_open(disk, path, read_only, &error) != 0)
		fail_msg("%s", error.text);
}

static void refused(const char *path, bool read_only, int err, const char *part)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };
	struct disk disk;

	assert_int_equal(disk_open(&disk, path, read_only, &error), err);
	scratch_says(&error, path, part);
	assert_int_equal(scratch_open_files(), open_files);
}

/* --- file systems --- */

static void an_erase_that_the_file_system_lacks_is_skipped_or_written_as_zeros(void **state)
{
	static const int errors[] = { EOPNOTSUPP, ENOSYS, EINVAL, ENODEV, EPERM, ENOTTY, 524 };
	uint8_t found[1024];
	struct disk disk;

	open_disk(&disk, make_image("erase"), false);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const uint64_t at = i * 2048;

		fallocate_fails_with = errors[i];
		assert_int_equal(disk_discard(&disk, at, 512), 0);
		assert_int_equal(disk_write_zeroes(&disk, at, 512, true), 0);
		assert_int_equal(disk_write_zeroes(&disk, at + 1024, 512, false), 0);
		fallocate_fails_with = 0;
		assert_int_equal(pread(disk.fd, found, sizeof(found), (off_t)at), sizeof(found));
		assert_int_equal(found[0] | found[511], 0);
		assert_int_equal(found[512], 0x5a);
	}
	/* Any other error is a failure. */
	fallocate_fails_with = EIO;
	assert_int_equal(disk_discard(&disk, 0, 512), -EIO);
	assert_int_equal(disk_write_zeroes(&disk, 0, 512, true), -EIO);
	fallocate_fails_with = ENOSPC;
	assert_int_equal(disk_discard(&disk, 0, 512), -ENOSPC);
	fallocate_fails_with = 0;
	disk_close(&disk);
}

static void an_image_that_cannot_be_locked_is_refused_with_the_reason(void **state)
{
	static const int errors[] = { ENOLCK, EOPNOTSUPP, EINVAL, ENOSYS };
	const char *path = make_image("no-locks");

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		lock_fails_with = errors[i];
		refused(path, false, -errors[i], ": its file system has no locks: ");
		refused(path, true, -errors[i], ": its file system has no locks: ");
	}
	lock_fails_with = EIO;
	refused(path, false, -EIO, ": Input/output error");
	lock_fails_with = 0;
}

/* --- QEMU --- */

/* The permissions that QEMU locks in an image, one bit each: 0 read, 1 write, 3 resize. */
static int qemu_opens(const char *path, unsigned int does, unsigned int forbids)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	for (unsigned int i = 0; i < 4; i++) {
		struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

		lock.l_start = 100 + i;
		if (does >> i & 1)
			assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
		lock.l_start = 200 + i;
		if (forbids >> i & 1)
			assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	}

	return fd;
}

static bool is_locked(int fd, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	assert_int_equal(fcntl(fd, F_OFD_GETLK, &lock), 0);

	return lock.l_type != F_UNLCK;
}

/* Returns whether QEMU would find a conflict in the locks. */
static bool qemu_is_refused(const char *path, unsigned int does, unsigned int forbids)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	bool contradicts = false;

	assert_true(fd >= 0);
	for (unsigned int i = 0; i < 4; i++)
		contradicts = contradicts || (does >> i & 1 && is_locked(fd, 200 + i)) ||
			      (forbids >> i & 1 && is_locked(fd, 100 + i));
	close(fd);

	return contradicts;
}

static void a_reader_is_refused_beside_a_qemu_that_writes(void **state)
{
	static const unsigned int writers[][2] = {
		/* An exclusive one, one that shares, one that may resize, qemu-img resize. */
		{ 3, 10 },
		{ 3, 0 },
		{ 11, 10 },
		{ 8, 0 },
	};
	const char *path = make_image("qemu-writes");

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		const int qemu = qemu_opens(path, writers[i][0], writers[i][1]);

		refused(path, true, -EBUSY, "is in use");
		refused(path, false, -EBUSY, "is in use");
		close(qemu);
	}
}

static void readers_of_dormouse_and_qemu_share_an_image(void **state)
{
	const char *path = make_image("qemu-reads");
	const int qemu = qemu_opens(path, 1, 10);
	struct disk first;
	struct disk second;

	open_disk(&first, path, true);
	open_disk(&second, path, true);
	refused(path, false, -EBUSY, "is in use");
	close(qemu);
	assert_false(qemu_is_refused(path, 1, 10));
	assert_true(qemu_is_refused(path, 3, 10));
	assert_true(qemu_is_refused(path, 3, 0));
	assert_true(qemu_is_refused(path, 8, 0));
	disk_close(&first);
	disk_close(&second);
	open_disk(&first, path, false);
	assert_true(qemu_is_refused(path, 1, 10));
	disk_close(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_erase_that_the_file_system_lacks_is_skipped_or_written_as_zeros),
		cmocka_unit_test(an_image_that_cannot_be_locked_is_refused_with_the_reason),
		cmocka_unit_test(a_reader_is_refused_beside_a_qemu_that_writes),
		cmocka_unit_test(readers_of_dormouse_and_qemu_share_an_image),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
