/* SPDX-License-Identifier: BSD-3-Clause */
/* A request to the guest, in a record and in words. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define SINCE 1795000000

static struct request example(enum request_outcome outcome)
{
	struct request request = {
		.what = REQUEST_HIBERNATE,
		.way = REQUEST_WAY_BUTTON,
		.otherwise = REQUEST_ELSE_SAVE,
		.timeout = 60,
		.since = SINCE,
		.outcome = outcome,
	};

	if (outcome != REQUEST_WAITING)
		request.until = SINCE + 30;
	if (outcome == REQUEST_LEFT || outcome == REQUEST_REPLACED_BY_ELSE)
		snprintf(request.reason, sizeof(request.reason), "it rains, /tmp/\xff");

	return request;
}

static void is_kept(const struct request *request)
{
	struct record record = record_example();
	struct record loaded;

	record.request = *request;
	record_must_save(record_dir_fd, &record);
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.request.what, request->what);
	assert_int_equal(loaded.request.way, request->way);
	assert_int_equal(loaded.request.otherwise, request->otherwise);
	assert_int_equal(loaded.request.timeout, request->timeout);
	assert_int_equal(loaded.request.since, request->since);
	assert_int_equal(loaded.request.outcome, request->outcome);
	assert_int_equal(loaded.request.until, request->until);
	assert_string_equal(loaded.request.reason, request->reason);
	record_free(&loaded);
	record_free(&record);
}

static void a_request_and_its_absence_are_kept(void **state)
{
	const struct request none = { 0 };

	is_kept(&none);
	for (int outcome = 0; outcome < REQUEST_OUTCOME_COUNT; outcome++) {
		struct request request = example((enum request_outcome)outcome);

		for (int what = REQUEST_SUSPEND; what < REQUEST_WHAT_COUNT; what++) {
			request.what = (enum request_what)what;
			is_kept(&request);
		}
		for (int way = 0; way < REQUEST_WAY_COUNT; way++) {
			request.way = (enum request_way)way;
			is_kept(&request);
		}
		for (int otherwise = 0; otherwise < REQUEST_ELSE_COUNT; otherwise++) {
			request.otherwise = (enum request_else)otherwise;
			is_kept(&request);
		}
	}
}

static void a_request_that_is_damaged_is_refused(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} damages[] = {
		{ "request", "null" },
		{ "request", "{}" },
		{ "request.what", "\"nothing\"" },
		{ "request.what", "\"fly\"" },
		{ "request.what", NULL },
		{ "request.way", "\"post\"" },
		{ "request.else", "1" },
		{ "request.else", "\"wait\"" },
		{ "request.timeout", "-1" },
		{ "request.timeout", "4294967296" },
		{ "request.since", "\"yesterday\"" },
		{ "request.outcome", "\"perhaps\"" },
		{ "request.outcome", "\"waiting\"" },
		{ "request.until", NULL },
		{ "request.until", "\"tomorrow\"" },
		{ "request.reason", "1" },
	};
	struct record record = record_example();

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		record.request = example(REQUEST_LEFT);
		record_must_save(record_dir_fd, &record);
		record_damage(record_dir_fd, damages[i].path, damages[i].value);
		record_refused(record_dir_fd, -EINVAL, "a value is missing or outside its range");
	}
	record_free(&record);
}

static void a_reason_that_is_too_long_is_refused(void **state)
{
	struct record record = record_example();
	char reason[REQUEST_REASON_SIZE + 3];

	record.request = example(REQUEST_LEFT);
	memset(record.request.reason, 'a', REQUEST_REASON_SIZE - 1);
	is_kept(&record.request);
	record_must_save(record_dir_fd, &record);
	memset(reason, 'a', sizeof(reason));
	reason[0] = reason[sizeof(reason) - 2] = '"';
	reason[sizeof(reason) - 1] = '\0';
	record_damage(record_dir_fd, "request.reason", reason);
	record_refused(record_dir_fd, -EINVAL, "a value is missing or outside its range");
	record_free(&record);
}

static void status_says_how_it_was_asked_and_what_followed(void **state)
{
	struct request request = example(REQUEST_WAITING);
	char text[REQUEST_TEXT_SIZE];

	request_format(&request, text);
	assert_string_equal(text, "hibernate, by its sleep button, at 2026-11-18T11:06:40Z: it has "
				  "60 seconds for it; else: save");
	request = example(REQUEST_DONE);
	request.what = REQUEST_POWEROFF;
	request_format(&request, text);
	assert_string_equal(text, "power off, by its power button, at 2026-11-18T11:06:40Z: done, "
				  "at 2026-11-18T11:07:10Z");
	request.what = REQUEST_SUSPEND;
	request.way = REQUEST_WAY_NONE;
	request_format(&request, text);
	assert_string_equal(text,
			    "suspend, at 2026-11-18T11:06:40Z: done, at 2026-11-18T11:07:10Z");
	request = example(REQUEST_LEFT);
	request.way = REQUEST_WAY_AGENT;
	request_format(&request, text);
	assert_string_equal(text, "hibernate, by its agent, at 2026-11-18T11:06:40Z: not done, at "
				  "2026-11-18T11:07:10Z: it rains, /tmp/\xff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_request_and_its_absence_are_kept),
		RECORD_TEST(a_request_that_is_damaged_is_refused),
		RECORD_TEST(a_reason_that_is_too_long_is_refused),
		RECORD_TEST(status_says_how_it_was_asked_and_what_followed),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
