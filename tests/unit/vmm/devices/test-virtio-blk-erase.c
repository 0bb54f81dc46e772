/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest discards and zeroes on a disk: exactly this is done, all or nothing,
 * storage is freed where it may be, and no request is too large.
 */
#include "blk-rig.h"

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BIT(number) (1ULL << (number))
#define ERASE (BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES) | RIG_FLUSH)
#define UNMAP VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP

/* A field of the configuration space. */
#define SPACE(r, field)                                                                         \
	((uint32_t)virtio_mmio_read(                                                            \
		&(r)->blk.mmio, VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, field), \
		sizeof((r)->blk.space.field)))

static const uint8_t zeroes[RIG_SIZE];

/* One request with this list. Returns its status. */
static uint8_t erase_list(struct rig *r, uint32_t type, const void *list, uint32_t size)
{
	memcpy(rig_data(r), list, size);
	rig_header(r, type, 0);
	rig_describe(r, 0, RIG_HEADER, 16, VRING_DESC_F_NEXT);
	rig_describe(r, 1, RIG_DATA, size, VRING_DESC_F_NEXT);
	rig_describe(r, 2, RIG_STATUS, 1, VRING_DESC_F_WRITE);
	driver_offer(&r->driver, 0);
	rig_notify(r);
	assert_int_equal(rig_wait(r, 0), 1);

	return rig_status(r);
}

static uint8_t erase(struct rig *r, uint32_t type,
		     const struct virtio_blk_discard_write_zeroes *segments, size_t count)
{
	return erase_list(r, type, segments, (uint32_t)(count * sizeof(*segments)));
}

static uint8_t erase_one(struct rig *r, uint32_t type, uint64_t sector, uint32_t sectors,
			 uint32_t flags)
{
	const struct virtio_blk_discard_write_zeroes segment = {
		.sector = sector,
		.num_sectors = sectors,
		.flags = flags,
	};

	return erase(r, type, &segment, 1);
}

static void assert_untouched(struct rig *r)
{
	static uint8_t image[RIG_SIZE];

	assert_int_equal(pread(r->disk.fd, image, sizeof(image), 0), sizeof(image));
	rig_assert_pattern(image, 0, sizeof(image));
}

/* Sectors [first, end) are zero and the others what they were. */
static void assert_zero(struct rig *r, size_t first, size_t end)
{
	static uint8_t image[RIG_SIZE];

	assert_int_equal(pread(r->disk.fd, image, sizeof(image), 0), sizeof(image));
	rig_assert_pattern(image, 0, first * 512);
	assert_memory_equal(image + first * 512, zeroes, (end - first) * 512);
	rig_assert_pattern(image + end * 512, end * 512, (RIG_SECTORS - end) * 512);
}

static void a_disk_offers_its_limits_for_discard_and_zeroes(void **state)
{
	struct rig r;

	rig_create(&r, false);
	assert_true(SPACE(&r, max_discard_sectors) >= 2048);
	assert_true(SPACE(&r, max_discard_seg) >= 1);
	assert_true(SPACE(&r, discard_sector_alignment) >= 1);
	assert_true(SPACE(&r, max_write_zeroes_sectors) >= 2048);
	assert_true(SPACE(&r, max_write_zeroes_seg) >= 1);
	assert_int_equal(SPACE(&r, write_zeroes_may_unmap), 1);
	rig_teardown(&r);

	rig_create(&r, true);
	assert_false(driver_get(&r.blk.mmio, VIRTIO_MMIO_DEVICE_FEATURES) &
		     (BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES)));
	rig_teardown(&r);
}

static void write_zeroes_zeroes_exactly_the_given_sectors(void **state)
{
	static const uint32_t flags[] = { 0, UNMAP };

	for (size_t i = 0; i < 2; i++) {
		struct rig r;

		rig_setup(&r, ERASE);
		/* Not at the bounds of what a file system allocates. */
		assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, 3, 17, flags[i]),
				 VIRTIO_BLK_S_OK);
		assert_zero(&r, 3, 20);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 5, 1024), VIRTIO_BLK_S_OK);
		assert_memory_equal(rig_data(&r), zeroes, 1024);
		rig_teardown(&r);
	}
}

static void a_discard_gives_storage_back_and_keeps_the_size(void **state)
{
	struct rig r;
	struct stat before;
	struct stat after;

	rig_setup(&r, ERASE);
	assert_int_equal(fsync(r.disk.fd), 0);
	assert_int_equal(fstat(r.disk.fd, &before), 0);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_DISCARD, 0, RIG_SECTORS, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(fstat(r.disk.fd, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_true(after.st_blocks < before.st_blocks);
	rig_teardown(&r);
}

static void a_discard_processes_each_of_its_segments(void **state)
{
	static const struct virtio_blk_discard_write_zeroes segments[] = {
		{ .sector = 8, .num_sectors = 8 },
		{ .sector = 16, .num_sectors = 8 },
		{ .sector = 24, .num_sectors = 0 },
	};
	struct rig r;

	rig_setup(&r, ERASE);
	assert_int_equal(erase(&r, VIRTIO_BLK_T_DISCARD, segments, 3), VIRTIO_BLK_S_OK);
	assert_zero(&r, 8, 24);
	rig_teardown(&r);
}

static void a_discard_with_a_bad_segment_fails_and_changes_nothing(void **state)
{
	static const struct {
		struct virtio_blk_discard_write_zeroes bad;
		uint32_t type;
		uint8_t status;
	} cases[] = {
		{ { RIG_SECTORS, 1, 0 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_IOERR },
		{ { RIG_SECTORS - 1, 2, 0 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_IOERR },
		{ { UINT64_MAX, 1, 0 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_IOERR },
		{ { UINT64_MAX / 512, 8, 0 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_IOERR },
		{ { 0, UINT32_MAX, 0 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_IOERR },
		/* A discard unmaps anyway; the standard does not define the flag for it. */
		{ { 0, 1, UNMAP }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_UNSUPP },
		{ { 0, 1, 2 }, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_UNSUPP },
	};
	struct rig r;

	rig_setup(&r, ERASE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct virtio_blk_discard_write_zeroes segments[] = {
			{ .sector = 0, .num_sectors = 8 },
			cases[i].bad,
		};

		assert_int_equal(erase(&r, cases[i].type, segments, 2), cases[i].status);
		assert_untouched(&r);
	}
	rig_teardown(&r);
}

static void write_zeroes_has_the_limits_of_discard(void **state)
{
	struct rig r;

	rig_setup(&r, ERASE);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, RIG_SECTORS - 1, 2, 0),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, 0, UINT32_MAX, UNMAP),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 2), VIRTIO_BLK_S_UNSUPP);
	assert_untouched(&r);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, RIG_SECTORS, 0, 0),
			 VIRTIO_BLK_S_OK);
	assert_untouched(&r);
	rig_teardown(&r);
}

static void a_discard_whose_list_has_another_length_is_an_error(void **state)
{
	static const struct virtio_blk_discard_write_zeroes many[256];
	const uint32_t types[] = { VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES };
	struct rig r;

	rig_setup(&r, ERASE);
	for (size_t i = 0; i < 2; i++) {
		const size_t max =
			i == 0 ? SPACE(&r, max_discard_seg) : SPACE(&r, max_write_zeroes_seg);

		assert_int_equal(erase(&r, types[i], many, max), VIRTIO_BLK_S_OK);
		assert_int_equal(erase(&r, types[i], many, max + 1), VIRTIO_BLK_S_IOERR);
		assert_int_equal(erase(&r, types[i], many, 256), VIRTIO_BLK_S_IOERR);
		/* With a part of a segment. */
		assert_int_equal(erase_list(&r, types[i], many, sizeof(many[0]) - 1),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(erase_list(&r, types[i], many, sizeof(many[0]) + 8),
				 VIRTIO_BLK_S_IOERR);
	}
	assert_untouched(&r);
	rig_teardown(&r);
}

static void a_discard_without_the_negotiated_feature_is_unsupported(void **state)
{
	struct rig r;

	rig_setup(&r, RIG_FLUSH | BIT(VIRTIO_BLK_F_DISCARD));
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), VIRTIO_BLK_S_UNSUPP);
	assert_untouched(&r);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_DISCARD, 0, 8, 0), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

static void a_discard_of_a_read_only_disk_changes_nothing(void **state)
{
	struct rig r;

	rig_create(&r, true);
	rig_start(&r, RIG_FLUSH);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_DISCARD, 0, 8, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(erase_one(&r, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), VIRTIO_BLK_S_UNSUPP);
	assert_untouched(&r);
	rig_teardown(&r);
}

/* tmpfs cannot zero a range and keep its storage: then the zeros are written. */
static void write_zeroes_writes_zeros_if_the_host_has_no_other_way(void **state)
{
	char path[] = "/dev/shm/test-blk-erase-XXXXXX";
	static uint8_t bytes[256 * 1024];
	static uint8_t after[sizeof(bytes)];
	struct error error;
	struct disk disk;
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	assert_int_equal(disk_open(&disk, path, false, &error), 0);
	/* More than one piece, and not a whole number of them. */
	assert_int_equal(disk_write_zeroes(&disk, 512, 150 * 1024, false), 0);
	assert_int_equal(pread(disk.fd, after, sizeof(after), 0), sizeof(after));
	memset(bytes + 512, 0, 150 * 1024);
	assert_memory_equal(after, bytes, sizeof(bytes));
	disk_close(&disk);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_offers_its_limits_for_discard_and_zeroes),
		cmocka_unit_test(write_zeroes_zeroes_exactly_the_given_sectors),
		cmocka_unit_test(a_discard_gives_storage_back_and_keeps_the_size),
		cmocka_unit_test(a_discard_processes_each_of_its_segments),
		cmocka_unit_test(a_discard_with_a_bad_segment_fails_and_changes_nothing),
		cmocka_unit_test(write_zeroes_has_the_limits_of_discard),
		cmocka_unit_test(a_discard_whose_list_has_another_length_is_an_error),
		cmocka_unit_test(a_discard_without_the_negotiated_feature_is_unsupported),
		cmocka_unit_test(a_discard_of_a_read_only_disk_changes_nothing),
		cmocka_unit_test(write_zeroes_writes_zeros_if_the_host_has_no_other_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
