/* SPDX-License-Identifier: BSD-3-Clause */
/* The hardware signature of a run, and what follows from another environment. */
#include "run/resume.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set(struct record *record, enum environment_line line, const char *value)
{
	assert_int_equal(environment_set(&record->environment, line, "%s", value), 0);
}

/* A machine with two CPUs and one disk. */
static struct record machine(const char *cpus, const char *disks)
{
	struct record record = { .state = VM_HIBERNATED };

	set(&record, ENVIRONMENT_CPUS, cpus);
	set(&record, ENVIRONMENT_DISKS, disks);

	return record;
}

#define DISKS "vda=inode:1 size:512\n"
#define OTHER_DISKS "vda=inode:2 size:512\n"

/* It has run once, and hibernated. */
static struct record hibernated(void)
{
	const struct resume first = { .name = "web" };
	struct record record = machine("2", DISKS);
	struct error differences, error;

	assert_int_equal(resume_settle(&first, &record, &differences, &error), 0);
	assert_string_equal(differences.text, "");

	return record;
}

static bool yes(const void *context)
{
	return true;
}

static bool no(const void *context)
{
	return false;
}

static struct resume with_image(const struct record *last)
{
	return (struct resume){
		.name = "web", .last = last, .may_have_image = true, .reads_signature = no
	};
}

static void a_new_vm_gets_a_signature_that_is_not_zero(void **state)
{
	struct record a = hibernated();
	struct record b = hibernated();

	assert_int_equal(a.signature_count, 1);
	assert_int_not_equal(record_signature(&a), 0);
	/* Equal machines are two all the same. */
	assert_int_not_equal(record_signature(&a), record_signature(&b));
	record_free(&a);
	record_free(&b);
}

static void an_unchanged_environment_keeps_the_signature(void **state)
{
	struct record last = hibernated();
	struct record record = machine("2", DISKS);
	const struct resume resume = with_image(&last);
	struct error differences, error;

	assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
	assert_int_equal(record_signature(&record), record_signature(&last));
	assert_int_equal(record.generation, last.generation);
	assert_string_equal(differences.text, "");
	record_free(&last);
	record_free(&record);
}

#define OTHER_DISK "the disk vda as its guest left it (it is another file)"

static const struct {
	const char *cpus;
	const char *disks;
	const char *phrase;
} changes[] = {
	{ "1", DISKS, "2 CPUs, not 1" },
	{ "2", OTHER_DISKS, OTHER_DISK },
	{ "1", OTHER_DISKS, "2 CPUs, not 1; " OTHER_DISK },
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void a_guest_that_reads_its_signature_is_told_of_a_change(void **state)
{
	for (size_t i = 0; i < CHANGES; i++) {
		struct record last = hibernated();
		struct record record = machine(changes[i].cpus, changes[i].disks);
		struct resume resume = with_image(&last);
		struct error differences, error;

		resume.reads_signature = yes;
		assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
		assert_string_equal(differences.text, changes[i].phrase);
		assert_int_not_equal(record_signature(&record), record_signature(&last));
		assert_int_not_equal(record_signature(&record), 0);
		assert_int_equal(record.signature_count, 2);
		record_free(&last);
		record_free(&record);
	}
}

static void a_guest_that_would_not_notice_a_change_is_refused(void **state)
{
	for (size_t i = 0; i < CHANGES; i++) {
		struct record last = hibernated();
		struct record record = machine(changes[i].cpus, changes[i].disks);
		const struct resume resume = with_image(&last);
		struct error differences, error;

		assert_int_equal(resume_settle(&resume, &record, &differences, &error), -EPERM);
		assert_non_null(strstr(error.text, changes[i].phrase));
		record_free(&last);
		record_free(&record);
	}
}

static void a_refusal_names_the_ways_out(void **state)
{
	struct record last = hibernated();
	struct record record = machine("1", DISKS);
	struct resume resume = with_image(&last);
	struct error differences, error;

	assert_int_equal(resume_settle(&resume, &record, &differences, &error), -EPERM);
	assert_string_equal(error.text,
			    "web is hibernated, and its image needs 2 CPUs, not 1: start it as it "
			    "was, or with --discard, which boots it without its image, or with "
			    "--force and the risk of losing the image");
	resume.died = true;
	assert_int_equal(resume_settle(&resume, &record, &differences, &error), -EPERM);
	assert_non_null(strstr(error.text, "web was killed, perhaps while its guest hibernated, "
					   "whose image then needs 2 CPUs, not 1: "));
	record_free(&last);
	record_free(&record);
}

static void strict_refuses_also_where_the_guest_would_notice(void **state)
{
	struct record last = hibernated();
	struct record record = machine("1", DISKS);
	struct record same = machine("2", DISKS);
	struct resume resume = with_image(&last);
	struct error differences, error;

	resume.reads_signature = yes;
	resume.strict = true;
	assert_int_equal(resume_settle(&resume, &record, &differences, &error), -EPERM);
	assert_non_null(strstr(error.text, "needs 2 CPUs, not 1: start it as it was, or with "
					   "--force"));
	assert_int_equal(resume_settle(&resume, &same, &differences, &error), 0);
	assert_int_equal(record_signature(&same), record_signature(&last));
	/* Where no image waits, nothing can be lost. */
	resume.may_have_image = false;
	assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
	record_free(&last);
	record_free(&record);
	record_free(&same);
}

static void discard_gives_another_signature_whatever_has_changed(void **state)
{
	static const char *const cpus[] = { "2", "1" };

	for (size_t i = 0; i < 2; i++) {
		struct record last = hibernated();
		struct record record = machine(cpus[i], DISKS);
		struct resume resume = with_image(&last);
		struct error differences, error;

		resume.discard = true;
		assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
		assert_string_equal(differences.text, "");
		assert_int_not_equal(record_signature(&record), record_signature(&last));
		record_free(&last);
		record_free(&record);
	}
}

static void force_keeps_the_signature(void **state)
{
	struct record last = hibernated();
	struct record record = machine("1", OTHER_DISKS);
	struct resume resume = with_image(&last);
	struct error differences, error;

	resume.force = true;
	assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
	assert_int_equal(record_signature(&record), record_signature(&last));
	assert_string_equal(differences.text, "");
	record_free(&last);
	record_free(&record);
}

/* An image of which the host has never heard is of no use any more, either. */
static void without_a_known_image_a_change_makes_another_signature_silently(void **state)
{
	struct record last = hibernated();
	struct record record = machine("2", OTHER_DISKS);
	struct resume resume = with_image(&last);
	struct error differences, error;

	resume.may_have_image = false;
	assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
	assert_int_not_equal(record_signature(&record), record_signature(&last));
	assert_string_equal(differences.text, "");
	record_free(&last);
	record_free(&record);
}

/* Earlier dormice gave all guests with ACPI one signature, and recorded none. */
static void an_image_of_an_earlier_dormouse_finds_its_signature(void **state)
{
	struct record last = machine("2", DISKS);
	struct record same = machine("2", DISKS);
	struct record other = machine("1", DISKS);
	struct resume resume = with_image(&last);
	struct error differences, error;

	resume.reads_signature = yes;
	assert_int_equal(resume_settle(&resume, &same, &differences, &error), 0);
	assert_int_equal(same.signature_count, 1);
	assert_int_equal(record_signature(&same), 0x444f524d);
	assert_int_equal(resume_settle(&resume, &other, &differences, &error), 0);
	assert_string_equal(differences.text, "2 CPUs, not 1");
	assert_int_not_equal(record_signature(&other), 0x444f524d);
	record_free(&other);
	other = machine("2", DISKS);
	resume.may_have_image = false;
	assert_int_equal(resume_settle(&resume, &other, &differences, &error), 0);
	assert_int_not_equal(record_signature(&other), 0x444f524d);
	record_free(&last);
	record_free(&same);
	record_free(&other);
}

static void the_kept_signature_is_what_an_unchanged_start_gives(void **state)
{
	struct record last = hibernated();
	struct record earlier = machine("2", DISKS);

	last.config.acpi = true;
	assert_int_equal(resume_kept_signature(&last), record_signature(&last));
	last.config.acpi = false;
	assert_int_equal(resume_kept_signature(&last), 0);
	earlier.config.acpi = true;
	assert_int_equal(resume_kept_signature(&earlier), 0x444f524d);
	record_free(&last);
	record_free(&earlier);
}

/* Back and forth: what an old image wants never comes back. */
static void no_signature_is_given_twice(void **state)
{
	static uint32_t given[2 * RECORD_SIGNATURES_MAX];
	struct record last = hibernated();
	const size_t count = sizeof(given) / sizeof(given[0]);

	for (size_t i = 0; i < count; i++) {
		struct record record = machine(i % 2 ? "2" : "1", DISKS);
		struct resume resume = with_image(&last);
		struct error differences, error;

		given[i] = record_signature(&last);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(given[k], given[i]);
		resume.reads_signature = yes;
		assert_int_equal(resume_settle(&resume, &record, &differences, &error), 0);
		assert_true(record.signature_count <= RECORD_SIGNATURES_MAX);
		record_free(&last);
		last = record;
	}
	record_free(&last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_vm_gets_a_signature_that_is_not_zero),
		cmocka_unit_test(an_unchanged_environment_keeps_the_signature),
		cmocka_unit_test(a_guest_that_reads_its_signature_is_told_of_a_change),
		cmocka_unit_test(a_guest_that_would_not_notice_a_change_is_refused),
		cmocka_unit_test(force_keeps_the_signature),
		cmocka_unit_test(without_a_known_image_a_change_makes_another_signature_silently),
		cmocka_unit_test(an_image_of_an_earlier_dormouse_finds_its_signature),
		cmocka_unit_test(a_refusal_names_the_ways_out),
		cmocka_unit_test(strict_refuses_also_where_the_guest_would_notice),
		cmocka_unit_test(discard_gives_another_signature_whatever_has_changed),
		cmocka_unit_test(the_kept_signature_is_what_an_unchanged_start_gives),
		cmocka_unit_test(no_signature_is_given_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
