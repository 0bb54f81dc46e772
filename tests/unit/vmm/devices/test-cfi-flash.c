/* SPDX-License-Identifier: BSD-3-Clause */
/* The flash chips: what they show, and how they are programmed. */
#include "cfi-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* --- modes --- */

static void chips_read_as_the_array_after_power_on(void **state)
{
	cfi_power_on();
	cfi_array[5] = 0x12;
	assert_true(cfi_flash_reads_array(&cfi));
	assert_int_equal(cfi_get(4), 0xffff12ff);
	assert_int_equal(cfi_take_status(), CFI_READY);
}

static void a_query_describes_the_chips_to_a_driver(void **state)
{
	static const uint8_t wanted[] = { 'Q', 'R', 'Y', 1, 0, 0x31 };

	cfi_power_on();
	cfi_put(0x55 * 4, CFI_BOTH(0x98));
	assert_false(cfi_flash_reads_array(&cfi));
	for (uint32_t i = 0; i < sizeof(wanted); i++)
		assert_int_equal(cfi_get((0x10 + i) * 4), CFI_BOTH(wanted[i]));
	/* Of the chips together: their size, their blocks, and the number of these. */
	assert_int_equal(2ULL << (cfi_get(0x27 * 4) & 0xff), CFI_FLASH_SIZE);
	assert_int_equal(2 * 256 * ((cfi_get(0x2f * 4) & 0xff) | (cfi_get(0x30 * 4) & 0xff) << 8),
			 CFI_BLOCK);
	assert_int_equal((cfi_get(0x2d * 4) & 0xff) + 1, CFI_FLASH_BLOCKS);
	assert_int_equal(1U << (cfi_get(0x2a * 4) & 0xff), 2 * CFI_FLASH_BUFFER_WORDS);
	assert_int_equal(cfi_get(0x31 * 4), CFI_BOTH('P'));
	/* In each page of words. */
	assert_int_equal(cfi_get(CFI_LAST_BLOCK + 0x10 * 4), CFI_BOTH('Q'));
	assert_int_equal(cfi_get(0xff * 4), 0);
	cfi_put(0, CFI_BOTH(0xff));
	assert_int_equal(cfi_get(0x10 * 4), 0xffffffff);
}

static void the_identifier_mode_shows_maker_device_and_locks(void **state)
{
	cfi_power_on();
	cfi_put_lock(CFI_BLOCK, 0x01);
	cfi_put(0, CFI_BOTH(0x90));
	assert_int_equal(cfi_get(0), CFI_BOTH(0x89));
	assert_int_equal(cfi_get(4), CFI_BOTH(0x1d));
	assert_int_equal(cfi_get(8), 0);
	assert_int_equal(cfi_get(CFI_BLOCK + 8), CFI_BOTH(1));
	assert_int_equal(cfi_get(0x10 * 4), CFI_BOTH('Q'));
}

static void unknown_commands_lead_to_the_array(void **state)
{
	static const uint8_t known[] = {
		0x10, 0x20, 0x40, 0x60, 0x70, 0x90, 0x98, 0xb0, 0xd0, 0xe8
	};

	for (uint32_t command = 0; command < 0x100; command++) {
		cfi_power_on();
		cfi_put(0, CFI_BOTH(0x70));
		cfi_put(0, CFI_BOTH(command));
		if (memchr(known, (int)command, sizeof(known)))
			assert_false(cfi_flash_reads_array(&cfi));
		else if (command != 0x50)
			assert_true(cfi_flash_reads_array(&cfi));
		assert_int_equal(cfi_stored.count, 0);
	}
}

static void accesses_of_any_size_reach_both_chips(void **state)
{
	cfi_power_on();
	for (uint32_t i = 0; i < 16; i++)
		cfi_array[i] = (uint8_t)i;
	assert_int_equal(cfi_flash_read(&cfi, 3, 1), 3);
	assert_int_equal(cfi_flash_read(&cfi, 3, 4), 0x06050403);
	assert_true(cfi_flash_read(&cfi, 8, 8) == 0x0f0e0d0c0b0a0908);
	/* As U-Boot finds the chips: it writes to one, and reads both. */
	cfi_flash_write(&cfi, 0x154, 0x98, 2);
	assert_int_equal(cfi_flash_read(&cfi, 0x40, 2), 'Q');
	assert_int_equal(cfi_flash_read(&cfi, 0x42, 2), 'Q');
	assert_int_equal(cfi_flash_read(&cfi, 0x44, 1), 'R');
	assert_int_equal(cfi_flash_read(&cfi, 0x45, 1), 0);
	cfi_flash_write(&cfi, 0xaa, 0x70, 1);
	assert_true(cfi_flash_read(&cfi, 0, 8) == 0x0080008000800080);
	/* The rest of a command does not matter. */
	cfi_flash_write(&cfi, 2, 0x12ff, 2);
	assert_true(cfi_flash_reads_array(&cfi));
	/* 64 bits are two accesses: a command and what belongs to it. */
	cfi_flash_write(&cfi, 8, (uint64_t)0x12345678 << 32 | CFI_BOTH(0x40), 8);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(8), 0x0b0a0908);
	assert_int_equal(cfi_get(12), (0x0f0e0d0cU & 0x12345678U));
}

/* --- programming --- */

static void a_word_is_programmed_by_both_commands(void **state)
{
	cfi_power_on();
	cfi_program(8, 0x12345678);
	assert_int_equal(cfi_get(0), CFI_READY);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(8), 0x12345678);
	cfi_put(12, CFI_BOTH(0x10));
	cfi_put(12, 0x9abcdef0);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(12), 0x9abcdef0);
	/* Of both chips at once. */
	assert_int_equal(cfi_stored.count, 2);
	assert_int_equal(cfi_stored.offset, 12);
	assert_int_equal(cfi_stored.size, 4);
}

static void programming_changes_ones_to_zeros_only(void **state)
{
	cfi_power_on();
	cfi_program(0, 0xff00ff0f);
	cfi_program(0, 0x0ff0f0ff);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(0), 0x0f00f00f);
}

static void only_bytes_that_are_written_are_programmed(void **state)
{
	cfi_power_on();
	cfi_flash_write(&cfi, 6, 0x40, 2);
	cfi_flash_write(&cfi, 6, 0x1234, 2);
	cfi_flash_write(&cfi, 0, 0x40, 1);
	cfi_flash_write(&cfi, 1, 0x56, 1);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(4), 0x1234ffff);
	assert_int_equal(cfi_get(0), 0xffff56ff);
	/* One access programs in one block. */
	cfi_put(0, CFI_BOTH(0x40));
	cfi_put(CFI_BLOCK - 2, 0);
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	assert_int_equal(cfi_get(CFI_BLOCK - 2), 0xffffffff);
}

static void a_buffer_may_be_written_by_16_bits(void **state)
{
	cfi_power_on();
	cfi_flash_write(&cfi, 2, 0xe8, 2);
	cfi_flash_write(&cfi, 2, 1, 2);
	cfi_flash_write(&cfi, CFI_BLOCK - 4, 0x1234, 2);
	cfi_flash_write(&cfi, CFI_BLOCK - 2, 0x5678, 2);
	cfi_flash_write(&cfi, 2, 0xd0, 2);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(CFI_BLOCK - 4), 0x56781234);
	assert_int_equal(cfi_get(CFI_BLOCK), 0xffffffff);
}

static void a_buffer_is_programmed_at_once_when_it_is_confirmed(void **state)
{
	cfi_power_on();
	cfi_fill_buffer(CFI_BLOCK + 128, CFI_FLASH_BUFFER_WORDS);
	assert_int_equal(cfi_stored.count, 0);
	cfi_put(CFI_BLOCK, CFI_BOTH(0xd0));
	assert_int_equal(cfi_stored.count, 1);
	assert_int_equal(cfi_stored.offset, CFI_BLOCK + 128);
	assert_int_equal(cfi_stored.size, 4 * CFI_FLASH_BUFFER_WORDS);
	assert_int_equal(cfi_take_status(), CFI_READY);
	for (uint32_t i = 0; i < CFI_FLASH_BUFFER_WORDS; i++)
		assert_int_equal(cfi_get(CFI_BLOCK + 128 + 4 * i), CFI_BOTH(0x100 + i));
	assert_int_equal(cfi_get(CFI_BLOCK + 124), 0xffffffff);
	assert_int_equal(cfi_get(CFI_BLOCK + 256), 0xffffffff);
}

static void a_word_of_the_buffer_that_is_written_twice_has_its_last_value(void **state)
{
	cfi_power_on();
	cfi_put(0, CFI_BOTH(0xe8));
	cfi_put(0, CFI_BOTH(1));
	cfi_put(0, CFI_BOTH(1));
	cfi_put(0, CFI_BOTH(2));
	cfi_put(0, CFI_BOTH(0xd0));
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(0), CFI_BOTH(2));
	assert_int_equal(cfi_get(4), 0xffffffff);
}

static void a_buffer_that_is_not_confirmed_is_dropped(void **state)
{
	cfi_power_on();
	cfi_fill_buffer(0, 2);
	cfi_put(0, CFI_BOTH(0xff));
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	assert_int_equal(cfi_get(0), 0xffffffff);
	assert_int_equal(cfi_stored.count, 0);
}

static void a_buffer_that_is_too_long_is_a_sequence_error(void **state)
{
	cfi_power_on();
	cfi_put(0, CFI_BOTH(0xe8));
	cfi_put(0, CFI_BOTH(CFI_FLASH_BUFFER_WORDS));
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	cfi_put(0, CFI_BOTH(0xe8));
	cfi_put(0, CFI_BOTH(0xffff));
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
}

static void a_buffer_with_words_from_elsewhere_is_a_sequence_error(void **state)
{
	/* In front of it, behind it, and in another block. */
	static const uint64_t offsets[] = { CFI_BLOCK - 4, CFI_BLOCK + 8, CFI_FLASH_SIZE - 4 };

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		cfi_power_on();
		cfi_put(0, CFI_BOTH(0xe8));
		cfi_put(0, CFI_BOTH(1));
		cfi_put(CFI_BLOCK, 0);
		cfi_put(offsets[i], 0);
		assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
		assert_int_equal(cfi_stored.count, 0);
	}
}

static void a_buffer_across_the_end_of_a_block_is_a_sequence_error(void **state)
{
	cfi_power_on();
	cfi_put(0, CFI_BOTH(0xe8));
	cfi_put(0, CFI_BOTH(1));
	cfi_put(CFI_BLOCK - 4, 0);
	cfi_put(CFI_BLOCK, 0);
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	assert_int_equal(cfi_stored.count, 0);
}

/* What is not written ends there, too. */
static void a_buffer_ends_with_its_block(void **state)
{
	static const uint64_t ends[] = { CFI_BLOCK, CFI_FLASH_SIZE };

	for (size_t i = 0; i < 2; i++) {
		cfi_power_on();
		cfi_put(0, CFI_BOTH(0xe8));
		cfi_put(0, CFI_BOTH(1));
		cfi_put(ends[i] - 4, 3);
		cfi_put(ends[i] - 4, 0);
		cfi_put(0, CFI_BOTH(0xd0));
		assert_int_equal(cfi_take_status(), CFI_READY);
		assert_int_equal(cfi_stored.size, 4);
		assert_int_equal(cfi_get(ends[i] - 4), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips_read_as_the_array_after_power_on),
		cmocka_unit_test(a_query_describes_the_chips_to_a_driver),
		cmocka_unit_test(the_identifier_mode_shows_maker_device_and_locks),
		cmocka_unit_test(unknown_commands_lead_to_the_array),
		cmocka_unit_test(accesses_of_any_size_reach_both_chips),
		cmocka_unit_test(a_word_is_programmed_by_both_commands),
		cmocka_unit_test(programming_changes_ones_to_zeros_only),
		cmocka_unit_test(only_bytes_that_are_written_are_programmed),
		cmocka_unit_test(a_buffer_may_be_written_by_16_bits),
		cmocka_unit_test(a_buffer_is_programmed_at_once_when_it_is_confirmed),
		cmocka_unit_test(a_word_of_the_buffer_that_is_written_twice_has_its_last_value),
		cmocka_unit_test(a_buffer_that_is_not_confirmed_is_dropped),
		cmocka_unit_test(a_buffer_that_is_too_long_is_a_sequence_error),
		cmocka_unit_test(a_buffer_with_words_from_elsewhere_is_a_sequence_error),
		cmocka_unit_test(a_buffer_across_the_end_of_a_block_is_a_sequence_error),
		cmocka_unit_test(a_buffer_ends_with_its_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
