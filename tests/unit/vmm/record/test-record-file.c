/* SPDX-License-Identifier: BSD-3-Clause */
/* A record whose file is no record, or cannot be read: it is refused, with the reason. */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void a_record_that_is_no_json_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {
		{ "", 0 },
		{ "\0\0\0\0", 4 },
		{ "hello", 5 },
		{ "{\"format\": 1}}", 14 },
		{ "{\"format\": 1, \"host\": \"\\u0000\"}", 31 },
		{ "{\"format\": 1, \"host\": \"\xff\"}", 26 },
		{ "{\"format\": 1, \"host\": \"\n\"}", 26 },
		{ "\177ELF\2\1\1\0\n\n\xff\xfe", 12 },
	};
	static const char *const others[] = { "[]", "[1]" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		record_put(record_dir_fd, cases[i].text, cases[i].size);
		record_refused(record_dir_fd, -EINVAL, "is damaged: line ");
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		record_put(record_dir_fd, others[i], strlen(others[i]));
		record_refused(record_dir_fd, -EINVAL, "is damaged: it does not say its format");
	}
}

/* As deep as the file allows. */
static void a_record_nested_as_deeply_as_possible_is_refused(void **state)
{
	static char text[200 * 1024];

	memset(text, '[', sizeof(text));
	record_put(record_dir_fd, text, sizeof(text));
	record_refused(record_dir_fd, -EINVAL, "is damaged: line 1: ");
}

static void a_record_that_is_too_large_is_refused(void **state)
{
	static char text[300 * 1024];

	memset(text, ' ', sizeof(text));
	record_put(record_dir_fd, text, sizeof(text));
	record_refused(record_dir_fd, -EFBIG, "is damaged: too large");
	/* Reading it would never end, if a link were followed. */
	assert_int_equal(unlinkat(record_dir_fd, "record.json", 0), 0);
	assert_int_equal(symlinkat("/dev/zero", record_dir_fd, "record.json"), 0);
	record_refused(record_dir_fd, -ELOOP, "cannot read the record of " RECORD_VM);
}

static void a_record_that_is_no_regular_file_is_refused_at_once(void **state)
{
	(void)unlinkat(record_dir_fd, "record.json", 0);
	assert_int_equal(mkdirat(record_dir_fd, "record.json", 0755), 0);
	record_refused(record_dir_fd, -EISDIR, "Is a directory");
	assert_int_equal(unlinkat(record_dir_fd, "record.json", AT_REMOVEDIR), 0);
	/* No process will ever write into it. */
	assert_int_equal(mkfifoat(record_dir_fd, "record.json", 0644), 0);
	record_refused(record_dir_fd, -EINVAL, "is damaged: line ");
	assert_int_equal(unlinkat(record_dir_fd, "record.json", 0), 0);
	assert_int_equal(symlinkat("record.json", record_dir_fd, "record.json"), 0);
	record_refused(record_dir_fd, -ELOOP, "cannot read the record of " RECORD_VM);
}

static const char *check_unreadable(void)
{
	struct error error = { "" };
	struct record record = { 0 };

	if (record_load(record_dir_fd, RECORD_VM, &record, &error) != -EACCES)
		return "it was read";

	return strcmp(error.text, "cannot read the record of web-1: Permission denied")
		       ? "another sentence"
		       : NULL;
}

static void a_record_without_read_permission_is_refused_as_such(void **state)
{
	record_save_example(record_dir_fd);
	assert_int_equal(fchmodat(record_dir_fd, "record.json", 0000, 0), 0);
	scratch_unprivileged(check_unreadable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_record_that_is_no_json_is_refused),
		RECORD_TEST(a_record_nested_as_deeply_as_possible_is_refused),
		RECORD_TEST(a_record_that_is_too_large_is_refused),
		RECORD_TEST(a_record_that_is_no_regular_file_is_refused_at_once),
		RECORD_TEST(a_record_without_read_permission_is_refused_as_such),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
