/* SPDX-License-Identifier: BSD-3-Clause */
/* The power states of a VM, what leads from one to another, and their words. */
#include "record/lifecycle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time-text.h"
#include "record/cause.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Every way there is; no other exists. */
static const struct {
	enum vm_state from;
	enum vm_trigger trigger;
	enum vm_state to;
} ways[] = {
	/* A VM that does not run, for whatever reason, can be started and nothing else. */
	{ VM_OFF, VM_TRIGGER_START, VM_RUNNING },
	{ VM_HIBERNATED, VM_TRIGGER_START, VM_RUNNING },
	{ VM_CRASHED, VM_TRIGGER_START, VM_RUNNING },
	{ VM_SAVED, VM_TRIGGER_START, VM_RUNNING },
	/* Or it is restored, from a file that it may not know of. */
	{ VM_OFF, VM_TRIGGER_RESTORE, VM_SUSPENDED },
	{ VM_HIBERNATED, VM_TRIGGER_RESTORE, VM_SUSPENDED },
	{ VM_CRASHED, VM_TRIGGER_RESTORE, VM_SUSPENDED },
	{ VM_SAVED, VM_TRIGGER_RESTORE, VM_SUSPENDED },
	/* One that runs can do anything but start. */
	{ VM_RUNNING, VM_TRIGGER_SUSPEND, VM_SUSPENDED },
	{ VM_RUNNING, VM_TRIGGER_OFF, VM_OFF },
	{ VM_RUNNING, VM_TRIGGER_HIBERNATE, VM_HIBERNATED },
	{ VM_RUNNING, VM_TRIGGER_RESET, VM_RESETTING },
	{ VM_RUNNING, VM_TRIGGER_HOST_QUIT, VM_OFF },
	{ VM_RUNNING, VM_TRIGGER_CRASH, VM_CRASHED },
	{ VM_RUNNING, VM_TRIGGER_PANIC, VM_RUNNING },
	{ VM_RUNNING, VM_TRIGGER_LAST_PANIC, VM_CRASHED },
	/* One that is suspended requests nothing; any other trigger may occur. */
	{ VM_SUSPENDED, VM_TRIGGER_WAKE, VM_RUNNING },
	{ VM_SUSPENDED, VM_TRIGGER_RESET, VM_RESETTING },
	{ VM_SUSPENDED, VM_TRIGGER_HOST_QUIT, VM_OFF },
	{ VM_SUSPENDED, VM_TRIGGER_CRASH, VM_CRASHED },
	{ VM_SUSPENDED, VM_TRIGGER_SAVE, VM_SAVED },
	/* Between two power cycles there is no guest to request anything. */
	{ VM_RESETTING, VM_TRIGGER_START, VM_RUNNING },
	{ VM_RESETTING, VM_TRIGGER_HOST_QUIT, VM_OFF },
	{ VM_RESETTING, VM_TRIGGER_CRASH, VM_CRASHED },
};

static int expected(enum vm_state from, enum vm_trigger trigger)
{
	for (size_t i = 0; i < COUNT(ways); i++) {
		if (ways[i].from == from && ways[i].trigger == trigger)
			return (int)ways[i].to;
	}

	return -1;
}

static void each_trigger_leads_to_its_state_or_is_refused(void **state)
{
	for (int from = 0; from < VM_STATE_COUNT; from++) {
		for (int trigger = 0; trigger < VM_TRIGGER_COUNT; trigger++) {
			const int want = expected((enum vm_state)from, (enum vm_trigger)trigger);
			enum vm_state to = VM_STATE_COUNT;
			const int ret =
				lifecycle_next((enum vm_state)from, (enum vm_trigger)trigger, &to);

			assert_int_equal(ret, want < 0 ? -EINVAL : 0);
			assert_int_equal(to, want < 0 ? VM_STATE_COUNT : want);
		}
	}
}

static void the_states_have_their_documented_words(void **state)
{
	static const char *const words[] = {
		[VM_OFF] = "off",
		[VM_RUNNING] = "running",
		[VM_SUSPENDED] = "suspended",
		[VM_HIBERNATED] = "hibernated",
		[VM_SAVED] = "saved",
		[VM_RESETTING] = "resetting",
		[VM_CRASHED] = "crashed",
	};

	assert_int_equal(COUNT(words), VM_STATE_COUNT);
	for (int i = 0; i < VM_STATE_COUNT; i++) {
		enum vm_state found = VM_STATE_COUNT;

		assert_string_equal(lifecycle_state_word((enum vm_state)i), words[i]);
		assert_int_equal(lifecycle_parse_state(words[i], &found), 0);
		assert_int_equal(found, i);
	}
}

static void the_triggers_have_their_documented_words(void **state)
{
	static const char *const words[] = {
		[VM_TRIGGER_START] = "start",	      [VM_TRIGGER_SUSPEND] = "suspend",
		[VM_TRIGGER_WAKE] = "wake",	      [VM_TRIGGER_OFF] = "off",
		[VM_TRIGGER_HIBERNATE] = "hibernate", [VM_TRIGGER_RESET] = "reset",
		[VM_TRIGGER_HOST_QUIT] = "quit",      [VM_TRIGGER_CRASH] = "crash",
		[VM_TRIGGER_SAVE] = "save",	      [VM_TRIGGER_RESTORE] = "restore",
		[VM_TRIGGER_PANIC] = "panic",	      [VM_TRIGGER_LAST_PANIC] = "last-panic",
	};

	assert_int_equal(COUNT(words), VM_TRIGGER_COUNT);
	for (int i = 0; i < VM_TRIGGER_COUNT; i++) {
		enum vm_trigger found = VM_TRIGGER_COUNT;

		assert_string_equal(lifecycle_trigger_word((enum vm_trigger)i), words[i]);
		assert_int_equal(lifecycle_parse_trigger(words[i], &found), 0);
		assert_int_equal(found, i);
	}
}

static void an_unknown_word_for_a_state_or_trigger_is_refused(void **state)
{
	static const char *const words[] = { "", "Off", "off ", " off", "of", "asleep", "1" };
	enum vm_state vm_state = VM_STATE_COUNT;
	enum vm_trigger trigger = VM_TRIGGER_COUNT;

	for (size_t i = 0; i < COUNT(words); i++) {
		assert_int_equal(lifecycle_parse_state(words[i], &vm_state), -EINVAL);
		assert_int_equal(lifecycle_parse_trigger(words[i], &trigger), -EINVAL);
	}
	/* No word is used for two of them. */
	assert_int_equal(lifecycle_parse_state("hibernate", &vm_state), -EINVAL);
	assert_int_equal(lifecycle_parse_trigger("hibernated", &trigger), -EINVAL);
	assert_int_equal(vm_state, VM_STATE_COUNT);
	assert_int_equal(trigger, VM_TRIGGER_COUNT);
}

static void the_exit_status_says_how_the_guest_ended(void **state)
{
	assert_int_equal(lifecycle_exit_status(VM_OFF, VM_TRIGGER_OFF), 0);
	assert_int_equal(lifecycle_exit_status(VM_HIBERNATED, VM_TRIGGER_HIBERNATE), 3);
	assert_int_equal(lifecycle_exit_status(VM_CRASHED, VM_TRIGGER_CRASH), 4);
	assert_int_equal(lifecycle_exit_status(VM_OFF, VM_TRIGGER_HOST_QUIT), 5);
	assert_int_equal(lifecycle_exit_status(VM_OFF, VM_TRIGGER_RESET), 6);
	assert_int_equal(lifecycle_exit_status(VM_SAVED, VM_TRIGGER_SAVE), 7);
	assert_int_equal(lifecycle_exit_status(VM_CRASHED, VM_TRIGGER_LAST_PANIC), 8);
	/* Its disks could not be flushed. */
	assert_int_equal(lifecycle_exit_status(VM_CRASHED, VM_TRIGGER_OFF), 4);
	assert_int_equal(lifecycle_exit_status(VM_CRASHED, VM_TRIGGER_HOST_QUIT), 4);
	/* No run ends in these. */
	assert_int_equal(lifecycle_exit_status(VM_RUNNING, VM_TRIGGER_START), 1);
	assert_int_equal(lifecycle_exit_status(VM_RESETTING, VM_TRIGGER_RESET), 1);
}

/* The table of docs/design.md: trigger, where from and to, what reports it, exit status. */
static void the_table_of_transitions_equals_the_documented_one(void **state)
{
	FILE *file = fopen("docs/design.md", "r");
	char text[1 << 17];
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	(void)fclose(file);
	for (int i = 0; i < VM_TRIGGER_COUNT; i++) {
		const enum vm_trigger trigger = (enum vm_trigger)i;
		const enum vm_report report = lifecycle_report(trigger);
		enum vm_state to = VM_STATE_COUNT;
		char from[128] = "";
		size_t used = 0;
		char row[256];
		char status[16] = "";
		int exit_status;

		for (int j = 0; j < VM_STATE_COUNT; j++) {
			if (lifecycle_next((enum vm_state)j, trigger, &to) < 0)
				continue;
			used += (size_t)snprintf(from + used, sizeof(from) - used, "%s%s",
						 used ? ", " : "",
						 lifecycle_state_word((enum vm_state)j));
		}
		exit_status = lifecycle_exit_status(VM_OFF, trigger);
		if (trigger == VM_TRIGGER_CRASH)
			exit_status = lifecycle_exit_status(VM_CRASHED, trigger);
		if (exit_status != EXIT_STATUS_TROUBLE)
			snprintf(status, sizeof(status), " %d", exit_status);
		snprintf(row, sizeof(row), "| %s | %s | %s |%s%s |%s |\n",
			 lifecycle_trigger_word(trigger), from, lifecycle_state_word(to),
			 report == VM_REPORT_NONE ? "" : " ", lifecycle_report_word(report),
			 status);
		if (!strstr(text, row))
			fail_msg("docs/design.md has no row %s", row);
	}
}

/* Only a guest that has not run since it was saved may continue from its file. */
static void a_saved_file_may_be_restored_while_its_guest_has_not_run_since(void **state)
{
	for (int i = 0; i < VM_STATE_COUNT; i++) {
		for (int died = 0; died < 2; died++) {
			assert_int_equal(lifecycle_awaits_restore((enum vm_state)i, died, true),
					 i == VM_SAVED || (i == VM_SUSPENDED && died));
			assert_false(lifecycle_awaits_restore((enum vm_state)i, died, false));
		}
	}
}

/* A signal that arrives as the guest reports that its image is complete. */
static void an_off_or_hibernation_by_the_guest_outranks_a_quit(void **state)
{
	for (int i = 0; i < VM_TRIGGER_COUNT; i++) {
		for (int j = 0; j < VM_TRIGGER_COUNT; j++) {
			const struct cause first = { .trigger = (enum vm_trigger)i };
			const struct cause later = { .trigger = (enum vm_trigger)j };
			const bool right = i == VM_TRIGGER_HOST_QUIT &&
					   (j == VM_TRIGGER_OFF || j == VM_TRIGGER_HIBERNATE);

			assert_int_equal(cause_outranks(&later, &first), right);
		}
	}
}

static void a_new_cause_has_no_arguments_and_the_present_time(void **state)
{
	struct cause cause;
	const time_t before = time(NULL);

	memset(&cause, 0x5a, sizeof(cause));
	cause_set(&cause, VM_TRIGGER_OFF, 7, "SYSTEM_OFF");
	assert_int_equal(cause.trigger, VM_TRIGGER_OFF);
	assert_string_equal(cause.what, "SYSTEM_OFF");
	assert_int_equal(cause.vcpu, 7);
	assert_false(cause.type_known);
	assert_int_equal(cause.type, 0);
	assert_int_equal(cause.cookie, 0);
	assert_false(cause.warm);
	assert_true(cause.when >= before && cause.when <= time(NULL));
}

static void words_of_a_cause_that_are_too_long_are_cut_off_between_characters(void **state)
{
	static const char *const characters[] = { "x", "\u00e9", "\u20ac", "\U0001f400" };
	struct cause cause;
	char what[400];

	for (size_t c = 0; c < COUNT(characters); c++) {
		const size_t size = strlen(characters[c]);

		/* So that the cut meets each byte of a character. */
		for (size_t shift = 0; shift < size; shift++) {
			size_t length = shift;

			memset(what, '-', shift);
			while (length + size < sizeof(what)) {
				memcpy(what + length, characters[c], size);
				length += size;
			}
			what[length] = '\0';
			cause_set(&cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, what);
			length = strlen(cause.what);
			assert_in_range(length, sizeof(cause.what) - size, sizeof(cause.what) - 1);
			assert_memory_equal(cause.what, what, length);
			assert_int_equal((length - shift) % size, 0);
		}
	}
}

static void words_of_a_cause_that_just_fit_are_kept(void **state)
{
	struct cause cause;
	char what[sizeof(cause.what)];

	memset(what, 'x', sizeof(what) - 1);
	what[sizeof(what) - 1] = '\0';
	memcpy(what + sizeof(what) - 3, "\u00e9", 2);
	cause_set(&cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, what);
	assert_string_equal(cause.what, what);
}

static void a_cause_is_described_in_words(void **state)
{
	static const struct {
		struct cause cause;
		const char *text;
	} cases[] = {
		{ { .what = "SYSTEM_OFF", .vcpu = 1 }, "SYSTEM_OFF, from vCPU 1" },
		{ { .what = "SYSTEM_OFF2", .vcpu = 0, .type_known = true },
		  "SYSTEM_OFF2, type 0, from vCPU 0" },
		{ { .what = "SYSTEM_OFF2", .vcpu = 122, .type_known = true, .type = 1 },
		  "SYSTEM_OFF2, type 0x1, from vCPU 122" },
		{ { .what = "SYSTEM_RESET2",
		    .vcpu = 2,
		    .type_known = true,
		    .type = 0x80000001,
		    .cookie = 0xfedcba9876543210 },
		  "SYSTEM_RESET2, type 0x80000001, cookie 0xfedcba9876543210, from vCPU 2" },
		/* A cause that is not known is not printed, whatever its other fields have. */
		{ { .what = "SYSTEM_OFF2", .vcpu = 0, .type = 1, .cookie = 2 },
		  "SYSTEM_OFF2, from vCPU 0" },
		{ { .what = "SIGTERM", .vcpu = CAUSE_VCPU_NONE }, "SIGTERM" },
		{ { .what = "", .vcpu = CAUSE_VCPU_NONE }, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[CAUSE_TEXT_SIZE];

		cause_format(&cases[i].cause, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void the_longest_cause_is_described_completely(void **state)
{
	static const char rest[] =
		", type 0xffffffff, cookie 0xffffffffffffffff, from vCPU 2147483647";
	struct cause cause = {
		.vcpu = 2147483647, .type_known = true, .type = UINT32_MAX, .cookie = UINT64_MAX
	};
	char text[CAUSE_TEXT_SIZE];

	memset(cause.what, 'x', sizeof(cause.what) - 1);
	cause_format(&cause, text);
	assert_string_equal(text + sizeof(cause.what) - 1, rest);
}

static void a_time_is_formatted_as_rfc_3339_and_parsed_back(void **state)
{
	static const struct {
		time_t when;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 1795248844, "2026-11-21T08:14:04Z" },
		{ 2147483648, "2038-01-19T03:14:08Z" },
		{ 253402300799, "9999-12-31T23:59:59Z" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[TIME_TEXT_SIZE];
		time_t when = -1;

		time_format(cases[i].when, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(time_parse(text, &when), 0);
		assert_int_equal(when, cases[i].when);
	}
}

static void a_time_that_is_not_rfc_3339_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"now",
		"2026-11-21",
		"2026-11-21T08:14:04",
		"2026-11-21T08:14:04z",
		"2026-11-21T08:14:04Z ",
		" 2026-11-21T08:14:04Z",
		"2026-11-21 08:14:04Z",
		"2026-11-21T08:14:04+00:00",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"2025-02-29T00:00:00Z",
		"2026-11-21T24:00:00Z",
		"2026-11-21T08:60:00Z",
		"2026-11-21T08:14:60Z",
		"2026-1-2T3:4:5Z",
		"10000-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		time_t when = -7;

		if (time_parse(cases[i], &when) != -EINVAL)
			fail_msg("\"%s\" was taken for %lld", cases[i], (long long)when);
		assert_int_equal(when, -7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trigger_leads_to_its_state_or_is_refused),
		cmocka_unit_test(the_states_have_their_documented_words),
		cmocka_unit_test(the_triggers_have_their_documented_words),
		cmocka_unit_test(an_unknown_word_for_a_state_or_trigger_is_refused),
		cmocka_unit_test(the_exit_status_says_how_the_guest_ended),
		cmocka_unit_test(the_table_of_transitions_equals_the_documented_one),
		cmocka_unit_test(a_saved_file_may_be_restored_while_its_guest_has_not_run_since),
		cmocka_unit_test(an_off_or_hibernation_by_the_guest_outranks_a_quit),
		cmocka_unit_test(a_new_cause_has_no_arguments_and_the_present_time),
		cmocka_unit_test(words_of_a_cause_that_are_too_long_are_cut_off_between_characters),
		cmocka_unit_test(words_of_a_cause_that_just_fit_are_kept),
		cmocka_unit_test(a_cause_is_described_in_words),
		cmocka_unit_test(the_longest_cause_is_described_completely),
		cmocka_unit_test(a_time_is_formatted_as_rfc_3339_and_parsed_back),
		cmocka_unit_test(a_time_that_is_not_rfc_3339_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
