/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a hibernation image: it is discarded, or its guest takes it or not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "disk-rig.h"
#include "hibernation/swap.h"
#include "linux-page.h"
#include "support/scratch.h"

/* What the host answers, as an errno, and how often it was asked. */
static int write_fails_with;
static int sync_fails_with;
static unsigned int syncs;
static size_t write_at_most = SIZE_MAX;

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (write_fails_with) {
		errno = write_fails_with;

		return -1;
	}

	return syscall(SYS_pwrite64, fd, bytes, size < write_at_most ? size : write_at_most,
		       offset);
}

int fdatasync(int fd)
{
	syncs++;
	errno = sync_fails_with;

	return sync_fails_with ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static struct swap_places places;

/* A disk of @rig's bytes, in which an image is found. */
static char *open_disk(struct disk_rig *rig, struct disk *disk, bool read_only)
{
	char *path = scratch_write("disk", rig->bytes, (size_t)rig->source.size);
	struct error error = { "" };
	struct source source;

	if (disk_open(disk, path, read_only, &error) != 0)
		fail_msg("%s", error.text);
	source = source_of_file(disk->fd, disk->size);
	assert_int_equal(swap_find(&source, NULL, &places), 0);
	assert_int_equal(places.count, 1);
	assert_int_equal(places.list[0].kind, SWAP_IMAGE);
	syncs = 0;

	return path;
}

/* The file is as @rig. */
static void is_like(const char *path, const struct disk_rig *rig)
{
	struct disk_rig now;

	disk_rig_load(&now, path);
	assert_int_equal(now.source.size, rig->source.size);
	assert_memory_equal(now.bytes, rig->bytes, (size_t)rig->source.size);
	disk_rig_free(&now);
}

/* --- discarding --- */

static void discarding_does_what_linux_does_durably(void **state)
{
	struct error error = { "" };
	struct disk_rig rig;
	struct disk disk;
	const char *path;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	path = open_disk(&rig, &disk, false);
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), 0);
	assert_int_equal(syncs, 1);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI_RESUMED);
	is_like(path, &rig);
	/* Once: now it has changed. */
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -ESTALE);
	scratch_says(&error, path, "has changed");
	disk_close(&disk);
	disk_rig_free(&rig);
}

static void discarding_changes_ten_bytes_of_a_partition(void **state)
{
	static const uint32_t sizes[] = { 4096, 16384, 65536 };
	struct error error = { "" };

	for (size_t i = 0; i < 3; i++) {
		struct disk_rig rig;
		struct disk disk;
		const char *path;

		disk_rig_make(&rig, MIB);
		memset(rig.bytes + SECTOR, 0x5a, MIB - SECTOR);
		put_slot(&rig, 0, 2, 0x82, 200, 1000);
		put_swap(&rig, (uint64_t)200 * SECTOR, sizes[i], "S1SUSPEND", "SWAP-SPACE");
		path = open_disk(&rig, &disk, false);
		/* In pieces, if the host wants it so. */
		write_at_most = 3;
		assert_int_equal(swap_discard(&disk, &places.list[0], &error), 0);
		write_at_most = SIZE_MAX;
		memcpy(rig.bytes + (size_t)200 * SECTOR + sizes[i] - 10, "SWAP-SPACE", 10);
		is_like(path, &rig);
		disk_close(&disk);
		disk_rig_free(&rig);
	}
}

static void nothing_is_discarded_if_the_page_has_changed(void **state)
{
	static const size_t changes[] = { 0, 1050, 4095 - 30, 4095 - 12, 4095 };
	struct error error = { "" };
	struct disk_rig rig;
	struct disk disk;

	disk_rig_make(&rig, MIB);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *path;

		put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
		path = open_disk(&rig, &disk, false);
		rig.bytes[changes[i]] ^= 0x40;
		assert_int_equal(pwrite(disk.fd, rig.bytes + changes[i], 1, (off_t)changes[i]), 1);
		assert_int_equal(swap_discard(&disk, &places.list[0], &error), -ESTALE);
		scratch_says(&error, path, "its header has changed");
		is_like(path, &rig);
		disk_close(&disk);
	}
	disk_rig_free(&rig);
}

static void nothing_is_discarded_without_the_original_signature(void **state)
{
	struct error error = { "" };
	struct disk_rig rig;
	struct disk disk;
	const char *path;

	disk_rig_make(&rig, MIB);
	put_swap(&rig, 0, 4096, "S1SUSPEND", "rm -rf / ;");
	path = open_disk(&rig, &disk, false);
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -EINVAL);
	scratch_says(&error, path, "lacks the signature of its swap space");
	is_like(path, &rig);
	disk_close(&disk);
	disk_rig_free(&rig);
}

static void nothing_is_discarded_on_a_read_only_disk(void **state)
{
	struct error error = { "" };
	struct disk_rig rig;
	struct disk disk;
	const char *path;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	path = open_disk(&rig, &disk, true);
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -EROFS);
	scratch_says(&error, path, "read-only");
	is_like(path, &rig);
	disk_close(&disk);
	disk_rig_free(&rig);
}

static void a_failure_of_the_host_is_reported(void **state)
{
	struct error error = { "" };
	struct disk_rig rig;
	struct disk disk;
	const char *path;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	path = open_disk(&rig, &disk, false);
	write_fails_with = ENOSPC;
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -ENOSPC);
	scratch_says(&error, path, strerror(ENOSPC));
	write_fails_with = 0;
	sync_fails_with = EIO;
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -EIO);
	scratch_says(&error, path, strerror(EIO));
	sync_fails_with = 0;
	assert_int_equal(ftruncate(disk.fd, 1024), 0);
	assert_int_equal(swap_discard(&disk, &places.list[0], &error), -EIO);
	disk_close(&disk);
	disk_rig_free(&rig);
}

/* --- after a start --- */

static void the_fate_of_an_image_is_read_from_its_header(void **state)
{
	struct disk_rig rig;
	struct swap_image image;

	disk_rig_make(&rig, MIB);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	assert_int_equal(swap_find(&rig.source, NULL, &places), 0);
	image = swap_remember(&places.list[0]);
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_KEPT);
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI_RESUMED);
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_RELEASED);
	/* Another hibernation, with another checksum. */
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI);
	rig.bytes[4096 - 36] ^= 1;
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_REPLACED);
	/* mkswap, which makes a new UUID; and a file system. */
	put_linux_page(rig.bytes, LINUX_PAGE_ACPI_RESUMED);
	rig.bytes[0x40c] ^= 1;
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_OVERWRITTEN);
	memset(rig.bytes, 0, 4096);
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_OVERWRITTEN);
	rig.is_bad = true;
	assert_int_equal(swap_fate(&rig.source, &image), SWAP_FATE_UNREADABLE);
	disk_rig_free(&rig);
}

static void an_image_that_a_record_puts_anywhere_is_harmless(void **state)
{
	static const struct swap_image images[] = {
		{ .offset = 0, .page_size = 0 },
		{ .offset = 0, .page_size = 8192 },
		{ .offset = 0, .page_size = UINT32_MAX },
		{ .offset = MIB - 4095, .page_size = 4096 },
		{ .offset = UINT64_MAX, .page_size = 4096 },
		{ .offset = UINT64_MAX - 4095, .page_size = 4096 },
		{ .offset = UINT64_MAX - 4096, .page_size = 65536 },
	};
	struct disk_rig rig;

	disk_rig_make(&rig, MIB);
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		assert_int_equal(swap_fate(&rig.source, &images[i]), SWAP_FATE_UNREADABLE);
	disk_rig_free(&rig);
}

static void the_words_say_no_more_than_can_be_seen(void **state)
{
	static const struct swap_image wants = { .wants_signature = true,
						 .hardware_signature = 0x1234 };
	static const struct swap_image wants_none = { .offset = 0 };
	static const struct swap_start same = { 0x1234, "resume=/dev/vda", false };
	static const struct swap_start other = { 0x1235, "resume=/dev/vda", false };
	static const struct swap_start no_acpi = { 0, "resume=/dev/vda", false };
	static const struct swap_start no_resume = { 0x1234, "quiet noresume", false };
	static const struct swap_start told = { 0x1234, "resume=/dev/vda", true };
	static const struct swap_start silent = { 0x1234, "quiet", false };
	static const struct swap_start firmware = { 0x1234, NULL, false };
	static const struct {
		enum swap_fate fate;
		const struct swap_image *image;
		const struct swap_start *start;
		const char *text;
	} cases[] = {
		{ SWAP_FATE_KEPT, &wants, &same,
		  "the guest has not looked for its image, which is still there" },
		{ SWAP_FATE_KEPT, &wants, &firmware,
		  "the guest has not looked for its image, which is still there" },
		{ SWAP_FATE_KEPT, &wants, &no_resume,
		  "the guest has not looked for its image, which is still there: its command line "
		  "says noresume" },
		{ SWAP_FATE_KEPT, &wants, &told,
		  "the guest has not looked for its image, which is still there: its command line "
		  "says noresume" },
		{ SWAP_FATE_KEPT, &wants, &silent,
		  "the guest has not looked for its image, which is still there; its command line "
		  "has no resume=, so that its initramfs has to name the image" },
		{ SWAP_FATE_RELEASED, &wants, &same,
		  "the guest found its image and could take it: its machine has the hardware "
		  "signature 0x00001234 that the image wants" },
		{ SWAP_FATE_RELEASED, &wants, &other,
		  "the guest discarded its image, which wants the hardware signature 0x00001234: "
		  "its machine has 0x00001235" },
		{ SWAP_FATE_RELEASED, &wants, &no_acpi,
		  "the guest discarded its image, which wants the hardware signature 0x00001234: "
		  "its machine has none" },
		{ SWAP_FATE_RELEASED, &wants, &no_resume,
		  "the guest discarded its image: its command line says noresume" },
		{ SWAP_FATE_RELEASED, &wants, &told,
		  "the guest discarded its image: its command line says noresume" },
		{ SWAP_FATE_RELEASED, &wants_none, &other,
		  "the guest found its image and could take it: the image wants no hardware "
		  "signature" },
		{ SWAP_FATE_REPLACED, &wants, &same,
		  "the guest's image was replaced: there is an image of a later hibernation" },
		{ SWAP_FATE_OVERWRITTEN, &wants, &same,
		  "the guest's image was overwritten: where it was there is other swap space or "
		  "none" },
		{ SWAP_FATE_UNREADABLE, &wants, &same,
		  "what became of the guest's image is not known: it cannot be read" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error text;

		swap_explain(cases[i].fate, cases[i].image, cases[i].start, &text);
		assert_string_equal(text.text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discarding_does_what_linux_does_durably),
		cmocka_unit_test(discarding_changes_ten_bytes_of_a_partition),
		cmocka_unit_test(nothing_is_discarded_if_the_page_has_changed),
		cmocka_unit_test(nothing_is_discarded_without_the_original_signature),
		cmocka_unit_test(nothing_is_discarded_on_a_read_only_disk),
		cmocka_unit_test(a_failure_of_the_host_is_reported),
		cmocka_unit_test(the_fate_of_an_image_is_read_from_its_header),
		cmocka_unit_test(an_image_that_a_record_puts_anywhere_is_harmless),
		cmocka_unit_test(the_words_say_no_more_than_can_be_seen),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
