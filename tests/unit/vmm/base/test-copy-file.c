/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A copy of a file has its contents and its holes, whichever way the host copies, and
 * whatever fails is reported.
 *
 * The calls are this program's own, in place of the C library's, so that they can be counted
 * and made to fail.
 */
#include "base/copy-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define MIB (1L << 20)
#define SIZE (64 * MIB)

/* Each fails with its errno, if one is set. */
static struct {
	int clone, copy, seek, read, write, truncate;
	bool clones; /* Storage can be shared: the call succeeds and does nothing. */
	bool copy_none; /* The kernel copies nothing, as some file systems do. */
	bool interrupted; /* Each call fails with EINTR once. */
	size_t write_max; /* At most so much in one; 0: all. */
	unsigned int clone_count, copy_count, read_count;
} calls;

/* Returns whether a call is to fail; @interrupted is its own. */
static bool fails(int err, bool *interrupted)
{
	if (calls.interrupted && !*interrupted) {
		*interrupted = true;
		errno = EINTR;

		return true;
	}
	*interrupted = false;
	errno = err;

	return err != 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	static bool interrupted;

	assert_int_equal(request, FICLONE);
	calls.clone_count++;
	if (fails(calls.clones ? 0 : calls.clone, &interrupted))
		return -1;

	return 0;
}

ssize_t copy_file_range(int from, off_t *in, int to, off_t *out, size_t size, unsigned int flags)
{
	static bool interrupted;

	calls.copy_count++;
	if (fails(calls.copy, &interrupted))
		return -1;

	return calls.copy_none ? 0 : syscall(SYS_copy_file_range, from, in, to, out, size, flags);
}

off_t lseek(int fd, off_t offset, int whence)
{
	if ((whence == SEEK_DATA || whence == SEEK_HOLE) && calls.seek) {
		errno = calls.seek;

		return -1;
	}

	return syscall(SYS_lseek, fd, offset, whence);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
	static bool interrupted;

	calls.read_count++;
	if (fails(calls.read, &interrupted))
		return -1;

	return syscall(SYS_pread64, fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	static bool interrupted;

	if (fails(calls.write, &interrupted))
		return -1;
	if (calls.write_max > 0 && size > calls.write_max)
		size = calls.write_max;

	return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int ftruncate(int fd, off_t size)
{
	static bool interrupted;

	return fails(calls.truncate, &interrupted) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

/* --- two files --- */

struct files {
	int from, to;
	unsigned int told; /* How often progress was reported, and up to which byte. */
	uint64_t done;
};

static const char text[] = "what a guest has written";

static int open_file(const char *name)
{
	const int fd = open(scratch_path(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);

	return fd;
}

static void put(int fd, long at)
{
	assert_int_equal(syscall(SYS_pwrite64, fd, text, sizeof(text), at), sizeof(text));
}

/* A hole of 40 MiB, some data, and holes up to the end, before which there is some more. */
static struct files begin(void)
{
	struct files files = { .from = open_file("from"), .to = open_file("to") };

	memset(&calls, 0, sizeof(calls));
	calls.clone = EOPNOTSUPP;
	assert_int_equal(syscall(SYS_ftruncate, files.from, SIZE), 0);
	put(files.from, 40 * MIB);
	put(files.from, SIZE - (long)sizeof(text));

	return files;
}

static void end(const struct files *files)
{
	close(files->from);
	close(files->to);
}

static void on_progress(void *context, uint64_t done)
{
	struct files *files = context;

	files->told++;
	assert_true(done > files->done);
	files->done = done;
}

static int copy(struct files *files)
{
	const struct copy_file_watch watch = { .progress = on_progress, .context = files };

	return copy_file(files->from, files->to, SIZE, &watch);
}

static void assert_has(int fd, long at)
{
	char found[sizeof(text)];

	assert_int_equal(syscall(SYS_pread64, fd, found, sizeof(found), at), sizeof(found));
	assert_memory_equal(found, text, sizeof(text));
}

static void assert_copied(const struct files *files, bool with_holes)
{
	struct stat status;

	assert_int_equal(fstat(files->to, &status), 0);
	assert_int_equal(status.st_size, SIZE);
	assert_has(files->to, 40 * MIB);
	assert_has(files->to, SIZE - (long)sizeof(text));
	if (with_holes)
		assert_true(status.st_blocks * 512 < MIB);
}

static void a_file_that_shares_its_storage_is_not_copied(void **state)
{
	struct files files = begin();

	calls.clones = true;
	assert_int_equal(copy(&files), 0);
	assert_int_equal(calls.clone_count, 1);
	assert_int_equal(calls.copy_count + calls.read_count, 0);
	assert_int_equal(lseek(files.to, 0, SEEK_END), 0);
	end(&files);
}

static void a_copy_keeps_the_holes_of_a_file(void **state)
{
	/* What file systems without shared storage say. */
	static const int errors[] = { EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct files files = begin();

		calls.clone = errors[i];
		assert_int_equal(copy(&files), 0);
		assert_copied(&files, true);
		assert_int_equal(calls.read_count, 0);
		assert_int_equal(files.done, SIZE);
		end(&files);
	}
}

static void a_copy_that_the_kernel_cannot_make_is_made_by_hand(void **state)
{
	static const int errors[] = { 0, EXDEV, ENOSYS, EINVAL, EOPNOTSUPP, EPERM };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct files files = begin();

		calls.copy = errors[i];
		calls.copy_none = true;
		calls.write_max = 7;
		assert_int_equal(copy(&files), 0);
		assert_copied(&files, true);
		/* It is not asked again for each piece. */
		assert_int_equal(calls.copy_count, 1);
		assert_true(calls.read_count > 0);
		end(&files);
	}
}

static void a_file_whose_holes_are_not_known_is_copied_as_a_whole(void **state)
{
	struct files files = begin();

	calls.seek = EINVAL;
	assert_int_equal(copy(&files), 0);
	assert_copied(&files, false);
	assert_int_equal(files.done, SIZE);
	/* In pieces, between which a signal is noticed. */
	assert_true(files.told > 1);
	end(&files);
}

static void a_file_that_is_one_hole_is_copied(void **state)
{
	struct files files = begin();

	assert_int_equal(syscall(SYS_ftruncate, files.from, 0), 0);
	assert_int_equal(syscall(SYS_ftruncate, files.from, SIZE), 0);
	assert_int_equal(copy(&files), 0);
	assert_int_equal(lseek(files.to, 0, SEEK_END), SIZE);
	assert_int_equal(files.told, 0);
	end(&files);
}

static void calls_of_a_copy_that_a_signal_interrupts_are_repeated(void **state)
{
	struct files files = begin();

	calls.interrupted = true;
	assert_int_equal(copy(&files), 0);
	assert_copied(&files, true);
	end(&files);
	files = begin();
	calls.interrupted = true;
	calls.copy_none = true;
	assert_int_equal(copy(&files), 0);
	assert_copied(&files, true);
	end(&files);
}

static void a_failure_of_a_copy_is_reported(void **state)
{
	static int *const failing[] = { &calls.copy, &calls.read, &calls.write, &calls.truncate };
	static const int errors[] = { EIO, ENOSPC };

	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		for (size_t j = 0; j < sizeof(errors) / sizeof(errors[0]); j++) {
			struct files files = begin();

			calls.copy_none = true;
			*failing[i] = errors[j];
			assert_int_equal(copy(&files), -errors[j]);
			end(&files);
		}
	}
}

static void a_failure_to_look_for_holes_is_reported(void **state)
{
	struct files files = begin();

	calls.seek = EIO;
	assert_int_equal(copy(&files), -EIO);
	end(&files);
}

static void a_file_that_ends_early_is_not_copied(void **state)
{
	for (int by_hand = 0; by_hand <= 1; by_hand++) {
		struct files files = begin();

		/* Without its holes, where its size would be found. */
		calls.seek = EINVAL;
		calls.copy_none = by_hand;
		assert_int_equal(syscall(SYS_ftruncate, files.from, 41 * MIB), 0);
		assert_int_equal(copy(&files), -ENODATA);
		end(&files);
	}
}

static void a_copy_ends_when_the_user_wants_dormouse_to_end(void **state)
{
	struct files files = begin();
	sigset_t signals, before;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &signals, &before), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(copy(&files), -ECANCELED);
	assert_int_equal(calls.copy_count + calls.read_count, 0);
	assert_int_equal(sigwait(&signals, &number), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	end(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_shares_its_storage_is_not_copied),
		cmocka_unit_test(a_copy_keeps_the_holes_of_a_file),
		cmocka_unit_test(a_copy_that_the_kernel_cannot_make_is_made_by_hand),
		cmocka_unit_test(a_file_whose_holes_are_not_known_is_copied_as_a_whole),
		cmocka_unit_test(a_file_that_is_one_hole_is_copied),
		cmocka_unit_test(calls_of_a_copy_that_a_signal_interrupts_are_repeated),
		cmocka_unit_test(a_failure_of_a_copy_is_reported),
		cmocka_unit_test(a_failure_to_look_for_holes_is_reported),
		cmocka_unit_test(a_file_that_ends_early_is_not_copied),
		cmocka_unit_test(a_copy_ends_when_the_user_wants_dormouse_to_end),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
