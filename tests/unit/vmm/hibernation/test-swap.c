/* SPDX-License-Identifier: BSD-3-Clause */
/* Hibernation images on a guest's disk: where they are and which signature they want. */
#include "hibernation/swap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk-rig.h"
#include "linux-page.h"
#include "support/scratch.h"

static struct swap_places places;
static const char *command_line;

static void find(struct disk_rig *rig)
{
	assert_int_equal(swap_find(&rig->source, command_line, &places), 0);
	command_line = NULL;
	/* Whatever it is, there are words for it. */
	for (size_t i = 0; i < places.count; i++) {
		char text[SWAP_TEXT_SIZE];

		swap_describe(&places.list[i], text);
		assert_true(strlen(text) > 10 && strlen(text) < SWAP_TEXT_SIZE - 1);
	}
}

/* What is found, in words, in order. */
static void finds(struct disk_rig *rig, size_t count, const char *const *texts)
{
	find(rig);
	assert_int_equal(places.count, count);
	assert_int_equal(places.left_out, 0);
	for (size_t i = 0; i < count; i++) {
		char text[SWAP_TEXT_SIZE];

		swap_describe(&places.list[i], text);
		assert_string_equal(text, texts[i]);
	}
}

static void finds_one(struct disk_rig *rig, const char *text)
{
	finds(rig, 1, &text);
}

static void finds_none(struct disk_rig *rig)
{
	finds(rig, 0, NULL);
}

/* --- what Linux and its tools write --- */

static void an_image_of_linux_wants_the_signature_of_its_facs(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	finds_one(&rig, "the whole disk: a hibernation image, in pages of 4 KiB, that wants the "
			"hardware signature 0x107f79a0");
	assert_int_equal(places.list[0].kind, SWAP_IMAGE);
	assert_true(places.list[0].header.wants_signature);
	assert_int_equal(places.list[0].header.hardware_signature, LINUX_ACPI_SIGNATURE);
	assert_string_equal(places.list[0].header.signature, "S1SUSPEND");
	assert_string_equal(places.list[0].header.original, "SWAPSPACE2");
	assert_int_equal(places.list[0].header.pages, 0x20000);
	rig.bytes[1024] = 2;
	finds_one(&rig, "the whole disk: a hibernation image, in pages of 4 KiB, that wants the "
			"hardware signature 0x107f79a0");
	assert_int_equal(places.list[0].header.pages, 0);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI_RESUMED);
	finds_one(&rig,
		  "the whole disk: swap space without a hibernation image, in pages of 4 KiB");
	disk_rig_free(&rig);
}

static void an_image_of_linux_without_acpi_wants_none(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_DEVICE_TREE);
	finds_one(&rig, "the whole disk: a hibernation image, in pages of 4 KiB, that wants no "
			"hardware signature");
	assert_false(places.list[0].header.wants_signature);
	disk_rig_free(&rig);
}

static void swap_space_of_mkswap_is_found_with_its_pages(void **state)
{
	static const char *const sizes[] = { "--pagesize=4096", "--pagesize=16384",
					     "--pagesize=65536" };
	static const char *const texts[] = {
		"the whole disk: swap space without a hibernation image, in pages of 4 KiB",
		"the whole disk: swap space without a hibernation image, in pages of 16 KiB",
		"the whole disk: swap space without a hibernation image, in pages of 64 KiB",
	};

	for (size_t i = 0; i < 3; i++) {
		const char *path = scratch_sparse("swap", 2 * MIB);
		struct disk_rig rig;

		run_tool(NULL, "/sbin/mkswap", sizes[i], path);
		disk_rig_load(&rig, path);
		finds_one(&rig, texts[i]);
		disk_rig_free(&rig);
	}
}

/* --- where --- */

static void images_are_found_in_partitions_of_a_gpt(void **state)
{
	static const char *const texts[] = {
		"partition 2: a hibernation image, in pages of 16 KiB, that wants the hardware "
		"signature 0x0000abcd",
		"partition 7: swap space without a hibernation image, in pages of 64 KiB",
	};
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, MIB);
	gpt = put_gpt(&rig, 512);
	put_entry(&rig, &gpt, 2, 128, 255);
	put_entry(&rig, &gpt, 3, 256, 383);
	put_entry(&rig, &gpt, 7, 512, 1023);
	put_swap(&rig, 65536, 16384, "S1SUSPEND", "SWAPSPACE2");
	put_image(&rig, 65536, 16384, 8, 0xabcd, 3);
	put_swap(&rig, (uint64_t)512 * SECTOR, 65536, "SWAPSPACE2", "");
	finds(&rig, 2, texts);
	assert_int_equal(places.table, PARTITION_TABLE_GPT);
	assert_int_equal(places.list[0].offset, 65536);
	disk_rig_free(&rig);
}

static void an_image_is_found_in_a_logical_partition_of_an_mbr(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x05, 100, 1000);
	put_slot(&rig, 100, 0, 0x82, 28, 500);
	put_swap(&rig, (uint64_t)128 * SECTOR, 4096, "S1SUSPEND", "SWAP-SPACE");
	finds_one(&rig, "partition 5: a hibernation image, in pages of 4 KiB, that wants no "
			"hardware signature");
	assert_int_equal(places.table, PARTITION_TABLE_MBR);
	assert_string_equal(places.list[0].header.original, "SWAP-SPACE");
	disk_rig_free(&rig);
}

static void a_header_that_does_not_fit_into_its_partition_is_none(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x82, 128, 32);
	put_swap(&rig, 65536, 16384, "S1SUSPEND", "SWAPSPACE2");
	find(&rig);
	assert_int_equal(places.count, 1);
	put_slot(&rig, 0, 0, 0x82, 128, 31);
	finds_none(&rig);
	disk_rig_free(&rig);
}

static void a_swap_file_is_found_by_its_offset_alone(void **state)
{
	static const char *const none[] = {
		"",
		"resume=/dev/vda1",
		"resume_offset=",
		"resume_offset=33",
		"resume_offset=-32",
		"resume_offset=18446744073709551615",
		"resume_offset=4503599627370496",
		"my_resume_offset=32",
		"resume_offset=32 resume_offset=31",
	};
	static const char *const found[] = {
		"resume_offset=32",
		"quiet resume=/dev/vda1 resume_offset=32 splash",
		"resume_offset=31 resume_offset=0x20",
	};
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x83, 128, 1000);
	put_swap(&rig, 65536 + 32 * 4096, 4096, "S1SUSPEND", "SWAPSPACE2");
	finds_none(&rig);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		command_line = none[i];
		finds_none(&rig);
	}
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		command_line = found[i];
		finds_one(&rig, "partition 1: a swap file: a hibernation image, in pages of 4 KiB, "
				"that wants no hardware signature");
		assert_int_equal(places.list[0].offset, 65536 + 32 * 4096);
	}
	disk_rig_free(&rig);
}

static void an_image_counts_more_than_swap_space_of_other_pages(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_swap(&rig, 0, 4096, "SWAPSPACE2", "");
	put_swap(&rig, 0, 65536, "S1SUSPEND", "SWAPSPACE2");
	finds_one(&rig, "the whole disk: a hibernation image, in pages of 64 KiB, that wants no "
			"hardware signature");
	disk_rig_free(&rig);
}

/* --- signatures --- */

static void each_signature_of_an_image_is_known(void **state)
{
	static const char *const known[] = { "S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001" };
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		put_swap(&rig, 0, 4096, known[i], "SWAPSPACE2");
		put_image(&rig, 0, 4096, 8, 0xabcd, 3);
		find(&rig);
		assert_int_equal(places.count, 1);
		assert_int_equal(places.list[0].kind, SWAP_IMAGE);
		assert_string_equal(places.list[0].header.signature, known[i]);
		/* Only in the kernel's own header these are flags. */
		assert_int_equal(places.list[0].header.wants_signature, i == 0);
	}
	disk_rig_free(&rig);
}

static void a_text_that_only_begins_like_a_signature_is_none(void **state)
{
	static const char *const others[] = { "S1SUSPENDx", "S1SUSPEN", "SWAPSPACE1", "swapspace2",
					      "S3SUSPEND" };
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put_swap(&rig, 0, 4096, others[i], "SWAPSPACE2");
		finds_none(&rig);
	}
	disk_rig_free(&rig);
}

static void an_image_whose_swap_space_has_no_signature_is_an_image(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_swap(&rig, 0, 4096, "S1SUSPEND", "S1SUSPEND");
	find(&rig);
	assert_int_equal(places.list[0].kind, SWAP_IMAGE);
	assert_string_equal(places.list[0].header.original, "");
	disk_rig_free(&rig);
}

static void the_id_is_of_all_of_the_page_but_its_signature(void **state)
{
	static const uint32_t sizes[] = { 4096, 16384, 65536 };
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	for (size_t i = 0; i < 3; i++) {
		const uint32_t size = sizes[i];
		uint64_t id;

		memset(rig.bytes, 0, MIB);
		put_swap(&rig, 0, size, "S1SUSPEND", "SWAPSPACE2");
		find(&rig);
		id = places.list[0].header.id;
		for (uint32_t at = 0; at < size - 20; at += 509) {
			rig.bytes[at] ^= 0x80;
			find(&rig);
			assert_int_equal(places.count, 1);
			assert_int_not_equal(places.list[0].header.id, id);
			rig.bytes[at] ^= 0x80;
		}
		rig.bytes[size] ^= 0x80;
		memcpy(rig.bytes + size - 10, "ULSUSPEND", 10);
		find(&rig);
		assert_int_equal(places.list[0].header.id, id);
	}
	disk_rig_free(&rig);
}

/* --- what cannot be read --- */

static void partitions_with_luks_lvm_or_raid_are_reported_as_unreadable(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x82, 128, 1000);
	memcpy(rig.bytes + 65536, "LUKS\xba\xbe", 6);
	finds_one(&rig, "partition 1: unreadable: encrypted");
	memset(rig.bytes + 65536, 0, 6);
	for (size_t sector = 0; sector < 5; sector++) {
		uint8_t *label = rig.bytes + 65536 + sector * SECTOR;

		memcpy(label, "LABELONE", 8);
		memcpy(label + 24, "LVM2 001", 8);
		if (sector < 4)
			finds_one(&rig, "partition 1: unreadable: LVM");
		else
			finds_none(&rig);
		memset(label, 0, 32);
	}
	put_le32(rig.bytes + 65536, 0xa92b4efc);
	finds_one(&rig, "partition 1: unreadable: a member of a RAID");
	put_le32(rig.bytes + 65536, 0);
	put_le32(rig.bytes + 65536 + 4096, 0xa92b4efc);
	finds_one(&rig, "partition 1: unreadable: a member of a RAID");
	put_le32(rig.bytes + 65536 + 4096, 0);
	finds_none(&rig);
	/* The whole disk, too. */
	memset(rig.bytes, 0, SECTOR);
	memcpy(rig.bytes, "LUKS\xba\xbe", 6);
	finds_one(&rig, "the whole disk: unreadable: encrypted");
	disk_rig_free(&rig);
}

static void an_error_of_the_host_is_reported_for_its_partition(void **state)
{
	static const char *const texts[] = {
		"partition 1: unreadable: Input/output error",
		"partition 2: swap space without a hibernation image, in pages of 4 KiB",
	};
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	put_slot(&rig, 0, 0, 0x82, 128, 500);
	put_slot(&rig, 0, 1, 0x82, 1024, 500);
	put_swap(&rig, 65536, 65536, "S1SUSPEND", "SWAPSPACE2");
	put_swap(&rig, (uint64_t)1024 * SECTOR, 4096, "SWAPSPACE2", "");
	rig.is_bad = true;
	/* Where the first bytes are, the end of a page, and its middle. */
	rig.bad = 65536 + 1;
	finds(&rig, 2, texts);
	rig.bad = 65536 + 16383;
	finds(&rig, 2, texts);
	rig.bad = 65536 + 30000;
	finds(&rig, 2, texts);
	/* The table itself. */
	rig.bad = 0;
	assert_int_equal(swap_find(&rig.source, NULL, &places), -EIO);
	disk_rig_free(&rig);
}

static void more_images_than_there_is_room_for_are_counted(void **state)
{
	struct disk_rig rig;
	struct gpt_rig gpt;

	disk_rig_make(&rig, 2 * MIB);
	gpt = put_gpt(&rig, 512);
	for (uint32_t i = 1; i <= 100; i++) {
		put_entry(&rig, &gpt, i, 128 + 16 * i, 143 + 16 * i);
		put_swap(&rig, (128 + 16 * (uint64_t)i) * SECTOR, 4096, "S1SUSPEND", "SWAPSPACE2");
	}
	find(&rig);
	assert_int_equal(places.count, SWAP_PLACES_MAX);
	assert_int_equal(places.left_out, 100 - SWAP_PLACES_MAX);
	disk_rig_free(&rig);
}

static void a_disk_of_any_size_is_harmless(void **state)
{
	struct disk_rig rig;

	disk_rig_make(&rig, 70000);
	put_slot(&rig, 0, 0, 0x82, 1, 500);
	memset(rig.bytes + 600, 0x5a, 60000);
	put_swap(&rig, 0, 65536, "S1SUSPEND", "SWAPSPACE2");
	for (uint64_t size = SECTOR; size < 70000; size += 251) {
		rig.source.size = size;
		command_line = "resume_offset=3";
		find(&rig);
	}
	disk_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_of_linux_wants_the_signature_of_its_facs),
		cmocka_unit_test(an_image_of_linux_without_acpi_wants_none),
		cmocka_unit_test(swap_space_of_mkswap_is_found_with_its_pages),
		cmocka_unit_test(images_are_found_in_partitions_of_a_gpt),
		cmocka_unit_test(an_image_is_found_in_a_logical_partition_of_an_mbr),
		cmocka_unit_test(a_header_that_does_not_fit_into_its_partition_is_none),
		cmocka_unit_test(a_swap_file_is_found_by_its_offset_alone),
		cmocka_unit_test(an_image_counts_more_than_swap_space_of_other_pages),
		cmocka_unit_test(each_signature_of_an_image_is_known),
		cmocka_unit_test(a_text_that_only_begins_like_a_signature_is_none),
		cmocka_unit_test(an_image_whose_swap_space_has_no_signature_is_an_image),
		cmocka_unit_test(the_id_is_of_all_of_the_page_but_its_signature),
		cmocka_unit_test(partitions_with_luks_lvm_or_raid_are_reported_as_unreadable),
		cmocka_unit_test(an_error_of_the_host_is_reported_for_its_partition),
		cmocka_unit_test(more_images_than_there_is_room_for_are_counted),
		cmocka_unit_test(a_disk_of_any_size_is_harmless),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
