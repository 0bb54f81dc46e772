/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's RAM: its contents, and that no more is in it. */
#include "board/memory.h"
#include "support/smaps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE (1ULL << 20)
#define END (MEMORY_BASE + SIZE)

static void a_range_counts_as_ram_only_if_all_of_it_is(void **state)
{
	static const struct {
		uint64_t address;
		uint64_t size;
		bool is_ram;
	} cases[] = {
		{ MEMORY_BASE, 1, true },
		{ MEMORY_BASE, SIZE, true },
		{ END - 1, 1, true },
		{ MEMORY_BASE + 4096, 4096, true },
		{ MEMORY_BASE, 0, false },
		{ MEMORY_BASE, SIZE + 1, false },
		{ MEMORY_BASE, UINT64_MAX, false },
		{ MEMORY_BASE - 1, 1, false },
		{ MEMORY_BASE - 1, 2, false },
		{ 0, 1, false },
		{ 0, UINT64_MAX, false },
		{ END, 1, false },
		{ END - 1, 2, false },
		{ END - 1, UINT64_MAX, false },
		{ END - 8, UINT64_MAX - 4, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX, UINT64_MAX, false },
		{ UINT64_MAX - 15, 16, false },
	};
	struct memory memory;

	assert_int_equal(memory_create(&memory, SIZE), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *at = memory_at(&memory, cases[i].address, cases[i].size);

		if (cases[i].is_ram)
			assert_ptr_equal(at, memory.host + (cases[i].address - MEMORY_BASE));
		else
			assert_null(at);
	}
	memory_destroy(&memory);
}

static void ram_is_zero_and_can_be_written(void **state)
{
	struct memory memory;
	uint8_t *first;
	uint8_t *last;

	assert_int_equal(memory_create(&memory, SIZE), 0);
	first = memory_at(&memory, MEMORY_BASE, 1);
	last = memory_at(&memory, END - 1, 1);
	assert_int_equal(*first, 0);
	assert_int_equal(*last, 0);
	*first = 0xab;
	*last = 0xcd;
	assert_int_equal(memory.host[0], 0xab);
	assert_int_equal(memory.host[SIZE - 1], 0xcd);
	memory_destroy(&memory);
}

static void dropped_ram_is_zero_and_at_its_former_address(void **state)
{
	static uint8_t zeroes[SIZE];
	struct memory memory;
	uint8_t *before;

	assert_int_equal(memory_create(&memory, SIZE), 0);
	before = memory.host;
	memset(memory.host, 0x5a, SIZE);
	assert_int_equal(memory_drop(&memory), 0);
	assert_ptr_equal(memory.host, before);
	assert_memory_equal(memory.host, zeroes, SIZE);
	memory_destroy(&memory);
}

static void ram_of_an_impossible_size_is_refused(void **state)
{
	struct memory memory = { 0 };

	assert_int_equal(memory_create(&memory, 0), -EINVAL);
	assert_int_equal(memory_create(&memory, 4095), -EINVAL);
	assert_int_equal(memory_create(&memory, SIZE + 1), -EINVAL);
	/* More than any address space holds. */
	assert_int_equal(memory_create(&memory, 1ULL << 62), -ENOMEM);
	assert_null(memory.host);
}

/* Of this machine: what one table of the last level maps. */
static uint64_t huge_page(void)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return page / 8 * page;
}

static void host_and_guest_addresses_of_ram_are_equal_modulo_a_huge_page(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct memory memories[16];

	/* Sizes that are no multiple of a huge page, which Linux does not align by itself. */
	for (size_t i = 0; i < 16; i++) {
		const uint64_t size = huge_page() * (i % 4 + 1) + page * (i + 1);

		assert_int_equal(memory_create(&memories[i], size), 0);
		assert_int_equal((uintptr_t)memories[i].host % huge_page(),
				 MEMORY_BASE % huge_page());
	}
	for (size_t i = 0; i < 16; i++)
		memory_destroy(&memories[i]);
}

/* In pages: the first number of /proc/self/statm. */
static uint64_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char line[256];

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);

	return strtoull(line, NULL, 10);
}

static void ram_takes_no_more_address_space_than_its_size(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	/* Wherever the kernel puts it first: aligned, and not. */
	for (uint64_t i = 1; i <= 16; i++) {
		const uint64_t size = huge_page() + page * i;
		const uint64_t before = address_space();
		struct memory memory;

		assert_int_equal(memory_create(&memory, size), 0);
		assert_int_equal(address_space() - before, size / page);
		memory_destroy(&memory);
		assert_int_equal(address_space(), before);
	}
}

/* Returns whether there are huge pages, however they can be had. */
static bool host_has_huge_pages(void)
{
	return access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0;
}

static void huge_pages_are_requested_for_ram_of_many_of_them(void **state)
{
	struct mapping mapping;
	struct memory memory;

	assert_int_equal(memory_create(&memory, huge_page() * 32), 0);
	assert_true(smaps_find(memory.host, &mapping));
	assert_int_equal(mapping.huge_pages, host_has_huge_pages());
	assert_int_equal(mapping.resident, 0);
	memory_destroy(&memory);

	assert_int_equal(memory_create(&memory, huge_page() * 31), 0);
	assert_true(smaps_find(memory.host, &mapping));
	assert_false(mapping.huge_pages);
	memory_destroy(&memory);
}

static void dropped_ram_is_given_back_to_the_host(void **state)
{
	const uint64_t size = huge_page() * 32;
	struct mapping mapping;
	struct memory memory;

	assert_int_equal(memory_create(&memory, size), 0);
	memory.host[0] = 1;
	memory.host[size / 2] = 1;
	memory.host[size - 1] = 1;
	assert_true(smaps_find(memory.host, &mapping));
	assert_true(mapping.resident > 0);
	assert_int_equal(memory_drop(&memory), 0);
	assert_true(smaps_find(memory.host, &mapping));
	assert_int_equal(mapping.resident, 0);
	/* The memory of the next power cycle is not dumped either, and has huge pages too. */
	assert_true(mapping.not_dumped);
	assert_int_equal(mapping.huge_pages, host_has_huge_pages());
	memory_destroy(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_counts_as_ram_only_if_all_of_it_is),
		cmocka_unit_test(ram_is_zero_and_can_be_written),
		cmocka_unit_test(dropped_ram_is_zero_and_at_its_former_address),
		cmocka_unit_test(ram_of_an_impossible_size_is_refused),
		cmocka_unit_test(host_and_guest_addresses_of_ram_are_equal_modulo_a_huge_page),
		cmocka_unit_test(ram_takes_no_more_address_space_than_its_size),
		cmocka_unit_test(huge_pages_are_requested_for_ram_of_many_of_them),
		cmocka_unit_test(dropped_ram_is_given_back_to_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
