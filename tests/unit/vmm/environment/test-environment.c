/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine's environment: its signature, and what its comparison reports. */
#include "environment/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Its inode, time and generation. */
#define DISK "inode:%s size:4096 written:%s generation:%s access:writable path:/srv/a b"

#define GENERATION 0x0123456789abcdefULL

/* Every line has a value. */
static struct environment example(void)
{
	struct environment e = { 0 };

	assert_int_equal(environment_set(&e, ENVIRONMENT_MACHINE_VERSION, "%u", 2), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_CPUS, "%u", 4), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_MPIDRS, "0x0 0x1 0x2 0x3"), 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_ID_REGISTERS, "MIDR_EL1", "0x414fd0b1"),
			 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_ID_REGISTERS, "CTR_EL0", "0x8444c004"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_COUNTER_FREQUENCY, "62500000"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_MEMORY, "512"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_TABLES, "device tree and ACPI"), 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_DEVICES, "0xa003e00", "virtio-blk 0x244"),
			 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_PSCI, "1.3 by libpsci"), 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_SMCCC, "0x6030000000140001", "0x2"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_IDLE_STATES, "none"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_KERNEL, "39198656 1f2e3d4c5b6a7988"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_INITRD, "2070528 8877665544332211"), 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_COMMAND_LINE, "size:15 hash:1"), 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_DISKS, "vda", DISK, "13", "5.0", "ab"), 0);
	assert_int_equal(environment_add(&e, ENVIRONMENT_DISKS, "vdb", DISK, "14", "5.5", "none"),
			 0);
	assert_int_equal(environment_set(&e, ENVIRONMENT_VARIABLES, "hash:1"), 0);

	return e;
}

#define VDA "vda=inode:13 size:4096 written:5.0 generation:ab access:writable path:/srv/a b\n"

/* The example with another value of one line, and what its comparison says. */
static const struct {
	enum environment_line line;
	const char *value;
	const char *phrase;
} others[] = {
	{ ENVIRONMENT_MACHINE_VERSION, "1", "machine version 2, not 1" },
	{ ENVIRONMENT_CPUS, "2", "4 CPUs, not 2" },
	{ ENVIRONMENT_MPIDRS, "0x0 0x100", "CPUs whose MPIDRs are 0x0 0x1 0x2 0x3, not 0x0 0x100" },
	{ ENVIRONMENT_ID_REGISTERS, "MIDR_EL1=0x414fd0b1\nCTR_EL0=0x84448004\n",
	  "CPUs whose CTR_EL0 is 0x8444c004, not 0x84448004" },
	{ ENVIRONMENT_ID_REGISTERS, "MIDR_EL1=0x414fd0b1\n",
	  "CPUs whose CTR_EL0 is 0x8444c004, not none" },
	{ ENVIRONMENT_ID_REGISTERS, "MIDR_EL1=0x414fd0b1\nCTR_EL0=0x8444c004\nREVIDR_EL1=0x0\n",
	  "CPUs whose REVIDR_EL1 is none, not 0x0" },
	{ ENVIRONMENT_COUNTER_FREQUENCY, "1000000000", "a counter of 62500000 Hz, not 1000000000" },
	{ ENVIRONMENT_MEMORY, "1024", "512 MiB of memory, not 1024" },
	{ ENVIRONMENT_TABLES, "device tree", "device tree and ACPI, not device tree" },
	{ ENVIRONMENT_DEVICES, "0xa003e00=virtio-blk 0x204\n",
	  "at 0xa003e00 the device virtio-blk 0x244, not virtio-blk 0x204" },
	{ ENVIRONMENT_PSCI, "1.1 by KVM", "PSCI 1.3 by libpsci, not 1.1 by KVM" },
	{ ENVIRONMENT_SMCCC, "0x6030000000140001=0x1\n",
	  "KVM's firmware register 0x6030000000140001 as 0x2, not 0x1" },
	{ ENVIRONMENT_IDLE_STATES, "of CPUs", "idle states: none, not of CPUs" },
	{ ENVIRONMENT_KERNEL, "39198656 0", "the kernel that it had" },
	{ ENVIRONMENT_INITRD, "2070528 0", "the initrd that it had" },
	{ ENVIRONMENT_COMMAND_LINE, "size:15 hash:2", "the command line that it had" },
	{ ENVIRONMENT_DISKS, VDA, "a disk vdb" },
	{ ENVIRONMENT_VARIABLES, "hash:2", "its firmware's variables as its guest left them" },
};

#define OTHERS (sizeof(others) / sizeof(others[0]))

static struct environment other(size_t i)
{
	struct environment e = example();

	assert_int_equal(environment_set(&e, others[i].line, "%s", others[i].value), 0);

	return e;
}

static void a_difference_is_reported_by_what_the_guest_needs(void **state)
{
	struct environment before = example();

	for (size_t i = 0; i < OTHERS; i++) {
		struct environment after = other(i);
		struct error phrase;

		assert_true(environment_differs(&before, &after, others[i].line, &phrase));
		assert_string_equal(phrase.text, others[i].phrase);
		assert_int_equal(environment_compare(&before, &after, &phrase), 1);
		assert_string_equal(phrase.text, others[i].phrase);
		environment_free(&after);
	}
	environment_free(&before);
}

static void the_phrase_for_one_cpu_is_singular(void **state)
{
	struct environment before = example();
	struct environment after = example();
	struct error phrase;

	assert_int_equal(environment_set(&before, ENVIRONMENT_CPUS, "1"), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 1);
	assert_string_equal(phrase.text, "1 CPU, not 4");
	environment_free(&before);
	environment_free(&after);
}

static void every_line_has_a_key_of_its_own(void **state)
{
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++) {
		size_t seen = 0;

		assert_non_null(environment_key(i));
		for (enum environment_line k = 0; k < ENVIRONMENT_LINES; k++)
			seen += strcmp(environment_key(i), environment_key(k)) == 0;
		assert_int_equal(seen, 1);
	}
}

static void every_line_can_differ(void **state)
{
	bool seen[ENVIRONMENT_LINES] = { false };

	for (size_t i = 0; i < OTHERS; i++)
		seen[others[i].line] = true;
	for (enum environment_line i = 0; i < ENVIRONMENT_LINES; i++)
		assert_true(seen[i]);
}

static void a_line_that_one_of_both_does_not_know_is_no_difference(void **state)
{
	struct environment nothing = { 0 };
	struct environment e = example();
	struct error phrase;

	assert_int_equal(environment_compare(&e, &nothing, &phrase), 0);
	assert_int_equal(environment_compare(&nothing, &e, &phrase), 0);
	assert_string_equal(phrase.text, "");
	environment_free(&e);
}

static void many_differences_are_counted(void **state)
{
	struct environment before = example();
	struct environment after = example();
	struct error phrase;

	assert_int_equal(environment_set(&after, ENVIRONMENT_CPUS, "1"), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_MEMORY, "64"), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 2);
	assert_string_equal(phrase.text, "4 CPUs, not 1; 512 MiB of memory, not 64");
	assert_int_equal(environment_set(&after, ENVIRONMENT_PSCI, "1.0"), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_KERNEL, "0"), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_INITRD, "0"), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_COMMAND_LINE, "0"), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 6);
	assert_string_equal(phrase.text, "4 CPUs, not 1; 512 MiB of memory, not 64; "
					 "PSCI 1.3 by libpsci, not 1.0; the kernel that it had; "
					 "and 2 more");
	environment_free(&before);
	environment_free(&after);
}

static void a_difference_that_follows_from_another_is_not_named_beside_it(void **state)
{
	struct environment before = example();
	struct environment after = example();
	struct error phrase;

	assert_int_equal(environment_set(&after, ENVIRONMENT_MPIDRS, "0x0"), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 1);
	assert_int_equal(environment_set(&after, ENVIRONMENT_CPUS, "1"), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_DEVICES, "%s", ""), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_DISKS, "%s", ""), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 2);
	assert_string_equal(phrase.text, "4 CPUs, not 1; a disk vda");
	environment_free(&before);
	environment_free(&after);
}

static void long_values_are_cut(void **state)
{
	static char text[4096];
	struct environment before = example();
	struct environment after = example();
	struct error phrase;

	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(environment_set(&before, ENVIRONMENT_PSCI, "%s", text), 0);
	assert_int_equal(environment_set(&before, ENVIRONMENT_IDLE_STATES, "%s", text), 0);
	assert_int_equal(environment_set(&after, ENVIRONMENT_KERNEL, "0"), 0);
	assert_int_equal(environment_compare(&before, &after, &phrase), 3);
	/* So that the sentence around it has room. */
	assert_in_range(strlen(phrase.text), 200, 400);
	assert_non_null(strstr(phrase.text, "xxx...; idle states: xxx"));
	assert_non_null(strstr(phrase.text, "xxx...; the kernel that it had"));
	environment_free(&before);
	environment_free(&after);
}

/* --- values in records --- */

static void values_that_cannot_be_are_found(void **state)
{
	static const struct {
		enum environment_line line;
		const char *value;
		bool valid;
	} values[] = {
		{ ENVIRONMENT_CPUS, "1", true },
		{ ENVIRONMENT_CPUS, "9223372036854775807", true },
		{ ENVIRONMENT_CPUS, "", false },
		{ ENVIRONMENT_CPUS, "0", false },
		{ ENVIRONMENT_CPUS, "-1", false },
		{ ENVIRONMENT_CPUS, "4 ", false },
		{ ENVIRONMENT_CPUS, "0x4", false },
		{ ENVIRONMENT_CPUS, "10000000000000000000", false },
		{ ENVIRONMENT_PSCI, "", true },
		{ ENVIRONMENT_SMCCC, "", true },
		{ ENVIRONMENT_SMCCC, "A=1\nB=\n", true },
		{ ENVIRONMENT_SMCCC, "A=1\nB=2", false },
		{ ENVIRONMENT_SMCCC, "A=1\nB\n", false },
		{ ENVIRONMENT_SMCCC, "=1\n", false },
		{ ENVIRONMENT_DISKS, "vda\nvdb=1\n", false },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(environment_is_valid(values[i].line, values[i].value),
				 values[i].valid);
}

static void equal_environments_have_one_signature(void **state)
{
	struct environment a = example();
	struct environment b;

	assert_int_equal(environment_copy(&b, &a), 0);
	assert_int_equal(environment_signature(&a, GENERATION),
			 environment_signature(&b, GENERATION));
	/* It is a promise to guests that hibernated under an earlier dormouse. */
	assert_int_equal(environment_signature(&a, GENERATION), 0xf8a32953);
	environment_free(&a);
	environment_free(&b);
}

static void each_constant_and_the_generation_make_another_signature(void **state)
{
	struct environment before = example();
	const uint32_t signature = environment_signature(&before, GENERATION);

	for (size_t i = 0; i < OTHERS; i++) {
		struct environment after = other(i);

		if (environment_kind(others[i].line) == ENVIRONMENT_CONSTANT)
			assert_int_not_equal(environment_signature(&after, GENERATION), signature);
		else
			assert_int_equal(environment_signature(&after, GENERATION), signature);
		environment_free(&after);
	}
	for (unsigned int bit = 0; bit < 64; bit++)
		assert_int_not_equal(environment_signature(&before, GENERATION ^ 1ULL << bit),
				     signature);
	environment_free(&before);
}

static void text_that_moves_to_the_next_line_makes_another_signature(void **state)
{
	struct environment a = example();
	struct environment b = example();

	assert_int_equal(environment_set(&a, ENVIRONMENT_KERNEL, "12"), 0);
	assert_int_equal(environment_set(&a, ENVIRONMENT_INITRD, "3"), 0);
	assert_int_equal(environment_set(&b, ENVIRONMENT_KERNEL, "1"), 0);
	assert_int_equal(environment_set(&b, ENVIRONMENT_INITRD, "23"), 0);
	assert_int_not_equal(environment_signature(&a, 0), environment_signature(&b, 0));
	environment_free(&a);
	environment_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_difference_is_reported_by_what_the_guest_needs),
		cmocka_unit_test(the_phrase_for_one_cpu_is_singular),
		cmocka_unit_test(every_line_has_a_key_of_its_own),
		cmocka_unit_test(every_line_can_differ),
		cmocka_unit_test(a_line_that_one_of_both_does_not_know_is_no_difference),
		cmocka_unit_test(many_differences_are_counted),
		cmocka_unit_test(a_difference_that_follows_from_another_is_not_named_beside_it),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(values_that_cannot_be_are_found),
		cmocka_unit_test(equal_environments_have_one_signature),
		cmocka_unit_test(each_constant_and_the_generation_make_another_signature),
		cmocka_unit_test(text_that_moves_to_the_next_line_makes_another_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
