/* SPDX-License-Identifier: BSD-3-Clause */
/* A damaged record is refused with a message, and changes nothing. */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Put @value, which is JSON, at @path in a good record; NULL: remove what is there. */
static void damage(const char *path, const char *value)
{
	record_save_example(record_dir_fd);
	record_damage(record_dir_fd, path, value);
}

static void a_record_truncated_anywhere_is_refused(void **state)
{
	char text[8192];
	ssize_t size;
	int fd;

	record_save_example(record_dir_fd);
	fd = openat(record_dir_fd, "record.json", O_RDONLY | O_CLOEXEC);
	size = read(fd, text, sizeof(text));
	close(fd);
	assert_in_range(size, 500, sizeof(text) - 1);
	for (ssize_t i = 0; i < size; i++) {
		record_put(record_dir_fd, text, (size_t)i);
		record_refused(record_dir_fd, -EINVAL, "is damaged: line ");
	}
}

/* Whatever bit of each byte flips, it is refused or still a record: nothing crashes. */
static void a_record_with_any_bit_flipped_is_refused_or_loaded(void **state)
{
	char text[8192];
	unsigned int refusals = 0;
	ssize_t size;
	int fd;

	record_save_example(record_dir_fd);
	fd = openat(record_dir_fd, "record.json", O_RDONLY | O_CLOEXEC);
	size = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < size; i++) {
		struct error error = { "" };
		struct record record = { 0 };
		const char bit = (char)(1 << (i % 8));
		int err;

		text[i] = (char)(text[i] ^ bit);
		record_put(record_dir_fd, text, (size_t)size);
		text[i] = (char)(text[i] ^ bit);
		err = record_load(record_dir_fd, RECORD_VM, &record, &error);
		if (err) {
			assert_true(err == -EINVAL || err == -ENOTSUP);
			scratch_says(&error, "the record of " RECORD_VM, "");
			refusals++;
		} else {
			assert_string_equal(error.text, "");
			assert_in_range(record.config.cpus, 1, CONFIG_CPUS_MAX);
			assert_in_range(record.config.disk_count, 0, CONFIG_DISKS_MAX);
		}
		record_free(&record);
	}
	assert_true(refusals > (unsigned int)size / 4);
}

static const char *const required[] = {
	"state",
	"cause",
	"pid",
	"boots",
	"host",
	"machine",
	"cause.trigger",
	"cause.what",
	"cause.when",
	"cause.vcpu",
	"cause.type", /* These two: if there is the other. */
	"cause.cookie",
	"machine.kernel",
	"machine.append",
	"machine.disks",
	"machine.cpus",
	"machine.memory",
	"machine.psci",
	"machine.psci-version",
	"machine.disks.0.path",
	"machine.disks.2.read-only",
};

static void a_record_that_lacks_a_required_key_is_refused(void **state)
{
	damage("format", NULL);
	record_refused(record_dir_fd, -EINVAL, "is damaged: it does not say its format");
	for (size_t i = 0; i < COUNT(required); i++) {
		damage(required[i], NULL);
		record_refused(record_dir_fd, -EINVAL,
			       "is damaged: a value is missing or outside its range");
	}
}

/* Try values none of which is right anywhere. */
static void mistype(const char *path)
{
	static const char *const values[] = { "null", "1.5", "{}", "[[]]", "[true]", "{\"a\": 1}" };

	for (size_t i = 0; i < COUNT(values); i++) {
		damage(path, values[i]);
		record_refused(record_dir_fd, -EINVAL,
			       "is damaged: a value is missing or outside its range");
	}
}

static void a_record_with_a_value_of_another_type_is_refused(void **state)
{
	for (size_t i = 0; i < COUNT(required); i++)
		mistype(required[i]);
	mistype("machine.version");
	mistype("machine.initrd");
	mistype("machine.console");
}

static void a_record_with_a_value_outside_its_range_is_refused(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} cases[] = {
		{ "state", "\"\"" },
		{ "state", "\"asleep\"" },
		{ "state", "1" },
		{ "pid", "0" },
		{ "pid", "-1" },
		{ "pid", "2147483648" },
		{ "pid", "\"4711\"" },
		{ "boots", "-1" },
		{ "host", "{\"bytes\": 1}" },
		{ "cause.trigger", "\"hibernated\"" },
		{ "cause.when", "\"yesterday\"" },
		{ "cause.when", "\"2026-11-31T08:14:04Z\"" },
		{ "cause.vcpu", "-2" },
		{ "cause.vcpu", "123" },
		{ "cause.vcpu", "4294967296" },
		{ "cause.type", "-1" },
		{ "cause.type", "4294967296" },
		{ "cause.type", "\"1\"" },
		{ "cause.cookie", "\"\"" },
		{ "cause.cookie", "\"0x\"" },
		{ "cause.cookie", "\"-0x1\"" },
		{ "cause.cookie", "\"0x10000000000000000\"" },
		{ "cause.cookie", "\"0x1 \"" },
		{ "cause.cookie", "\" 0x1\"" },
		{ "cause.cookie", "\"cookie\"" },
		{ "cause.cookie", "1" },
		{ "machine.kernel", "true" },
		{ "machine.kernel", "{\"bytes\": \"2f6\"}" },
		{ "machine.kernel", "{\"bytes\": \"2f6x\"}" },
		{ "machine.kernel", "{\"bytes\": \"2F\"}" },
		{ "machine.kernel", "{\"bytes\": \"2f00\"}" },
		{ "machine.kernel", "{\"bytes\": \"0020\"}" },
		{ "machine.kernel", "{\"bytes\": 47}" },
		{ "machine.disks", "{}" },
		{ "machine.disks", "[\"/srv/root.img\"]" },
		{ "machine.disks", "[{\"path\": \"/srv/root.img\", \"read-only\": 0}]" },
		{ "machine.version", "0" },
		{ "machine.version", "-1" },
		{ "machine.cpus", "0" },
		{ "machine.cpus", "-1" },
		{ "machine.cpus", "124" },
		{ "machine.cpus", "4294967297" },
		{ "machine.cpus", "1.0" },
		{ "machine.memory", "0" },
		{ "machine.memory", "-1073741824" },
		{ "machine.memory", "1073741823" },
		{ "machine.memory", "1074790400" }, /* An odd number of MiB. */
		{ "machine.memory", "65011712" }, /* 62 MiB. */
		{ "machine.memory", "70368746274816" }, /* 64 TiB and 2 MiB. */
		{ "machine.memory", "9223372036854775807" },
		{ "machine.psci", "\"\"" },
		{ "machine.psci", "\"any\"" },
		{ "machine.psci-version", "-1" },
		{ "machine.idle-states", "1" },
		{ "machine.idle-states", "\"yes\"" },
		{ "machine.idle-states", "null" },
		{ "machine.idle-clusters", "1" },
		{ "machine.idle-clusters", "true" }, /* Without idle-states. */
		{ "machine.on-reset", "\"\"" },
		{ "machine.on-reset2", "\"never\"" },
		{ "machine.psci-version", "4294967296" },
		/* One of three, and an address only for one of them. */
		{ "machine.flat", "\"/boot/flat\"" },
		{ "machine.firmware", "\"/boot/firmware\"" },
		{ "machine.vars", "\"/srv/vars\"" }, /* Without a firmware. */
		{ "machine.flat-address", "\"0x40080000\"" },
		{ "machine.on-reset", "\"\"" },
		{ "machine.on-reset", "\"reboot\"" },
		{ "machine.on-reset", "1" },
		{ "machine.on-reset2", "\"Exit\"" },
		{ "machine.on-reset2", "null" },
		{ "machine.on-panic", "\"\"" },
		{ "machine.on-panic", "\"Exit\"" },
		{ "machine.on-panic", "null" },
		{ "machine.suspend", "\"\"" },
		{ "machine.suspend", "\"refuse\"" },
		{ "machine.suspend", "null" },
		{ "machine.wake-on-net", "\"\"" },
		{ "machine.wake-on-net", "\"Any\"" },
		{ "machine.wake-on-net", "null" },
		{ "machine.sleep-when-idle", "0" },
		{ "machine.sleep-when-idle", "-1" },
		{ "machine.sleep-when-idle", "604801" },
		{ "machine.sleep-when-idle", "1.5" },
		{ "machine.sleep-when-idle", "\"60\"" },
		{ "machine.sleep-when-idle", "null" },
		{ "machine.park", "0" },
		{ "machine.park", "604801" },
		{ "machine.park", "1.5" },
		{ "machine.park", "\"60\"" },
		{ "machine.park", "null" },
		{ "paused", "1" },
		{ "state", "\"saved\"" }, /* But without an address. */
		{ "saved", "null" },
		{ "saved", "{}" },
		{ "saved", "{\"id\": \"0123456789abcdef\", \"file\": \"/a\"}" },
		{ "saved", "{\"id\": \"0123456789ABCDEF0123456789abcdef\", \"file\": \"/a\"}" },
		{ "saved", "{\"id\": \"0123456789abcdef0123456789abcdef\", \"file\": 1}" },
		{ "suspension", "null" },
		{ "suspension", "{}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": -1, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [27]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 123, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [27]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [27]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": 1, \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [27]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": 1, \"wake-by-interrupts\": [27]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [15]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [1020]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [\"27\"]}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": {}}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [], "
				"\"wake-by-alarm\": \"soon\"}" },
		{ "suspension", "{\"since\": \"2026-11-21T12:00:00Z\", \"vcpu\": 0, "
				"\"entry\": \"0x40200000\", \"context-id\": \"0x1\", "
				"\"wake-by-console\": true, \"wake-by-interrupts\": [], "
				"\"wake-on-net\": \"sometimes\"}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		damage(cases[i].path, cases[i].value);
		record_refused(record_dir_fd, -EINVAL,
			       "is damaged: a value is missing or outside its range");
	}
}

static void a_record_with_an_impossible_address_of_a_flat_binary_is_refused(void **state)
{
	static const char *const values[] = { "\"\"",	  "\"0\"",    "\"0x\"", "\"-1\"",
					      "\"here\"", "\"0x4 \"", "64",	"null" };

	for (size_t i = 0; i < COUNT(values); i++) {
		damage("machine.kernel", NULL);
		record_damage(record_dir_fd, "machine.flat", "\"/boot/flat\"");
		record_damage(record_dir_fd, "machine.flat-address", values[i]);
		record_refused(record_dir_fd, -EINVAL,
			       "is damaged: a value is missing or outside its range");
	}
}

static void a_record_with_a_number_that_no_integer_holds_is_refused(void **state)
{
	static const char text[] = "{\"format\": 1, \"boots\": 9223372036854775808}";

	record_put(record_dir_fd, text, sizeof(text) - 1);
	record_refused(record_dir_fd, -EINVAL, "is damaged: line 1: too big integer");
}

static void a_record_with_words_that_are_too_long_is_refused(void **state)
{
	char text[256];

	memset(text, 'x', sizeof(text));
	text[0] = '"';
	text[161] = '"';
	text[162] = '\0';
	damage("cause.what", text);
	record_refused(record_dir_fd, -EINVAL, "outside its range");
	text[161] = 'x';
	text[81] = '"';
	text[82] = '\0';
	damage("host", text);
	record_refused(record_dir_fd, -EINVAL, "outside its range");
}

static void a_record_with_too_many_disks_is_refused(void **state)
{
	char text[2048] = "[";

	for (int i = 0; i <= CONFIG_DISKS_MAX; i++) {
		const size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length,
			 "%s{\"path\": \"/%d\", \"read-only\": false}", i > 0 ? ", " : "", i);
	}
	strncat(text, "]", sizeof(text) - strlen(text) - 1);
	damage("machine.disks", text);
	record_refused(record_dir_fd, -EINVAL, "outside its range");
}

/* A later disk is wrong: the earlier ones, already read, are freed, as ASan checks. */
static void a_record_refused_at_its_end_leaves_no_memory_allocated(void **state)
{
	damage("machine.disks.2.path", "{\"bytes\": \"2f0\"}");
	record_refused(record_dir_fd, -EINVAL, "outside its range");
}

static void a_record_with_a_key_twice_is_refused(void **state)
{
	static const char text[] = "{\n\"format\": 1,\n\"format\": 1\n}";

	record_put(record_dir_fd, text, sizeof(text) - 1);
	record_refused(record_dir_fd, -EINVAL, "is damaged: line 3: duplicate object key");
}

static void a_record_with_an_unknown_key_is_loaded_without_it(void **state)
{
	struct record want = record_example();
	struct record loaded;

	damage("machine.colour", "\"dun\"");
	loaded = record_must_load(record_dir_fd);
	record_assert_equal(&loaded, &want);
	record_free(&loaded);
	record_free(&want);
}

static void a_record_of_a_later_machine_version_is_refused_by_name(void **state)
{
	static const char *const versions[] = { "5", "4294967297", "9223372036854775807" };

	for (size_t i = 0; i < COUNT(versions); i++) {
		char reason[128];

		damage("machine.version", versions[i]);
		snprintf(reason, sizeof(reason),
			 "is of machine version %s, which this dormouse (up to 4) does not know",
			 versions[i]);
		record_refused(record_dir_fd, -EINVAL, reason);
	}
}

static void a_record_of_another_format_is_refused_by_name(void **state)
{
	static const char *const formats[] = { "0", "5", "-1", "9223372036854775807" };

	for (size_t i = 0; i < COUNT(formats); i++) {
		char reason[96];

		damage("format", formats[i]);
		snprintf(reason, sizeof(reason),
			 "has format %s, which this dormouse (up to format 4) does not know",
			 formats[i]);
		record_refused(record_dir_fd, -EINVAL, reason);
	}
	damage("format", "\"1\"");
	record_refused(record_dir_fd, -EINVAL, "does not say its format");
	damage("format", "1.0");
	record_refused(record_dir_fd, -EINVAL, "does not say its format");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_record_truncated_anywhere_is_refused),
		RECORD_TEST(a_record_with_any_bit_flipped_is_refused_or_loaded),
		RECORD_TEST(a_record_that_lacks_a_required_key_is_refused),
		RECORD_TEST(a_record_with_a_value_of_another_type_is_refused),
		RECORD_TEST(a_record_with_a_value_outside_its_range_is_refused),
		RECORD_TEST(a_record_with_an_impossible_address_of_a_flat_binary_is_refused),
		RECORD_TEST(a_record_with_a_number_that_no_integer_holds_is_refused),
		RECORD_TEST(a_record_with_words_that_are_too_long_is_refused),
		RECORD_TEST(a_record_with_too_many_disks_is_refused),
		RECORD_TEST(a_record_refused_at_its_end_leaves_no_memory_allocated),
		RECORD_TEST(a_record_with_a_key_twice_is_refused),
		RECORD_TEST(a_record_with_an_unknown_key_is_loaded_without_it),
		RECORD_TEST(a_record_of_a_later_machine_version_is_refused_by_name),
		RECORD_TEST(a_record_of_another_format_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
