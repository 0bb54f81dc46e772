/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-blk and its host: that durable means durable, and that a host whose disk
 * fails has an I/O error for the guest and no more.
 *
 * preadv(), pwritev() and fdatasync() are this program's own, so that they can
 * be counted and made to fail.
 */
#include "blk-rig.h"

#include <errno.h>
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
static atomic_int transfer_errno;
static atomic_bool piecemeal;
static atomic_uint piece_count;
static _Atomic(struct rig *) watched; /* Whose request must not be answered before a sync is. */
static atomic_bool answered_early;

int fdatasync(int fd)
{
	struct rig *r = atomic_load(&watched);

	if (r && rig_status(r) != RIG_NO_STATUS)
		atomic_store(&answered_early, true);
	atomic_fetch_add(&sync_count, 1);
	errno = atomic_load(&sync_errno);

	return errno ? -1 : fsync(fd);
}

/* The size of the next transfer: all, or, piecemeal, 100 bytes after an EINTR. Or -1. */
static ssize_t next_size(const struct iovec *parts)
{
	errno = atomic_load(&transfer_errno);
	if (errno)
		return -1;
	if (!atomic_load(&piecemeal))
		return (ssize_t)parts[0].iov_len;
	errno = EINTR;
	if (atomic_fetch_add(&piece_count, 1) % 2 == 0)
		return -1;

	return parts[0].iov_len < 100 ? (ssize_t)parts[0].iov_len : 100;
}

ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
	ssize_t size = next_size(parts);

	return size < 0 ? -1 : pread(fd, parts[0].iov_base, (size_t)size, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	ssize_t size = next_size(parts);

	return size < 0 ? -1 : pwrite(fd, parts[0].iov_base, (size_t)size, offset);
}

static void reset_host(void)
{
	atomic_store(&sync_count, 0);
	atomic_store(&sync_errno, 0);
	atomic_store(&transfer_errno, 0);
	atomic_store(&piecemeal, false);
	atomic_store(&watched, NULL);
	atomic_store(&answered_early, false);
}

/* --- durability --- */

static void a_flush_is_answered_after_the_data_is_durable(void **state)
{
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
	atomic_store(&watched, &r);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(atomic_load(&sync_count), 1);

	atomic_store(&sync_errno, EIO);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_IOERR);
	atomic_store(&sync_errno, 0);
	assert_int_equal(rig_request(&r, VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	assert_false(atomic_load(&answered_early));
	rig_teardown(&r);
}

static void without_flush_every_write_is_durable(void **state)
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

/* What was answered is durable; what was only offered stays undone, for good. */
static void a_drain_makes_durable_what_was_answered_and_begins_nothing(void **state)
{
	struct vring_used_elem used;
	struct rig r;

	reset_host();
	rig_setup(&r, RIG_FLUSH);
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

static void a_drain_of_a_disk_never_used_is_nothing(void **state)
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

/* --- when the host's disk fails --- */

static void transfers_in_pieces_are_completed(void **state)
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

static void an_image_cut_short_is_an_error_and_no_more(void **state)
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

static void a_failing_disk_is_an_error_and_no_more(void **state)
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
		cmocka_unit_test(without_flush_every_write_is_durable),
		cmocka_unit_test(a_drain_makes_durable_what_was_answered_and_begins_nothing),
		cmocka_unit_test(a_drain_of_a_disk_never_used_is_nothing),
		cmocka_unit_test(transfers_in_pieces_are_completed),
		cmocka_unit_test(an_image_cut_short_is_an_error_and_no_more),
		cmocka_unit_test(a_failing_disk_is_an_error_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
