/* SPDX-License-Identifier: BSD-3-Clause */
/* SMBIOS tables, against the layouts of DMTF's DSP0134, version 3.0. */
#include "boot/smbios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define RAM 0x40000000ULL
#define MIB (1ULL << 20)
#define TIB (1ULL << 40)

static struct smbios smbios;

static uint64_t value(const uint8_t *at, unsigned int size)
{
	uint64_t sum = 0;

	while (size-- > 0)
		sum = sum << 8 | at[size];

	return sum;
}

/* The structure behind one: behind its texts, which end with two zeros. */
static const uint8_t *next(const uint8_t *at)
{
	const uint8_t *end = smbios.tables + smbios.tables_size;

	for (at += at[1]; at + 1 < end && (at[0] || at[1]); at++) {
	}

	return at + 2;
}

static const uint8_t *find(uint8_t type)
{
	const uint8_t *end = smbios.tables + smbios.tables_size;

	for (const uint8_t *at = smbios.tables; at < end; at = next(at))
		if (at[0] == type)
			return at;
	fail_msg("there is no structure of type %u", type);

	return NULL;
}

/* The text with a number, from 1. */
static const char *text(const uint8_t *structure, uint8_t number)
{
	const char *at = (const char *)structure + structure[1];

	assert_int_not_equal(number, 0);
	while (--number > 0)
		at += strlen(at) + 1;
	assert_int_not_equal(*at, '\0');

	return at;
}

static void the_structures_that_firmware_wants_are_there_once(void **state)
{
	static const uint8_t types[] = { 0, 1, 3, 4, 16, 17, 19, 32, 127 };
	static const uint8_t lengths[] = { 24, 27, 22, 48, 23, 40, 31, 11, 4 };
	const uint8_t *at;

	smbios_make(4, RAM, 512 * MIB, &smbios);
	at = smbios.tables;
	for (size_t i = 0; i < sizeof(types); i++) {
		assert_true(at < smbios.tables + smbios.tables_size);
		assert_int_equal(at[0], types[i]);
		assert_int_equal(at[1], lengths[i]);
		at = next(at);
	}
	assert_ptr_equal(at, smbios.tables + smbios.tables_size);
	/* They have room, whatever the machine: all texts are constants. */
	assert_in_range(smbios.tables_size, 1, sizeof(smbios.tables) - 1);
}

/* systemd compares the beginning of the product's name before the vendor's. */
static void the_product_is_what_programs_detect_kvm_by(void **state)
{
	const uint8_t *system;

	smbios_make(1, RAM, 512 * MIB, &smbios);
	system = find(1);
	assert_string_equal(text(system, system[4]), "Dormouse");
	assert_memory_equal(text(system, system[5]), "KVM", 3);
	/* Extension byte 2, bit 4: it is a virtual machine. */
	assert_true(find(0)[19] & 1U << 4);
}

static void the_anchor_is_that_of_version_3_0(void **state)
{
	uint8_t sum = 0;

	smbios_make(2, RAM, 512 * MIB, &smbios);
	assert_memory_equal(smbios.anchor, "_SM3_", 5);
	assert_int_equal(smbios.anchor[6], 24);
	assert_int_equal(smbios.anchor[7], 3);
	assert_int_equal(smbios.anchor[8], 0);
	assert_int_equal(smbios.anchor[10], 1);
	assert_int_equal(value(smbios.anchor + 12, 4), smbios.tables_size);
	assert_int_equal(value(smbios.anchor + 16, 8), 0);
	for (size_t i = 0; i < sizeof(smbios.anchor); i++)
		sum = (uint8_t)(sum + smbios.anchor[i]);
	assert_int_equal(sum, 0);
}

static void cpus_are_the_cores_of_one_processor(void **state)
{
	const uint8_t *processor;

	smbios_make(123, RAM, 512 * MIB, &smbios);
	processor = find(4);
	for (size_t i = 35; i < 38; i++)
		assert_int_equal(processor[i], 123);
	for (size_t i = 42; i < 48; i += 2)
		assert_int_equal(value(processor + i, 2), 123);
	assert_int_equal(value(processor + 40, 2), 0x101);
}

/* Expect memory of a size in the usual fields, or in the extended ones. */
static void memory_is(uint64_t size, uint32_t array, uint16_t device, uint32_t extended,
		      uint32_t begin)
{
	const uint8_t *at;

	smbios_make(1, RAM, size, &smbios);
	at = find(16);
	assert_int_equal(value(at + 7, 4), array);
	assert_int_equal(value(at + 15, 8), array == 0x80000000 ? size : 0);
	at = find(17);
	assert_int_equal(value(at + 12, 2), device);
	assert_int_equal(value(at + 28, 4), extended);
	at = find(19);
	assert_int_equal(value(at + 4, 4), begin);
	if (begin == UINT32_MAX) {
		assert_int_equal(value(at + 15, 8), RAM);
		assert_int_equal(value(at + 23, 8), RAM + size - 1);
	} else {
		assert_int_equal(value(at + 8, 4), (RAM + size - 1) >> 10);
		assert_int_equal(value(at + 15, 8), 0);
	}
}

static void memory_of_any_size_is_in_the_fields_that_can_hold_it(void **state)
{
	memory_is(64 * MIB, 64 << 10, 64, 0, RAM >> 10);
	memory_is(32766 * MIB, 32766 << 10, 32766, 0, RAM >> 10);
	memory_is(32768 * MIB, 32768 << 10, 0x7fff, 32768, RAM >> 10);
	memory_is(2 * TIB, 0x80000000, 0x7fff, 2 << 20, RAM >> 10);
	memory_is(4 * TIB, 0x80000000, 0x7fff, 4 << 20, UINT32_MAX);
	memory_is(64 * TIB, 0x80000000, 0x7fff, 64 << 20, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_structures_that_firmware_wants_are_there_once),
		cmocka_unit_test(the_product_is_what_programs_detect_kvm_by),
		cmocka_unit_test(the_anchor_is_that_of_version_3_0),
		cmocka_unit_test(cpus_are_the_cores_of_one_processor),
		cmocka_unit_test(memory_of_any_size_is_in_the_fields_that_can_hold_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
