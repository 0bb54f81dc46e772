/* SPDX-License-Identifier: BSD-3-Clause */
/* pvpanic: what the guest says of itself, by a byte. */
#include "devices/pvpanic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "board/board.h"
#include "support/board.h"
#include "support/scratch.h"

static struct board board;

static void make(uint32_t version)
{
	board_create(&board, &(const struct config){ .machine_version = version });
}

static void say(uint64_t offset, uint64_t value, unsigned int size)
{
	(void)bus_write(&board.bus, BOARD_PVPANIC_BASE + offset, size, value);
}

static void reads_give_the_bits_that_there_are(void **state)
{
	uint64_t value = 0;

	make(BOARD_VERSION_3);
	assert_non_null(bus_read(&board.bus, BOARD_PVPANIC_BASE, 1, &value));
	assert_int_equal(value, 3);
	assert_non_null(bus_read(&board.bus, BOARD_PVPANIC_BASE, 2, &value));
	assert_int_equal(value, 3);
	assert_non_null(bus_read(&board.bus, BOARD_PVPANIC_BASE + 1, 1, &value));
	assert_int_equal(value, 0);
	board_destroy(&board);
}

static void bit_0_says_that_the_guest_panicked(void **state)
{
	make(BOARD_VERSION_3);
	say(0, 1, 1);
	assert_int_equal(board.panics, 1);
	say(0, 3, 1);
	assert_int_equal(board.panics, 2);
	say(0, 0xffff, 2);
	assert_int_equal(board.panics, 3);
	board_destroy(&board);
}

static void other_bits_and_addresses_change_nothing(void **state)
{
	make(BOARD_VERSION_3);
	for (uint64_t value = 0; value < 256; value += 2)
		say(0, value, 1);
	say(1, 1, 1);
	say(0, 1, 4);
	assert_int_equal(board.panics, 0);
	board_destroy(&board);
}

static void earlier_machines_do_not_have_it(void **state)
{
	uint64_t value;

	make(BOARD_VERSION_3 - 1);
	assert_null(bus_read(&board.bus, BOARD_PVPANIC_BASE, 1, &value));
	board_destroy(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_give_the_bits_that_there_are),
		cmocka_unit_test(bit_0_says_that_the_guest_panicked),
		cmocka_unit_test(other_bits_and_addresses_change_nothing),
		cmocka_unit_test(earlier_machines_do_not_have_it),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
