/* SPDX-License-Identifier: BSD-3-Clause */
/* The DMA of fw_cfg, like that of QEMU, and what a guest may do wrong with it. */
#include "fw-cfg-rig.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_file_of_the_host_that_has_shrunk_is_an_error(void **state)
{
	struct rig r;

	make(&r);
	assert_int_equal(ftruncate(r.fd, 4), 0);
	memset(buffer(&r), 0xff, 64);
	assert_int_equal(dma(&r, KEY(SECOND_FILE) | SELECT | READ, 8, BUFFER), ERROR);
	assert_memory_equal(buffer(&r), "cd\0\0\0\0\0\0\xff", 9);
	destroy(&r);
}

static void dma_reads_skips_and_selects(void **state)
{
	struct rig r;

	make(&r);
	assert_int_equal(dma(&r, KEY(FIRST_FILE) | SELECT, 0, 0), 0);
	assert_int_equal(dma(&r, READ, 3, BUFFER), 0);
	assert_memory_equal(buffer(&r), "abc", 3);
	assert_int_equal(dma(&r, SKIP, 4, 0), 0);
	assert_int_equal(dma(&r, READ, 2, BUFFER), 0);
	assert_memory_equal(buffer(&r), "hi", 2);
	/* The data register goes on where DMA stopped. */
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'j');
	destroy(&r);
}

static void dma_behind_the_end_of_an_item_gives_zeros(void **state)
{
	struct rig r;

	make(&r);
	memset(buffer(&r), 0xff, 64);
	assert_int_equal(dma(&r, KEY(FIRST_FILE) | SELECT | SKIP, 24, 0), 0);
	assert_int_equal(dma(&r, READ, 8, BUFFER), 0);
	assert_memory_equal(buffer(&r), "yz\0\0\0\0\0\0\xff", 9);
	assert_int_equal(dma(&r, SKIP, UINT32_MAX, 0), 0);
	assert_int_equal(dma(&r, READ, 1, BUFFER), 0);
	assert_int_equal(buffer(&r)[0], 0);
	destroy(&r);
}

/* edk2 writes the address as two words, high first. */
static void an_address_in_two_halves_starts_dma_with_the_low_one(void **state)
{
	struct rig r;

	make(&r);
	choose(&r, FIRST_FILE);
	put_request(&r, READ, 2, BUFFER);
	fw_cfg_write(r.device, DMA, htobe32((uint32_t)(REQUEST >> 32)), 4);
	assert_int_equal(result(&r), READ);
	fw_cfg_write(r.device, DMA_LOW, htobe32((uint32_t)REQUEST), 4);
	assert_int_equal(result(&r), 0);
	assert_memory_equal(buffer(&r), "ab", 2);
	/* The high half counts once. */
	fw_cfg_write(r.device, DMA, htobe32(1), 4);
	put_request(&r, READ, 2, BUFFER);
	fw_cfg_write(r.device, DMA_LOW, htobe32((uint32_t)REQUEST), 4);
	assert_int_equal(result(&r), READ);
	fw_cfg_write(r.device, DMA_LOW, htobe32((uint32_t)REQUEST), 4);
	assert_int_equal(result(&r), 0);
	destroy(&r);
}

static void dma_outside_ram_is_an_error_and_moves_nothing(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t length;
	} wrong[] = {
		{ 0, 1 },
		{ MEMORY_BASE - 1, 2 },
		{ MEMORY_BASE + RAM_SIZE - 1, 2 },
		{ MEMORY_BASE, UINT32_MAX },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX - 1, UINT32_MAX },
		{ 0x09020000, 8 },
	};
	struct rig r;

	make(&r);
	choose(&r, FIRST_FILE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(dma(&r, READ, wrong[i].length, wrong[i].address), ERROR);
		assert_int_equal(dma(&r, WRITE, wrong[i].length, wrong[i].address), ERROR);
	}
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'a');
	destroy(&r);
}

static void a_request_outside_ram_is_dropped(void **state)
{
	static const uint64_t wrong[] = { 0, MEMORY_BASE - 1, MEMORY_BASE + RAM_SIZE - 15,
					  UINT64_MAX, UINT64_MAX - 15 };
	struct rig r;

	make(&r);
	choose(&r, FIRST_FILE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		fw_cfg_write(r.device, DMA, htobe64(wrong[i]), 8);
	assert_int_equal(fw_cfg_read(r.device, DATA, 1), 'a');
	destroy(&r);
}

/* One that reads over its own request, and one that is as large as RAM. */
static void a_request_may_be_overwritten_by_itself(void **state)
{
	struct rig r;

	make(&r);
	choose(&r, FIRST_FILE);
	assert_int_equal(dma(&r, READ, sizeof(struct request), REQUEST), 0);
	assert_int_equal(dma(&r, READ, RAM_SIZE, MEMORY_BASE), 0);
	destroy(&r);
}

static void an_unknown_key_gives_zeros_and_to_dma_an_error(void **state)
{
	static const uint16_t keys[] = { 0x1234, 0x1a, 0x1f, 0x23, 0x3fff, 0x8000, 0xffff };
	struct rig r;

	make(&r);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		choose(&r, keys[i]);
		assert_int_equal(fw_cfg_read(r.device, DATA, 8), 0);
		memset(buffer(&r), 0xff, 8);
		assert_int_equal(dma(&r, KEY(keys[i]) | SELECT | READ, 4, BUFFER), ERROR);
		assert_memory_equal(buffer(&r), "\0\0\0\0\xff", 5);
		assert_int_equal(dma(&r, KEY(keys[i]) | SELECT | SKIP, 4, 0), ERROR);
		assert_int_equal(dma(&r, KEY(keys[i]) | SELECT | WRITE, 4, BUFFER), ERROR);
		assert_int_equal(dma(&r, KEY(keys[i]) | SELECT, 4, BUFFER), 0);
	}
	destroy(&r);
}

/* U-Boot and edk2 read sizes that are 0 here. */
static void keys_of_qemu_without_a_value_read_as_zero(void **state)
{
	struct rig r;

	make(&r);
	for (uint16_t key = 2; key < 0x19; key++) {
		memset(buffer(&r), 0xff, 4);
		assert_int_equal(dma(&r, KEY(key) | SELECT | READ, 4, BUFFER), 0);
		assert_memory_equal(buffer(&r), "\0\0\0\0", 4);
	}
	destroy(&r);
}

static void only_the_answer_can_be_written_and_only_within_its_size(void **state)
{
	struct rig r;

	make(&r);
	memcpy(buffer(&r), "\1\2\3\4\5\6\7\x8", 8);
	assert_int_equal(dma(&r, KEY(FIRST_FILE) | SELECT | WRITE, 1, BUFFER), ERROR);
	assert_int_equal(dma(&r, KEY(SECOND_FILE) | SELECT | WRITE, 1, BUFFER), ERROR);
	assert_int_equal(dma(&r, SELECT | WRITE, 1, BUFFER), ERROR);
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | WRITE, 9, BUFFER), ERROR);
	assert_int_equal(fw_cfg_answer(r.device), 0);
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | WRITE, 8, BUFFER), 0);
	assert_int_equal(fw_cfg_answer(r.device), 0x0807060504030201ULL);
	assert_int_equal(dma(&r, WRITE, 1, BUFFER), ERROR);
	/* A part of it, as of WRITE_POINTER with an offset. */
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | SKIP, 6, 0), 0);
	assert_int_equal(dma(&r, WRITE, 2, BUFFER), 0);
	assert_int_equal(fw_cfg_answer(r.device), 0x0201060504030201ULL);
	/* The data register changes nothing. */
	choose(&r, ANSWER_FILE);
	fw_cfg_write(r.device, DATA, 0xff, 1);
	assert_int_equal(fw_cfg_answer(r.device), 0x0201060504030201ULL);
	destroy(&r);
}

static void reads_win_over_writes_and_writes_over_skips(void **state)
{
	struct rig r;

	make(&r);
	assert_int_equal(dma(&r, KEY(FIRST_FILE) | SELECT | READ | WRITE | SKIP, 2, BUFFER), 0);
	assert_memory_equal(buffer(&r), "ab", 2);
	assert_int_equal(dma(&r, KEY(ANSWER_FILE) | SELECT | WRITE | SKIP, 2, BUFFER), 0);
	assert_int_equal(fw_cfg_answer(r.device), 0x6261);
	destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_the_host_that_has_shrunk_is_an_error),
		cmocka_unit_test(dma_reads_skips_and_selects),
		cmocka_unit_test(dma_behind_the_end_of_an_item_gives_zeros),
		cmocka_unit_test(an_address_in_two_halves_starts_dma_with_the_low_one),
		cmocka_unit_test(dma_outside_ram_is_an_error_and_moves_nothing),
		cmocka_unit_test(a_request_outside_ram_is_dropped),
		cmocka_unit_test(a_request_may_be_overwritten_by_itself),
		cmocka_unit_test(an_unknown_key_gives_zeros_and_to_dma_an_error),
		cmocka_unit_test(keys_of_qemu_without_a_value_read_as_zero),
		cmocka_unit_test(only_the_answer_can_be_written_and_only_within_its_size),
		cmocka_unit_test(reads_win_over_writes_and_writes_over_skips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
