/* SPDX-License-Identifier: BSD-3-Clause */
/* The partitions of a guest's disk: those of tools, and tables that a guest damages at will. */
#include "hibernation/partitions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk-rig.h"
#include "support/scratch.h"

/* No table takes more reads: both of a GPT, of 1 MiB each, by pieces and by entries. */
#define READS_MAX 10000

static struct partitions found;

static const struct partition *partition(unsigned int number)
{
	for (size_t i = 0; i < found.count; i++) {
		if (found.list[i].number == number)
			return &found.list[i];
	}
	fail_msg("there is no partition %u", number);

	return NULL;
}

/* In sectors of 512 bytes. */
static void is_at(unsigned int number, uint64_t first, uint64_t sectors)
{
	assert_int_equal(partition(number)->offset, first * SECTOR);
	assert_int_equal(partition(number)->size, sectors * SECTOR);
}

/* Read it, whatever it is: what is found is inside the disk. */
static void read_any(struct disk_rig *rig)
{
	rig->reads = 0;
	assert_int_equal(partitions_read(&rig->source, &found), 0);
	assert_true(rig->reads <= READS_MAX);
	assert_true(found.count <= PARTITIONS_MAX);
	for (size_t i = 0; i < found.count; i++) {
		assert_true(found.list[i].number > 0);
		assert_true(found.list[i].size > 0);
		assert_true(found.list[i].offset < rig->source.size);
		assert_true(found.list[i].size <= rig->source.size - found.list[i].offset);
	}
}

static void expect(struct disk_rig *rig, enum partition_table table, size_t count)
{
	read_any(rig);
	assert_int_equal(found.table, table);
	assert_int_equal(found.count, count);
}

/* A disk of 8 MiB that sfdisk(8) has partitioned. */
static void partition_by_tool(struct disk_rig *rig, const char *script)
{
	const char *input = scratch_write("script", script, strlen(script));
	const char *path = scratch_sparse("disk", 8 * MIB);

	run_tool(input, "/sbin/sfdisk", "--quiet", path);
	disk_rig_load(rig, path);
}

/* --- no table --- */

static void a_disk_of_zeros_has_no_partitions(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	expect(&rig, PARTITION_TABLE_NONE, 0);
	disk_rig_free(&rig);
}

static void a_boot_sector_of_a_file_system_is_no_table(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	memset(rig.bytes, 0x41, SECTOR);
	put_le16(rig.bytes + 510, 0xaa55);
	expect(&rig, PARTITION_TABLE_NONE, 0);
	disk_rig_free(&rig);
}

static void a_disk_smaller_than_a_sector_and_one_that_cannot_be_read_are_errors(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, 100);
	assert_int_equal(partitions_read(&rig.source, &found), -ENODATA);
	assert_int_equal(rig.reads, 0);
	disk_rig_free(&rig);

	disk_rig_make(&rig, MIB);
	rig.is_bad = true;
	assert_int_equal(partitions_read(&rig.source, &found), -EIO);
	disk_rig_free(&rig);
}

/* --- GPT --- */

static void a_gpt_of_sfdisk_is_read_with_the_numbers_of_its_entries(void **state)
{
	struct disk_rig rig;

	partition_by_tool(&rig, "label: gpt\n"
				"1: start=2048, size=1024\n"
				"3: start=4096, size=2048, type=swap\n"
				"15: start=8192, size=1\n");
	expect(&rig, PARTITION_TABLE_GPT, 3);
	is_at(1, 2048, 1024);
	is_at(3, 4096, 2048);
	is_at(15, 8192, 1);
	disk_rig_free(&rig);
}

static void a_gpt_of_sectors_of_4_kib_is_read(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 4096);
	put_entry(&rig, &gpt, 2, 16, 31);
	expect(&rig, PARTITION_TABLE_GPT, 1);
	is_at(2, 16 * 8, 16 * 8);
	disk_rig_free(&rig);
}

static void each_damage_of_the_primary_gpt_is_noticed_and_the_backup_read(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 1, 64, 127);
	for (size_t i = 0; i < 92; i++) {
		rig.bytes[gpt.header + i] ^= 0x10;
		expect(&rig, PARTITION_TABLE_GPT_BACKUP, 1);
		is_at(1, 64, 64);
		rig.bytes[gpt.header + i] ^= 0x10;
	}
	for (size_t i = 0; i < (size_t)128 * 128; i += 97) {
		rig.bytes[gpt.entries + i] ^= 0x01;
		expect(&rig, PARTITION_TABLE_GPT_BACKUP, 1);
		/* Nor is it read if there is none. */
		rig.bytes[gpt.backup_entries + i] ^= 0x01;
		expect(&rig, PARTITION_TABLE_NONE, 0);
		rig.bytes[gpt.backup_entries + i] ^= 0x01;
		rig.bytes[gpt.entries + i] ^= 0x01;
	}
	expect(&rig, PARTITION_TABLE_GPT, 1);
	disk_rig_free(&rig);
}

static void a_bad_sector_in_the_primary_gpt_is_a_damage(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 1, 64, 127);
	rig.is_bad = true;
	rig.bad = gpt.header;
	expect(&rig, PARTITION_TABLE_GPT_BACKUP, 1);
	rig.bad = gpt.entries + 8192;
	expect(&rig, PARTITION_TABLE_GPT_BACKUP, 1);
	disk_rig_free(&rig);
}

static void a_gpt_without_its_protective_mbr_is_none(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 1, 64, 127);
	memset(rig.bytes, 0, SECTOR);
	expect(&rig, PARTITION_TABLE_NONE, 0);
	/* With another MBR, that one counts. */
	put_slot(&rig, 0, 1, 0x82, 100, 50);
	expect(&rig, PARTITION_TABLE_MBR, 1);
	is_at(2, 100, 50);
	disk_rig_free(&rig);
}

static void a_header_at_another_place_than_it_says_is_a_damage(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	memcpy(rig.bytes + gpt.header, rig.bytes + gpt.backup, 92);
	expect(&rig, PARTITION_TABLE_GPT_BACKUP, 0);
	disk_rig_free(&rig);
}

static void absurd_fields_of_a_gpt_that_is_signed_are_harmless(void **state)
{
	static const uint64_t numbers[] = {
		0,
		1,
		2,
		91,
		93,
		127,
		129,
		512,
		513,
		2047,
		2048,
		4096,
		8192,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x007fffffffffffff,
		0x0080000000000000,
		INT64_MAX,
		(uint64_t)INT64_MAX + 1,
		UINT64_MAX,
	};
	static const struct {
		size_t offset;
		size_t size;
	} fields[] = { { 8, 4 },  { 12, 4 }, { 24, 8 }, { 32, 8 }, { 40, 8 },
		       { 48, 8 }, { 72, 8 }, { 80, 4 }, { 84, 4 } };
	struct disk_rig rig;
	struct gpt_rig gpt;
	uint8_t kept[92];

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 1, 64, 127);
	memcpy(kept, rig.bytes + gpt.header, sizeof(kept));
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			uint8_t *field = rig.bytes + gpt.header + fields[f].offset;

			if (fields[f].size == 4)
				put_le32(field, (uint32_t)numbers[i]);
			else
				put_le64(field, numbers[i]);
			sign_gpt(&rig, gpt.header);
			read_any(&rig);
			assert_int_not_equal(found.table, PARTITION_TABLE_NONE);
			memcpy(rig.bytes + gpt.header, kept, sizeof(kept));
		}
	}
	/* And of an entry. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
			put_entry(&rig, &gpt, 1, numbers[i], numbers[j]);
			expect(&rig, PARTITION_TABLE_GPT,
			       numbers[i] <= numbers[j] && numbers[j] < MIB / SECTOR ? 1 : 0);
		}
	}
	disk_rig_free(&rig);
}

static void a_gpt_of_many_entries_is_read_as_far_as_there_is_room(void **state)
{
	struct disk_rig rig;
	uint8_t *header;
	size_t entries = 2048;

	/* The largest that is accepted. */
	disk_rig_make(&rig, 2 * MIB);
	put_gpt(&rig, 512);
	header = rig.bytes + 512;
	put_le64(header + 72, entries / SECTOR);
	put_le32(header + 80, MIB / 128);
	for (size_t i = 0; i < MIB / 128; i++) {
		uint8_t *entry = rig.bytes + entries + i * 128;

		entry[0] = 1;
		put_le64(entry + 32, i % 64);
		put_le64(entry + 40, 64);
	}
	sign_gpt(&rig, 512);
	expect(&rig, PARTITION_TABLE_GPT, PARTITIONS_MAX);
	/* One more, and it is not read. */
	put_le32(header + 80, MIB / 128 + 1);
	sign_gpt(&rig, 512);
	expect(&rig, PARTITION_TABLE_GPT_BACKUP, 0);
	disk_rig_free(&rig);
}

/* --- MBR --- */

static void an_mbr_of_sfdisk_is_read_with_its_logical_partitions(void **state)
{
	struct disk_rig rig;

	partition_by_tool(&rig, "label: dos\n"
				"1: start=64, size=1000, type=83\n"
				"2: start=2048, size=8192, type=5\n"
				"4: start=12000, size=100, type=82\n"
				"5: start=2112, size=1000, type=82\n"
				"6: start=4096, size=512, type=83\n"
				"7: start=8000, size=10, type=82\n");
	expect(&rig, PARTITION_TABLE_MBR, 5);
	is_at(1, 64, 1000);
	is_at(4, 12000, 100);
	is_at(5, 2112, 1000);
	is_at(6, 4096, 512);
	is_at(7, 8000, 10);
	disk_rig_free(&rig);
}

static void each_type_of_extended_partition_is_followed(void **state)
{
	static const uint8_t types[] = { 0x05, 0x0f, 0x85 };

	for (size_t i = 0; i < sizeof(types); i++) {
		struct disk_rig rig;

		disk_rig_make(&rig, MIB);
		put_slot(&rig, 0, 3, types[i], 100, 500);
		put_slot(&rig, 100, 0, 0x82, 1, 20);
		put_slot(&rig, 100, 1, types[i], 50, 100);
		put_slot(&rig, 150, 0, 0x82, 2, 30);
		expect(&rig, PARTITION_TABLE_MBR, 2);
		is_at(5, 101, 20);
		is_at(6, 152, 30);
		disk_rig_free(&rig);
	}
}

static void a_partition_that_ends_behind_the_disk_is_cut_off(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x82, 2000, 49);
	put_slot(&rig, 0, 1, 0x82, 2047, UINT32_MAX);
	put_slot(&rig, 0, 2, 0x82, 2048, 1);
	put_slot(&rig, 0, 3, 0x82, UINT32_MAX, UINT32_MAX);
	expect(&rig, PARTITION_TABLE_MBR, 2);
	is_at(1, 2000, 48);
	is_at(2, 2047, 1);
	disk_rig_free(&rig);
}

static void a_chain_of_tables_that_loops_ends(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x05, 100, 500);
	/* To itself: */
	put_slot(&rig, 100, 0, 0x82, 1, 20);
	put_slot(&rig, 100, 1, 0x05, 0, 100);
	expect(&rig, PARTITION_TABLE_MBR, 1);
	assert_true(rig.reads <= 3);
	/* And back, where two extended partitions end, too. */
	put_slot(&rig, 100, 1, 0x05, 50, 100);
	put_slot(&rig, 150, 0, 0x82, 1, 20);
	put_slot(&rig, 150, 1, 0x05, 0, 100);
	put_slot(&rig, 0, 1, 0x0f, 150, 500);
	expect(&rig, PARTITION_TABLE_MBR, 2);
	assert_true(rig.reads <= 4);
	/* To the MBR, which names the chain. */
	put_slot(&rig, 0, 0, 0x05, 0, 500);
	read_any(&rig);
	disk_rig_free(&rig);
}

static void a_chain_of_more_tables_than_there_is_room_for_ends(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x05, 100, 1900);
	for (uint32_t i = 0; i < 1000; i++) {
		put_slot(&rig, 100 + i, 0, 0x82, 1, 1);
		put_slot(&rig, 100 + i, 1, 0x05, i + 1, 1);
	}
	expect(&rig, PARTITION_TABLE_MBR, PARTITIONS_MAX);
	assert_int_equal(rig.reads, 1 + PARTITIONS_MAX);
	is_at(5, 101, 1);
	disk_rig_free(&rig);
}

static void a_chain_ends_at_a_table_that_is_none_or_cannot_be_read(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x05, 100, 500);
	put_slot(&rig, 100, 0, 0x82, 1, 20);
	put_slot(&rig, 100, 1, 0x05, 50, 100);
	expect(&rig, PARTITION_TABLE_MBR, 1);
	put_slot(&rig, 100, 1, 0x05, UINT32_MAX, 100);
	expect(&rig, PARTITION_TABLE_MBR, 1);
	put_slot(&rig, 100, 1, 0x05, 50, 100);
	put_slot(&rig, 150, 0, 0x82, 1, 20);
	expect(&rig, PARTITION_TABLE_MBR, 2);
	rig.is_bad = true;
	rig.bad = 150 * SECTOR;
	expect(&rig, PARTITION_TABLE_MBR, 1);
	disk_rig_free(&rig);
}

static void the_last_slots_of_a_logical_table_count_inside_its_partition_alone(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x05, 100, 500);
	put_slot(&rig, 100, 2, 0x82, 1, 499);
	put_slot(&rig, 100, 3, 0x82, 1, 500);
	expect(&rig, PARTITION_TABLE_MBR, 1);
	is_at(5, 101, 499);
	disk_rig_free(&rig);
}

/* --- whatever it is --- */

static void random_tables_are_harmless(void **state)
{
	static const uint8_t types[] = { 0, 0x05, 0x0f, 0x82, 0x83, 0x85 };
	struct disk_rig rig;
	uint32_t seed = 1;

	disk_rig_make(&rig, 64 * SECTOR);
	for (unsigned int round = 0; round < 20000; round++) {
		for (uint64_t table = 0; table < 64; table++) {
			seed = seed * 1664525 + 1013904223;
			put_slot(&rig, table, seed >> 30, types[(seed >> 8) % sizeof(types)],
				 (seed >> 12) % 80, (seed >> 20) % 80);
		}
		read_any(&rig);
	}
	disk_rig_free(&rig);
}

static void a_disk_that_is_cut_off_anywhere_is_harmless(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, 256 * SECTOR);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 1, 64, 127);
	for (uint64_t size = SECTOR; size < 256ULL * SECTOR; size += 256) {
		rig.source.size = size;
		read_any(&rig);
	}
	disk_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_of_zeros_has_no_partitions),
		cmocka_unit_test(a_boot_sector_of_a_file_system_is_no_table),
		cmocka_unit_test(
			a_disk_smaller_than_a_sector_and_one_that_cannot_be_read_are_errors),
		cmocka_unit_test(a_gpt_of_sfdisk_is_read_with_the_numbers_of_its_entries),
		cmocka_unit_test(a_gpt_of_sectors_of_4_kib_is_read),
		cmocka_unit_test(each_damage_of_the_primary_gpt_is_noticed_and_the_backup_read),
		cmocka_unit_test(a_bad_sector_in_the_primary_gpt_is_a_damage),
		cmocka_unit_test(a_gpt_without_its_protective_mbr_is_none),
		cmocka_unit_test(a_header_at_another_place_than_it_says_is_a_damage),
		cmocka_unit_test(absurd_fields_of_a_gpt_that_is_signed_are_harmless),
		cmocka_unit_test(a_gpt_of_many_entries_is_read_as_far_as_there_is_room),
		cmocka_unit_test(an_mbr_of_sfdisk_is_read_with_its_logical_partitions),
		cmocka_unit_test(each_type_of_extended_partition_is_followed),
		cmocka_unit_test(a_partition_that_ends_behind_the_disk_is_cut_off),
		cmocka_unit_test(a_chain_of_tables_that_loops_ends),
		cmocka_unit_test(a_chain_of_more_tables_than_there_is_room_for_ends),
		cmocka_unit_test(a_chain_ends_at_a_table_that_is_none_or_cannot_be_read),
		cmocka_unit_test(
			the_last_slots_of_a_logical_table_count_inside_its_partition_alone),
		cmocka_unit_test(random_tables_are_harmless),
		cmocka_unit_test(a_disk_that_is_cut_off_anywhere_is_harmless),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
