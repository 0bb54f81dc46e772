/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-blk and its host: durable data is durable, and a failure of the host's disk is
 * an I/O error for the guest and has no other effect.
 *
 * preadv(), pwritev() and fdatasync() are this program's own, so that they can be counted
 * and made to fail.
 */
#include "blk-rig.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

/* --- the host's file operations --- */

static atomic_uint sync_count;
static atomic_int sync_errno;
static atomic_int interrupted_syncs; /* How many are, before one is carried out. */
static atomic_int transfer_errno;
static atomic_bool piecemeal;
static atomic_uint piece_count;
static _Atomic(struct rig *) watched; /* Whose request must not be answered before a sync is. */
static atomic_bool answered_early;
static atomic_uint transfer_count;
static atomic_ullong transfer_size_max; /* Of those that were called. */
static _Atomic(struct rig *) held; /* Whose transfers wait until its device may not run. */

int fdatasync(int fd)
{
	struct rig *r = atomic_load(&watched);

	if (r && rig_status(r) != RIG_NO_STATUS)
		atomic_store(&answered_early, true);
	atomic_fetch_add(&sync_count, 1);
	if (atomic_load(&interrupted_syncs) > 0) {
		atomic_fetch_sub(&interrupted_syncs, 1);
		errno = EINTR;

		return -1;
	}
	errno = atomic_load(&sync_errno);

	return errno ? -1 : fsync(fd);
}

/* Returns whether a transfer succeeds: not if it fails or, piecemeal, every other time. */
static bool begin_transfer(const struct iovec *parts, int count)
{
	struct rig *r = atomic_load(&held);
	unsigned long long size = 0;

	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (size > atomic_load(&transfer_size_max))
		atomic_store(&transfer_size_max, size);
	atomic_fetch_add(&transfer_count, 1);
	while (r && virtio_mmio_running(&r->blk.mmio))
		sched_yield();
	errno = atomic_load(&transfer_errno);
	if (errno)
		return false;
	errno = EINTR;

	return !atomic_load(&piecemeal) || atomic_fetch_add(&piece_count, 1) % 2 != 0;
}

/* All parts, or, piecemeal, up to 100 bytes of the first. */
static ssize_t transfer(int fd, const struct iovec *parts, int count, off_t offset, bool to_file)
{
	const bool little = atomic_load(&piecemeal);
	ssize_t done = 0;

	if (!begin_transfer(parts, count))
		return -1;
	for (int i = 0; i < (little ? 1 : count); i++) {
		const size_t size = little && parts[i].iov_len > 100 ? 100 : parts[i].iov_len;
		const ssize_t moved = to_file ? pwrite(fd, parts[i].iov_base, size, offset + done)
					      : pread(fd, parts[i].iov_base, size, offset + done);

		if (moved < 0)
			return -1;
		done += moved;
		if ((size_t)moved < size)
			break;
	}

	return done;
}

ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
	return transfer(fd, parts, count, offset, false);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	return transfer(fd, parts, count, offset, true);
}

static void reset_host(void)
{
	atomic_store(&sync_count, 0);
	atomic_store(&sync_errno, 0);
	atomic_store(&interrupted_syncs, 0);
	atomic_store(&transfer_errno, 0);
	atomic_store(&piecemeal, false);
	atomic_store(&watched, NULL);
	atomic_store(&answered_early, false);
	atomic_store(&transfer_count, 0);
	atomic_store(&transfer_size_max, 0);
	atomic_store(&held, NULL);
}

/* --- durability --- */

/* With a driver that flushes, after the first writes, which are durable by themselves. */
static void setup_late(struct rig *r)
{
	reset_host();
	rig_setup(r, RIG_FLUSH);
	for (unsigned int i = 0; i < BLK_EARLY_WRITES; i++)
		assert_int_equal(rig_request(r, VIRTIO_BLK_T_OUT, 0, 0), VIRTIO_BLK_S_OK);
	atomic_store(&sync_count, 0);
}

static void a_flush_is_answered_after_the_data_is_durable(void **state)
{
	struct rig r;

	setup_late(&r);
	atomic_store(&watched, &r);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 1);

	atomic_store(&sync_errno, EIO);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_IOERR);
	assert_false(atomic_load(&answered_early));
	rig_teardown(&r);
}

/* The host reports once that data is lost, and may count it as written afterwards. */
static void every_flush_fails_after_one_whose_data_was_lost(void **state)
{
	for (int by_drain = 0; by_drain < 2; by_drain++) {
		struct rig r;

		setup_late(&r);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
		atomic_store(&sync_errno, EIO);
		if (by_drain)
			assert_int_equal(disk_sync(&r.disk), -EIO);
		else
			assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0),
					 VIRTIO_BLK_S_IOERR);
		atomic_store(&sync_errno, 0);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_IOERR);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_IOERR);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
		assert_int_equal(atomic_load(&r.reports), 1);
		assert_non_null(strstr(r.report, r.path));
		assert_non_null(strstr(r.report, "what was written is not durable: Input/output "
						 "error; all flushes fail from now on"));
		assert_int_equal(blk_drain(&r.blk), -EIO);
		assert_int_equal(disk_sync(&r.disk), -EIO);
		rig_teardown(&r);
	}
}

static void every_write_without_flush_fails_after_one_that_was_lost(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, 0);
	atomic_store(&sync_errno, ENOSPC);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	atomic_store(&sync_errno, 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

static void a_sync_of_a_disk_that_a_signal_interrupts_is_continued(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
	atomic_store(&interrupted_syncs, 3);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 4);
	atomic_store(&interrupted_syncs, 1);
	assert_int_equal(disk_sync(&r.disk), 0);
	rig_teardown(&r);
}

static void every_write_is_durable_if_flush_was_not_negotiated(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, 0);
	atomic_store(&watched, &r);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 1, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 2);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 2);
	atomic_store(&sync_errno, EIO);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	assert_false(atomic_load(&answered_early));
	rig_teardown(&r);
}

/* The mark that a guest takes off its hibernation image is, which Linux does not flush. */
static void the_first_writes_after_a_reset_are_durable(void **state)
{
	struct rig r;

	reset_host();
	rig_create(&r, false);
	for (unsigned int life = 1; life <= 2; life++) {
		atomic_store(&sync_count, 0);
		/* Its thread leaves the rings before the driver makes them anew. */
		driver_set(&r.blk.mmio, VIRTIO_MMIO_STATUS, 0);
		rig_start(&r, RIG_FLUSH);
		atomic_store(&watched, &r);
		for (unsigned int i = 1; i <= BLK_EARLY_WRITES; i++) {
			assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
			assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512),
					 VIRTIO_BLK_S_OK);
			assert_int_equal(atomic_load(&sync_count), i);
		}
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 1, 512), VIRTIO_BLK_S_OK);
		assert_int_equal(atomic_load(&sync_count), BLK_EARLY_WRITES);
		assert_false(atomic_load(&answered_early));
	}
	driver_set(&r.blk.mmio, VIRTIO_MMIO_STATUS, 0);
	rig_start(&r, RIG_FLUSH);
	atomic_store(&sync_errno, EIO);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	rig_teardown(&r);
}

/* A request that was answered is durable; one that was only made available is never done. */
static void a_drain_makes_answered_writes_durable_and_starts_no_request(void **state)
{
	struct vring_used_elem used;
	struct rig r;

	setup_late(&r);
	memset(rig_data(&r), 0x3c, 512);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 5, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 0);
	rig_header(&r, VIRTIO_BLK_T_OUT, 6);
	rig_describe(&r, 0, RIG_HEADER, 16, NEXT);
	rig_describe(&r, 1, RIG_DATA, 512, NEXT);
	rig_describe(&r, 2, RIG_STATUS, 1, WRITE);
	driver_offer(&r.driver, 0);
	assert_int_equal(blk_drain(&r.blk), 0);
	assert_int_equal(atomic_load(&sync_count), 1);
	rig_assert_image(&r, 5 * 512, rig_data(&r), 512);
	rig_notify(&r);
	atomic_store(&sync_errno, ENOSPC);
	assert_int_equal(blk_drain(&r.blk), -ENOSPC);
	assert_false(driver_collect(&r.driver, &used));
	rig_teardown(&r);
}

static void a_drain_of_a_disk_that_was_never_used_does_nothing(void **state)
{
	struct rig r;

	reset_host();
	rig_create(&r, false);
	assert_int_equal(blk_drain(&r.blk), 0);
	rig_teardown(&r);
	reset_host();
	rig_create(&r, true);
	assert_int_equal(blk_drain(&r.blk), 0);
	assert_int_equal(atomic_load(&sync_count), 0);
	rig_teardown(&r);
}

/* --- requests that take long --- */

#define LONG_PART (3U << 20)
#define LONG_PARTS 14
#define LONG_SIZE ((uint64_t)LONG_PARTS * LONG_PART)
#define PIECE_MAX (32U << 20)

/* A disk with room for such a request, all of whose parts are the same RAM. */
static void setup_long(struct rig *r)
{
	reset_host();
	rig_create(r, false);
	assert_int_equal(truncate(r->path, LONG_SIZE), 0);
	r->disk.size = LONG_SIZE;
	rig_start(r, RIG_FLUSH);
}

static void offer_long(struct rig *r, uint32_t type)
{
	const uint16_t direction = type == VIRTIO_BLK_T_OUT ? 0 : WRITE;
	uint16_t at = 0;

	rig_header(r, type, 0);
	rig_describe(r, at++, RIG_HEADER, 16, NEXT);
	while (at <= LONG_PARTS)
		rig_describe(r, at++, RIG_DATA, LONG_PART, NEXT | direction);
	rig_describe(r, at, RIG_STATUS, 1, WRITE);
	driver_offer(&r->driver, 0);
	rig_notify(r);
}

static void a_long_request_is_processed_in_pieces(void **state)
{
	struct rig r;
	uint8_t *data;

	setup_long(&r);
	data = driver_at(&r.driver, RIG_DATA, LONG_PART);
	for (uint32_t i = 0; i < LONG_PART; i++)
		data[i] = (uint8_t)(i * 5 + i / 512);
	offer_long(&r, VIRTIO_BLK_T_OUT);
	assert_int_equal(rig_wait(&r, 0), 1);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&transfer_count), 2);
	assert_int_equal(atomic_load(&transfer_size_max), PIECE_MAX);
	/* Across the end of the first piece, and up to the end of all. */
	rig_assert_image(&r, PIECE_MAX - 512, data + (PIECE_MAX - 512) % LONG_PART, 1024);
	rig_assert_image(&r, LONG_SIZE - 512, data + LONG_PART - 512, 512);

	memset(data, 0, LONG_PART);
	offer_long(&r, VIRTIO_BLK_T_IN);
	assert_int_equal(rig_wait(&r, 0), LONG_SIZE + 1);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&transfer_count), 4);
	rig_assert_image(&r, LONG_SIZE - LONG_PART, data, 512);
	rig_assert_image(&r, LONG_SIZE - 512, data + LONG_PART - 512, 512);
	rig_teardown(&r);
}

static void wait_for_transfer(void)
{
	while (atomic_load(&transfer_count) == 0)
		sched_yield();
}

/* Its driver receives no error, as it may have other disks to report errors to. */
static void a_drain_abandons_a_long_request(void **state)
{
	static const uint32_t types[] = { VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct vring_used_elem used;
		struct rig r;

		setup_long(&r);
		atomic_store(&held, &r);
		offer_long(&r, types[i]);
		wait_for_transfer();
		assert_int_equal(blk_drain(&r.blk), 0);
		assert_int_equal(atomic_load(&transfer_count), 1);
		assert_false(driver_collect(&r.driver, &used));
		rig_teardown(&r);
	}
}

/* A vCPU that waits for the disk's lock gets it once the disk is quiesced. */
static void a_halt_ends_the_wait_for_a_long_request(void **state)
{
	struct rig r;

	setup_long(&r);
	atomic_store(&held, &r);
	offer_long(&r, VIRTIO_BLK_T_IN);
	wait_for_transfer();
	virtio_mmio_quiesce(&r.blk.mmio);
	assert_int_equal(driver_get(&r.blk.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
	assert_int_equal(atomic_load(&transfer_count), 1);
	rig_teardown(&r);
}

static void a_reset_abandons_a_long_request(void **state)
{
	struct rig r;

	setup_long(&r);
	atomic_store(&held, &r);
	offer_long(&r, VIRTIO_BLK_T_IN);
	wait_for_transfer();
	driver_set(&r.blk.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(atomic_load(&transfer_count), 1);
	atomic_store(&held, NULL);
	rig_start(&r, RIG_FLUSH);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	rig_teardown(&r);
}

/* --- when the host's disk fails --- */

static void short_transfers_of_the_host_are_completed(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
	atomic_store(&piecemeal, true);
	rig_header(&r, VIRTIO_BLK_T_IN, 1);
	rig_describe(&r, 0, RIG_HEADER, 16, NEXT);
	rig_describe(&r, 1, RIG_DATA, 1000, NEXT | WRITE);
	rig_describe(&r, 2, RIG_DATA + 0x1000, 24, NEXT | WRITE);
	rig_describe(&r, 3, RIG_STATUS, 1, WRITE);
	driver_offer(&r.driver, 0);
	rig_notify(&r);
	assert_int_equal(rig_wait(&r, 0), 1025);
	assert_int_equal(rig_status(&r), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 512, 1000);
	rig_assert_pattern(rig_data(&r) + 0x1000, 1512, 24);

	memset(rig_data(&r), 0x77, 1024);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 30, 1024), VIRTIO_BLK_S_OK);
	rig_assert_image(&r, 30 * 512, rig_data(&r), 1024);
	rig_teardown(&r);
}

static void an_image_that_became_shorter_gives_an_io_error_only(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
	assert_int_equal(truncate(r.path, 3 * 512 + 100), 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 10, 512), VIRTIO_BLK_S_IOERR);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 2, 1024), VIRTIO_BLK_S_IOERR);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 2, 512), VIRTIO_BLK_S_OK);
	rig_assert_pattern(rig_data(&r), 2 * 512, 512);
	rig_teardown(&r);
}

static void a_disk_that_fails_gives_an_io_error_only(void **state)
{
	static const int errors[] = { EIO, ENOSPC, EFBIG, ENOMEM };
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		atomic_store(&transfer_errno, errors[i]);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_IOERR);
		assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
	}
	atomic_store(&transfer_errno, 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&r.reports), 0);
	rig_teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flush_is_answered_after_the_data_is_durable),
		cmocka_unit_test(every_flush_fails_after_one_whose_data_was_lost),
		cmocka_unit_test(every_write_without_flush_fails_after_one_that_was_lost),
		cmocka_unit_test(a_sync_of_a_disk_that_a_signal_interrupts_is_continued),
		cmocka_unit_test(every_write_is_durable_if_flush_was_not_negotiated),
		cmocka_unit_test(the_first_writes_after_a_reset_are_durable),
		cmocka_unit_test(a_drain_makes_answered_writes_durable_and_starts_no_request),
		cmocka_unit_test(a_drain_of_a_disk_that_was_never_used_does_nothing),
		cmocka_unit_test(a_long_request_is_processed_in_pieces),
		cmocka_unit_test(a_drain_abandons_a_long_request),
		cmocka_unit_test(a_halt_ends_the_wait_for_a_long_request),
		cmocka_unit_test(a_reset_abandons_a_long_request),
		cmocka_unit_test(short_transfers_of_the_host_are_completed),
		cmocka_unit_test(an_image_that_became_shorter_gives_an_io_error_only),
		cmocka_unit_test(a_disk_that_fails_gives_an_io_error_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
