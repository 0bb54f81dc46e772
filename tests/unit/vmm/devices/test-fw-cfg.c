/* SPDX-License-Identifier: BSD-3-Clause */
/* fw_cfg like that of QEMU, by its registers; and in a saved file. */
#include "fw-cfg-rig.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "saved-state.h"

static void the_device_identifies_itself_and_its_dma(void **state)
{
	struct rig r;
	uint8_t bytes[8];

	make(&r);
	read_data(&r, bytes, 4, 1);
	assert_memory_equal(bytes, "QEMU", 4);
	choose(&r, 1);
	read_data(&r, bytes, 4, 4);
	assert_memory_equal(bytes, "\3\0\0\0", 4);
	assert_int_equal(be64toh(fw_cfg_read(r.device, DMA, 8)), 0x51454d5520434647ULL);
	assert_int_equal(be32toh((uint32_t)fw_cfg_read(r.device, DMA, 4)), 0x51454d55);
	assert_int_equal(be32toh((uint32_t)fw_cfg_read(r.device, DMA_LOW, 4)), 0x20434647);
	destroy(&r);
}

static void the_directory_lists_files_by_name_size_and_key(void **state)
{
	static const char *const names[] = { "etc/bytes", "etc/file", "etc/answer" };
	static const uint32_t sizes[] = { ALPHABET, ALPHABET - 2, 8 };
	static uint8_t bytes[4 + 3 * 64 + 1];
	struct rig r;

	make(&r);
	choose(&r, 0x19);
	read_data(&r, bytes, sizeof(bytes), 1);
	assert_memory_equal(bytes, "\0\0\0\3", 4);
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *entry = bytes + 4 + (size_t)64 * i;
		const uint8_t wanted[8] = { 0, 0, 0, (uint8_t)sizes[i], 0, (uint8_t)(0x20 + i) };

		assert_memory_equal(entry, wanted, sizeof(wanted));
		assert_string_equal((const char *)entry + 8, names[i]);
	}
	destroy(&r);
}

/* In the order of the item's bytes, whatever the width; zeros follow. */
static void data_is_read_in_any_width_and_ends_in_zeros(void **state)
{
	static const unsigned int widths[] = { 1, 2, 4, 8 };
	uint8_t wanted[48] = { 0 };
	struct rig r;

	make(&r);
	memcpy(wanted, alphabet, ALPHABET);
	for (size_t i = 0; i < 4; i++) {
		uint8_t bytes[48];

		choose(&r, FIRST_FILE);
		read_data(&r, bytes, sizeof(bytes), widths[i]);
		assert_memory_equal(bytes, wanted, sizeof(bytes));
	}
	destroy(&r);
}

static void a_file_of_the_host_is_read_from_its_offset(void **state)
{
	uint8_t bytes[32];
	struct rig r;

	make(&r);
	choose(&r, SECOND_FILE);
	read_data(&r, bytes, sizeof(bytes), 8);
	assert_memory_equal(bytes, alphabet + 2, ALPHABET - 2);
	assert_memory_equal(bytes + ALPHABET - 2, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(dma(&r, KEY(SECOND_FILE) | SELECT | READ, ALPHABET - 2, BUFFER), 0);
	assert_memory_equal(buffer(&r), alphabet + 2, ALPHABET - 2);
	destroy(&r);
}

static void a_value_is_found_by_its_key_until_items_are_replaced(void **state)
{
	static const uint8_t cpus[2] = { 5, 0 };
	const struct fw_cfg_item item = { .bytes = cpus, .fd = -1, .size = sizeof(cpus) };
	struct rig r;

	make(&r);
	fw_cfg_set(r.device, FW_CFG_CPUS, &item);
	choose(&r, 5);
	assert_int_equal(fw_cfg_read(r.device, DATA, 2), 5);
	fw_cfg_begin(r.device, NULL);
	choose(&r, 5);
	assert_int_equal(fw_cfg_read(r.device, DATA, 2), 0);
	choose(&r, FIRST_FILE);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 0);
	choose(&r, 0x19);
	assert_int_equal(fw_cfg_read(r.device, DATA, 8), 0);
	choose(&r, 0);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'Q');
	destroy(&r);
}

static void accesses_that_are_no_register_do_nothing(void **state)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
	} wrong[] = { { 8, 1 },	 { 8, 4 },  { 9, 2 },  { 10, 2 }, { 16, 2 },
		      { 17, 4 }, { 18, 4 }, { 20, 2 }, { 22, 2 }, { 23, 1 } };
	struct rig r;

	make(&r);
	put_request(&r, KEY(FIRST_FILE) | SELECT, 0, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		fw_cfg_write(r.device, wrong[i].offset, htobe64(REQUEST), wrong[i].size);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'Q');
	assert_int_equal(fw_cfg_read(r.device, 1, 1), 0);
	assert_int_equal(fw_cfg_read(r.device, SELECTOR, 2), 0);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'E');
	destroy(&r);
}

static void a_reset_returns_to_the_signature_and_forgets_the_answer(void **state)
{
	struct rig r;

	make(&r);
	memset(buffer(&r), 0x11, 8);
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | WRITE, 8, BUFFER), 0);
	fw_cfg_write(r.device, DMA, htobe32(7), 4);
	fw_cfg_reset(r.device);
	assert_int_equal(fw_cfg_answer(r.device), 0);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'Q');
	put_request(&r, KEY(FIRST_FILE) | SELECT, 0, 0);
	fw_cfg_write(r.device, DMA_LOW, htobe32((uint32_t)REQUEST), 4);
	assert_int_equal(result(&r), 0);
	destroy(&r);
}

static void serialize(void *device, struct stream *stream)
{
	fw_cfg_serialize(device, stream);
}

static void a_restored_device_goes_on_where_it_was(void **state)
{
	static struct saved saved;
	struct rig r;

	make(&r);
	memset(buffer(&r), 0x11, 8);
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | WRITE, 8, BUFFER), 0);
	assert_int_equal(dma(&r, KEY(FIRST_FILE) | SELECT | SKIP, 7, 0), 0);
	fw_cfg_write(r.device, DMA, htobe32(0), 4);
	saved_save(serialize, r.device, &saved);
	destroy(&r);
	make(&r);
	assert_int_equal(saved_restore(serialize, r.device, &saved), 0);
	assert_int_equal(fw_cfg_answer(r.device), 0x1111111111111111ULL);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'h');
	destroy(&r);
}

/* A file may be forged: any value of each byte is survived. */
static void any_saved_state_is_survived(void **state)
{
	static struct saved saved;
	struct rig r;

	make(&r);
	saved_save(serialize, r.device, &saved);
	for (size_t i = 0; i < 22; i++) {
		const uint8_t before = saved.bytes[i];

		for (unsigned int value = 0; value < 256; value += 5) {
			saved.bytes[i] = (uint8_t)value;
			if (saved_restore(serialize, r.device, &saved) != 0)
				continue;
			(void)fw_cfg_read(r.device, DATA, 8);
			(void)dma(&r, READ, 64, BUFFER);
			(void)dma(&r, WRITE, 1, BUFFER);
		}
		saved.bytes[i] = before;
	}
	destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_identifies_itself_and_its_dma),
		cmocka_unit_test(the_directory_lists_files_by_name_size_and_key),
		cmocka_unit_test(data_is_read_in_any_width_and_ends_in_zeros),
		cmocka_unit_test(a_file_of_the_host_is_read_from_its_offset),
		cmocka_unit_test(a_value_is_found_by_its_key_until_items_are_replaced),
		cmocka_unit_test(accesses_that_are_no_register_do_nothing),
		cmocka_unit_test(a_reset_returns_to_the_signature_and_forgets_the_answer),
		cmocka_unit_test(a_restored_device_goes_on_where_it_was),
		cmocka_unit_test(any_saved_state_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
