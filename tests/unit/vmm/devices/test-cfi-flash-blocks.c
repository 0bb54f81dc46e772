/* SPDX-License-Identifier: BSD-3-Clause */
/* The flash chips: how their blocks are erased and locked, errors of the host, saved states. */
#include "cfi-rig.h"
#include "saved-state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* --- erasing --- */

static void an_erase_makes_all_of_one_block_ones(void **state)
{
	cfi_power_on();
	memset(cfi_array, 0, sizeof(cfi_array));
	cfi_erase(CFI_BLOCK + 0x1234);
	assert_int_equal(cfi_stored.count, 1);
	assert_int_equal(cfi_stored.offset, CFI_BLOCK);
	assert_int_equal(cfi_stored.size, CFI_BLOCK);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(CFI_BLOCK - 4), 0);
	assert_int_equal(cfi_get(2 * CFI_BLOCK), 0);
	for (uint32_t at = CFI_BLOCK; at < 2 * CFI_BLOCK; at += 4)
		assert_int_equal(cfi_get(at), 0xffffffff);
}

static void an_erase_that_is_not_confirmed_is_a_sequence_error(void **state)
{
	cfi_power_on();
	cfi_array[0] = 0;
	cfi_put(0, CFI_BOTH(0x20));
	cfi_put(0, CFI_BOTH(0xff));
	assert_int_equal(cfi_get(0), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
	assert_int_equal(cfi_array[0], 0);
}

static void suspend_and_resume_have_nothing_to_do(void **state)
{
	cfi_power_on();
	cfi_put(0, CFI_BOTH(0xb0));
	assert_int_equal(cfi_get(0), CFI_READY);
	cfi_put(0, CFI_BOTH(0xd0));
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_stored.count, 0);
}

/* --- locks --- */

static void a_locked_block_cannot_be_changed(void **state)
{
	cfi_power_on();
	cfi_put_lock(CFI_BLOCK, 0x01);
	assert_int_equal(cfi_take_status(), CFI_READY);
	cfi_program(CFI_BLOCK, 0);
	assert_int_equal(cfi_take_status(),
			 CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR | CFI_FLASH_LOCKED));
	cfi_erase(CFI_BLOCK);
	assert_int_equal(cfi_take_status(),
			 CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR | CFI_FLASH_LOCKED));
	cfi_fill_buffer(CFI_BLOCK, 1);
	cfi_put(CFI_BLOCK, CFI_BOTH(0xd0));
	assert_int_equal(cfi_take_status(),
			 CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR | CFI_FLASH_LOCKED));
	assert_int_equal(cfi_stored.count, 0);
	/* The others are not. */
	cfi_program(0, 0);
	cfi_put_lock(CFI_BLOCK, 0xd0);
	cfi_program(CFI_BLOCK, 0);
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_stored.count, 2);
}

static void a_block_that_is_locked_down_stays_so_until_a_reset(void **state)
{
	cfi_power_on();
	cfi_put_lock(0, 0x2f);
	cfi_put_lock(0, 0xd0);
	cfi_program(0, 0);
	assert_int_equal(cfi_take_status(),
			 CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR | CFI_FLASH_LOCKED));
	cfi_flash_reset(&cfi);
	cfi_program(0, 0);
	assert_int_equal(cfi_take_status(), CFI_READY);
}

static void the_read_configuration_changes_nothing_and_other_lock_commands_fail(void **state)
{
	cfi_power_on();
	cfi_put_lock(0, 0x03);
	assert_int_equal(cfi_take_status(), CFI_READY);
	cfi_put_lock(0, 0x55);
	assert_int_equal(cfi_take_status(), CFI_READY | CFI_BOTH(CFI_FLASH_SEQUENCE_ERROR));
}

/* --- what cannot be stored --- */

static void a_store_that_fails_is_an_error_in_the_status(void **state)
{
	cfi_power_on();
	cfi_array[0] = 0;
	cfi_stored.err = -ENOSPC;
	cfi_program(4, 0);
	assert_int_equal(cfi_get(0), CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR));
	assert_int_equal(cfi_take_status(), CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR));
	cfi_erase(0);
	assert_int_equal(cfi_take_status(), CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR));
	assert_int_equal(cfi_get(0), 0xffffff00);
	assert_int_equal(cfi_get(4), 0xffffffff);
	/* It stays until it is cleared. */
	cfi_program(4, 0);
	cfi_stored.err = 0;
	cfi_put(8, CFI_BOTH(0x40));
	cfi_put(8, 0);
	assert_int_equal(cfi_take_status(), CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR));
	assert_int_equal(cfi_get(8), 0);
}

/* --- in a stream --- */

static void serialize(void *device, struct stream *stream)
{
	cfi_flash_serialize(device, stream);
}

static void chips_continue_in_the_middle_of_a_buffer(void **state)
{
	struct saved saved;

	cfi_power_on();
	cfi_put_lock(CFI_BLOCK, 0x01);
	cfi_put(0, CFI_BOTH(0xe8));
	cfi_put(0, CFI_BOTH(1));
	cfi_put(0, 0x12345678);
	saved_save(serialize, &cfi, &saved);
	cfi_power_on();
	assert_int_equal(saved_restore(serialize, &cfi, &saved), 0);
	assert_false(cfi_flash_reads_array(&cfi));
	cfi_put(4, 0x9abcdef0);
	cfi_put(0, CFI_BOTH(0xd0));
	assert_int_equal(cfi_take_status(), CFI_READY);
	assert_int_equal(cfi_get(0), 0x12345678);
	assert_int_equal(cfi_get(4), 0x9abcdef0);
	cfi_program(CFI_BLOCK, 0);
	assert_int_equal(cfi_take_status(),
			 CFI_BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR | CFI_FLASH_LOCKED));
}

/* Where fields are in a stream. */
#define AT_MODE 0
#define AT_STEP 4
#define AT_STATUS 8
#define AT_FIRST 9
#define AT_COUNT 13
#define AT_MISSING 17
#define AT_LOCKS (21 + CFI_FLASH_BUFFER_SIZE)

static void a_forged_state_of_the_chips_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} forged[] = {
		{ AT_MODE, CFI_FLASH_MODES },
		{ AT_MODE + 3, 1 },
		{ AT_STEP, CFI_FLASH_STEPS },
		{ AT_FIRST + 3, 0xff },
		{ AT_COUNT, 33 },
		{ AT_COUNT + 1, 1 },
		{ AT_MISSING, 3 },
		{ AT_MISSING, 0 },
		{ AT_FIRST + 3, 4 },
		{ AT_STATUS, 0 },
		{ AT_STATUS, CFI_FLASH_READY | 1 },
		{ AT_LOCKS, 4 },
		{ AT_LOCKS + CFI_FLASH_BLOCKS - 1, 2 },
	};

	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct saved saved;

		cfi_power_on();
		cfi_put(0, CFI_BOTH(0xe8));
		cfi_put(0, CFI_BOTH(1));
		cfi_put(0, 0);
		saved_save(serialize, &cfi, &saved);
		saved.bytes[forged[i].at] = forged[i].value;
		assert_int_equal(saved_restore(serialize, &cfi, &saved), -EBADMSG);
		cfi_put(0, CFI_BOTH(0xd0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_erase_makes_all_of_one_block_ones),
		cmocka_unit_test(an_erase_that_is_not_confirmed_is_a_sequence_error),
		cmocka_unit_test(suspend_and_resume_have_nothing_to_do),
		cmocka_unit_test(a_locked_block_cannot_be_changed),
		cmocka_unit_test(a_block_that_is_locked_down_stays_so_until_a_reset),
		cmocka_unit_test(
			the_read_configuration_changes_nothing_and_other_lock_commands_fail),
		cmocka_unit_test(a_store_that_fails_is_an_error_in_the_status),
		cmocka_unit_test(chips_continue_in_the_middle_of_a_buffer),
		cmocka_unit_test(a_forged_state_of_the_chips_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
