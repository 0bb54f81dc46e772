/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-blk on a real file, through the transport and its thread: a request is carried
 * out however it is laid out, and no guest can do harm.
 */
#include "blk-rig.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BIT(number) (1ULL << (number))
#define EVERYTHING (RIG_FLUSH | RIG_EVENT_IDX | RIG_INDIRECT)

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

/* --- what a disk does --- */

static void a_disk_reports_its_capacity_and_features(void **state)
{
	struct rig r;

	rig_create(&r, false);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_BLOCK);
	assert_int_equal(virtio_mmio_read(&r.blk.mmio, VIRTIO_MMIO_CONFIG, 8), RIG_SECTORS);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_CONFIG + 4), 0);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_CONFIG + 12), 254);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_CONFIG + 20), 512);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_DEVICE_FEATURES),
			 EVERYTHING | BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_BLK_SIZE) |
				 BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES) |
				 BIT(VIRTIO_BLK_F_MQ));
	rig_teardown(&r);

	rig_create(&r, true);
	assert_true(driver_get(&r.blk.mmio, VIRTIO_MMIO_DEVICE_FEATURES) & BIT(VIRTIO_BLK_F_RO));
	rig_teardown(&r);
}

static void written_data_is_in_the_image_and_read_back(void **state)
{
	static const uint64_t features[] = { 0, RIG_FLUSH, EVERYTHING };

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct rig r;

		rig_setup(&r, features[i]);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 3, 1024), VIRTIO_BLK_S_OK);
		rig_assert_pattern(rig_data(&r), 3 * 512, 1024);

		memset(rig_data(&r), 0xa5, 1024);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 3, 1024), VIRTIO_BLK_S_OK);
		rig_assert_image(&r, 3 * 512, rig_data(&r), 1024);
		memset(rig_data(&r), 0, 4096);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 2, 2048), VIRTIO_BLK_S_OK);
		rig_assert_pattern(rig_data(&r), 2 * 512, 512);
		for (size_t at = 512; at < 1536; at++)
			assert_int_equal(rig_data(&r)[at], 0xa5);
		rig_assert_pattern(rig_data(&r) + 1536, 5 * 512, 512);
		rig_teardown(&r);
	}
}

static void the_whole_disk_is_read_in_one_request(void **state)
{
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, RIG_SIZE), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 0, RIG_SIZE);
	rig_teardown(&r);
}

static void many_requests_at_once_are_all_answered(void **state)
{
	struct vring_used_elem used;
	struct rig r;

	rig_setup(&r, EVERYTHING);
	for (uint16_t round = 0; round < 200; round++) {
		rig_header(&r, VIRTIO_BLK_T_IN, round % RIG_SECTORS);
		for (uint16_t i = 0; i < 5; i++) {
			rig_describe(&r, (uint16_t)(3 * i), RIG_HEADER, 16, NEXT);
			rig_describe(&r, (uint16_t)(3 * i + 1), RIG_DATA + 512U * i, 512,
				     NEXT | WRITE);
			rig_describe(&r, (uint16_t)(3 * i + 2), RIG_STATUS + i, 1, WRITE);
			driver_offer(&r.driver, (uint16_t)(3 * i));
		}
		rig_notify(&r);
		/* One interrupt, for the last of them. */
		driver_set_used_event(&r.driver, (uint16_t)(r.driver.available - 1));
		for (uint16_t i = 0; i < 5; i++)
			assert_int_equal(rig_wait(&r, (uint16_t)(3 * i)), 513);
		assert_false(driver_collect(&r.driver, &used));
		for (uint16_t i = 0; i < 5; i++)
			rig_assert_pattern(rig_data(&r) + 512U * i, round % RIG_SECTORS * 512U,
					   512);
	}
	rig_teardown(&r);
}

static void a_request_may_be_split_into_descriptors_anywhere(void **state)
{
	static const uint8_t written[512] = { 1, 2, 3, [511] = 4 };
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	/* Written: the header in two, its end together with data, data in three. */
	rig_header(&r, VIRTIO_BLK_T_OUT, 9);
	memmove(driver_at(&r.driver, RIG_HEADER + 0x40, 9), driver_at(&r.driver, RIG_HEADER + 7, 9),
		9);
	memcpy(driver_at(&r.driver, RIG_HEADER + 0x49, 100), written, 100);
	memcpy(rig_data(&r), written + 100, 412);
	rig_describe(&r, 0, RIG_HEADER, 7, NEXT);
	rig_describe(&r, 1, RIG_HEADER + 0x40, 109, NEXT);
	rig_describe(&r, 2, RIG_DATA, 411, NEXT);
	rig_describe(&r, 3, RIG_DATA + 411, 1, NEXT);
	rig_describe(&r, 4, RIG_STATUS, 1, WRITE);
	driver_offer(&r.driver, 0);
	rig_notify(&r);
	assert_int_equal(rig_wait(&r, 0), 1);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	rig_assert_image(&r, 9 * 512, written, 512);

	/* Read: data and status in one descriptor, and bytes too many to be read. */
	rig_header(&r, VIRTIO_BLK_T_IN, 20);
	rig_describe(&r, 0, RIG_HEADER, 40, NEXT);
	rig_describe(&r, 1, RIG_DATA, 13, NEXT | WRITE);
	rig_describe(&r, 2, RIG_STATUS - 499, 500, WRITE);
	driver_offer(&r.driver, 0);
	rig_notify(&r);
	assert_int_equal(rig_wait(&r, 0), 513);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 20 * 512, 13);
	rig_assert_pattern(driver_at(&r.driver, RIG_STATUS - 499, 499), 20 * 512 + 13, 499);
	rig_teardown(&r);
}

static void the_id_of_a_disk_is_the_name_of_its_image(void **state)
{
	char wanted[DISK_NAME_SIZE] = { 0 };
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	memcpy(wanted, r.path + 5, strlen(r.path + 5));
	memset(rig_data(&r), 0xff, 64);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_GET_ID, 0, 20), VIRTIO_BLK_S_OK);
	assert_memory_equal(rig_data(&r), wanted, 20);
	assert_int_equal(rig_data(&r)[20], 0xff);
	/* Less room, and more. */
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_GET_ID, 0, 4), VIRTIO_BLK_S_OK);
	assert_memory_equal(rig_data(&r), wanted, 4);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_GET_ID, 0, 30), VIRTIO_BLK_S_OK);
	assert_int_equal(rig_data(&r)[29], 0);
	rig_teardown(&r);
}

/* --- what a disk refuses --- */

static void a_request_outside_of_the_disk_is_an_error(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t size;
	} cases[] = {
		{ RIG_SECTORS, 512 },
		{ RIG_SECTORS - 1, 1024 },
		{ UINT64_MAX, 512 },
		{ 1ULL << 55, 512 },
		{ UINT64_MAX / 512, 512 },
		{ 0, RIG_SIZE + 512 },
		{ 0, 511 },
		{ 0, 513 },
	};
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(rig_data(&r), 0x99, RIG_SIZE + 512);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, cases[i].sector, cases[i].size),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, cases[i].sector, cases[i].size),
				 VIRTIO_BLK_S_IOERR);
		/* What could not be read is zero, not the former contents. */
		for (uint32_t at = 0; at < cases[i].size; at++)
			assert_int_equal(rig_data(&r)[at], 0);
	}
	/* Nothing was written, and the disk's last sector is there. */
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, RIG_SIZE), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 0, RIG_SIZE);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, RIG_SECTORS, 0), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

static void a_write_to_a_read_only_disk_is_refused(void **state)
{
	struct rig r;

	rig_create(&r, true);
	/* By a driver that did not accept VIRTIO_BLK_F_RO. */
	rig_start(&r, RIG_FLUSH);
	memset(rig_data(&r), 0x99, 512);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 0, 512);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

static void unknown_requests_to_a_disk_are_unsupported(void **state)
{
	static const uint32_t types[] = { 2,  3,  5,	      VIRTIO_BLK_T_DISCARD,
					  13, 31, 0x80000000, UINT32_MAX };
	struct rig r;

	rig_setup(&r, RIG_FLUSH);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(rig_request(&r, types[i], 0, 512), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

/* --- what a guest may do wrong --- */

static void malformed_requests_break_a_disk_until_its_reset(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t size;
		uint16_t flags;
		const char *reason;
	} cases[] = {
#define NO_REQUEST "a request has no header or no status"
		{ RIG_HEADER, 16, 0, NO_REQUEST },
		{ RIG_HEADER, 15, 0, NO_REQUEST },
		{ RIG_HEADER, 16, WRITE, NO_REQUEST },
		{ 0, 16, 0, "a descriptor lies outside RAM" },
		{ RIG_HEADER, 16, NEXT, "a descriptor lies outside RAM" },
	};
	char wanted[64];
	struct rig r;

	rig_create(&r, false);
	snprintf(wanted, sizeof(wanted), "disk %s: ", r.path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* As after a reset of the machine, when it may be reported again. */
		virtio_mmio_reset(&r.blk.mmio);
		rig_start(&r, RIG_FLUSH);
		rig_header(&r, VIRTIO_BLK_T_IN, 0);
		rig_describe(&r, 0, cases[i].address, cases[i].size, cases[i].flags);
		rig_describe(&r, 1, 0, 1, 0);
		driver_offer(&r.driver, 0);
		rig_notify(&r);
		rig_wait_until_broken(&r);
		assert_non_null(strstr(r.report, cases[i].reason));
		assert_non_null(strstr(r.report, wanted));
		assert_int_equal(atomic_load(&r.reports), i + 1);

		/* Nothing is served any more, notified or not. */
		rig_notify(&r);
		assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
		assert_false(driver_collect(&r.driver, &(struct vring_used_elem){ 0 }));

		rig_start(&r, RIG_FLUSH);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 4, 512), VIRTIO_BLK_S_OK);
		rig_assert_pattern(rig_data(&r), 4 * 512, 512);
	}
	rig_teardown(&r);
}

/* A guest that breaks the ring while it works, again and again, with resets between. */
static void a_reset_of_a_disk_at_any_time_leaves_no_request_in_flight(void **state)
{
	struct rig r;

	rig_create(&r, false);
	for (unsigned int round = 0; round < 300; round++) {
		uint8_t *found;

		rig_start(&r, EVERYTHING);
		rig_header(&r, VIRTIO_BLK_T_IN, 0);
		for (uint16_t i = 0; i < 5; i++) {
			rig_describe(&r, (uint16_t)(3 * i), RIG_HEADER, 16, NEXT);
			rig_describe(&r, (uint16_t)(3 * i + 1), RIG_DATA + 512U * i, 512,
				     NEXT | WRITE);
			rig_describe(&r, (uint16_t)(3 * i + 2), RIG_STATUS, 1, WRITE);
			driver_offer(&r.driver, (uint16_t)(3 * i));
		}
		rig_notify(&r);
		/* From here on memory is the guest's alone; TSan watches, too. */
		driver_set(&r.blk.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_STATUS), 0);
		found = rig_data(&r);
		memset(found, 0x42, 5 * 512);
		for (size_t i = 0; i < 5 * 512; i++)
			assert_int_equal(found[i], 0x42);
	}
	assert_int_equal(atomic_load(&r.reports), 0);
	rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_reports_its_capacity_and_features),
		cmocka_unit_test(written_data_is_in_the_image_and_read_back),
		cmocka_unit_test(the_whole_disk_is_read_in_one_request),
		cmocka_unit_test(many_requests_at_once_are_all_answered),
		cmocka_unit_test(a_request_may_be_split_into_descriptors_anywhere),
		cmocka_unit_test(the_id_of_a_disk_is_the_name_of_its_image),
		cmocka_unit_test(a_request_outside_of_the_disk_is_an_error),
		cmocka_unit_test(a_write_to_a_read_only_disk_is_refused),
		cmocka_unit_test(unknown_requests_to_a_disk_are_unsupported),
		cmocka_unit_test(malformed_requests_break_a_disk_until_its_reset),
		cmocka_unit_test(a_reset_of_a_disk_at_any_time_leaves_no_request_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
