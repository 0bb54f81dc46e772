/* SPDX-License-Identifier: BSD-3-Clause */
/* What tells a disk image from others and from itself, with and without attributes. */
#include "host/disk-identity.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "environment/disks.h"
#include "support/scratch.h"

/* In place of the C library's: a file system that keeps one attribute, or none. */
static int attributes_fail_with;
static int sync_fails_with;
static unsigned int sync_count;
static char attribute[64];
static size_t attribute_size;

ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
	assert_string_equal(name, "user.dormouse");
	errno = attributes_fail_with ? attributes_fail_with : ENODATA;
	if (attributes_fail_with || attribute_size == 0)
		return -1;
	if (attribute_size > size) {
		errno = ERANGE;

		return -1;
	}
	memcpy(value, attribute, attribute_size);

	return (ssize_t)attribute_size;
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	assert_string_equal(name, "user.dormouse");
	errno = attributes_fail_with;
	if (attributes_fail_with)
		return -1;
	assert_true(size < sizeof(attribute));
	memcpy(attribute, value, size);
	attribute_size = size;

	return 0;
}

int fsync(int fd)
{
	sync_count++;
	errno = sync_fails_with;

	return sync_fails_with ? -1 : 0;
}

static void open_disk(struct disk *disk, bool read_only)
{
	struct error error;

	attributes_fail_with = 0;
	sync_fails_with = 0;
	sync_count = 0;
	attribute_size = 0;
	if (disk_open(disk, scratch_write("disk", (const char[4096]){ 0 }, 4096), read_only,
		      &error) != 0)
		fail_msg("%s", error.text);
}

/* As an entry of an environment's disks. */
static void identify(const struct disk *disk, char text[DISK_IDENTITY_SIZE + 8])
{
	char identity[DISK_IDENTITY_SIZE];
	struct error error;

	assert_int_equal(disk_identity(disk, identity, &error), 0);
	snprintf(text, DISK_IDENTITY_SIZE + 8, "vda=%s\n", identity);
}

static void a_disk_that_nobody_touches_stays_the_same(void **state)
{
	char before[DISK_IDENTITY_SIZE + 8], after[DISK_IDENTITY_SIZE + 8];
	struct disk disk;

	open_disk(&disk, false);
	identify(&disk, before);
	identify(&disk, after);
	assert_string_equal(before, after);
	assert_non_null(strstr(before, " size:4096 "));
	assert_non_null(strstr(before, " generation:none"));
	disk_close(&disk);
}

static void a_write_is_noticed_by_its_time(void **state)
{
	const struct timespec other[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000000 } };
	char before[DISK_IDENTITY_SIZE + 8], after[DISK_IDENTITY_SIZE + 8];
	struct error phrase;
	struct disk disk;

	open_disk(&disk, false);
	identify(&disk, before);
	assert_int_equal(futimens(disk.fd, other), 0);
	identify(&disk, after);
	assert_true(environment_disks_differ(before, after, &phrase));
	assert_non_null(strstr(phrase.text, "it was written since"));
	disk_close(&disk);
}

static void each_run_gives_a_disk_another_generation(void **state)
{
	char before[DISK_IDENTITY_SIZE + 8], after[DISK_IDENTITY_SIZE + 8];
	struct error error, phrase;
	struct disk disk;

	open_disk(&disk, false);
	assert_int_equal(disk_renew(&disk, &error), 0);
	assert_int_equal(attribute_size, 32);
	identify(&disk, before);
	assert_null(strstr(before, "generation:none"));
	assert_int_equal(disk_renew(&disk, &error), 0);
	identify(&disk, after);
	assert_true(environment_disks_differ(before, after, &phrase));
	assert_non_null(strstr(phrase.text, "it was used or rolled back since"));
	disk_close(&disk);
}

/* Without attributes the rest decides, which is to be durable too; nothing fails for it. */
static void a_file_system_without_attributes_gives_no_generation(void **state)
{
	static const int errors[] = { EOPNOTSUPP, EPERM, ENOSYS, EACCES, ENOSPC };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		char text[DISK_IDENTITY_SIZE + 8];
		struct error error;
		struct disk disk;

		open_disk(&disk, false);
		attributes_fail_with = errors[i];
		assert_int_equal(disk_renew(&disk, &error), 0);
		assert_int_equal(sync_count, 1);
		identify(&disk, text);
		assert_non_null(strstr(text, " generation:none"));
		disk_close(&disk);
	}
}

static void a_disk_that_fails_is_given_no_generation(void **state)
{
	struct error error;
	struct disk disk;

	open_disk(&disk, false);
	attributes_fail_with = EIO;
	assert_int_equal(disk_renew(&disk, &error), -EIO);
	scratch_says(&error, "what was written is not durable", ": Input/output error");
	disk_close(&disk);
}

static void an_attribute_of_another_program_is_no_generation(void **state)
{
	static const char *const others[] = { "x", "0123456789abcdef0123456789abcde",
					      "0123456789abcdef0123456789abcdeX",
					      "0123456789abcdef0123456789abcdef0" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char text[DISK_IDENTITY_SIZE + 8];
		struct disk disk;

		open_disk(&disk, false);
		attribute_size = strlen(others[i]);
		memcpy(attribute, others[i], attribute_size);
		identify(&disk, text);
		assert_non_null(strstr(text, " generation:none"));
		disk_close(&disk);
	}
}

static void a_read_only_disk_is_given_no_generation(void **state)
{
	struct error error;
	struct disk disk;

	open_disk(&disk, true);
	assert_int_equal(disk_renew(&disk, &error), 0);
	assert_int_equal(attribute_size, 0);
	disk_close(&disk);
}

static void a_generation_that_is_not_durable_is_a_failure_of_the_disk(void **state)
{
	struct error error;
	struct disk disk;

	open_disk(&disk, false);
	sync_fails_with = EIO;
	assert_int_equal(disk_renew(&disk, &error), -EIO);
	scratch_says(&error, "disk /", ": Input/output error");
	sync_fails_with = 0;
	/* The host reports it once. */
	assert_int_equal(disk_sync(&disk), -EIO);
	disk_close(&disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_nobody_touches_stays_the_same),
		cmocka_unit_test(a_write_is_noticed_by_its_time),
		cmocka_unit_test(each_run_gives_a_disk_another_generation),
		cmocka_unit_test(a_file_system_without_attributes_gives_no_generation),
		cmocka_unit_test(an_attribute_of_another_program_is_no_generation),
		cmocka_unit_test(a_read_only_disk_is_given_no_generation),
		cmocka_unit_test(a_disk_that_fails_is_given_no_generation),
		cmocka_unit_test(a_generation_that_is_not_durable_is_a_failure_of_the_disk),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
