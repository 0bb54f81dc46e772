/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/blk-request.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "devices/virtio/iov-cursor.h"
#include "host/memory-error.h"

/*
 * The lock is held while data is moved, and a reset, or a vCPU that the user
 * wants to stop, waits for it. A request may have nearly 4 GiB, so it is
 * carried out in pieces, and dropped between two of them if need be.
 */
#define PIECE_MAX (32U << 20)

/* Zero what is left, in pieces. */
static void clear(const struct blk *blk, struct iov_cursor *cursor)
{
	while (cursor->count > 0 && virtio_mmio_running(&blk->mmio)) {
		const struct iovec *part = &cursor->parts[0];
		const size_t size = part->iov_len < PIECE_MAX ? part->iov_len : PIECE_MAX;

		memset(part->iov_base, 0, size);
		iov_cursor_skip(cursor, size);
	}
}

/* Move a piece, like preadv() and pwritev(). */
static ssize_t transfer_piece(const struct disk *disk, const struct iov_cursor *cursor,
			      uint64_t offset, bool to_image)
{
	struct iovec *last = cursor->parts;
	uint64_t size = last->iov_len;
	size_t excess = 0;
	int count = 1;
	ssize_t ret;

	for (; size < PIECE_MAX && (unsigned int)count < cursor->count; count++)
		size += (++last)->iov_len;
	if (size > PIECE_MAX)
		excess = (size_t)(size - PIECE_MAX);
	last->iov_len -= excess;
	if (to_image)
		ret = pwritev(disk->fd, cursor->parts, count, (off_t)offset);
	else
		ret = preadv(disk->fd, cursor->parts, count, (off_t)offset);
	last->iov_len += excess;

	return ret;
}

/*
 * Read or write all of a cursor at an offset of the image, and drop what was
 * transferred. Returns 0 or -errno, -EIO if the image has become too short,
 * -ECANCELED if the device was quiesced or reset meanwhile. If the guest's
 * memory is lost, so is the machine, and the request is dropped.
 */
static int transfer(struct blk *blk, struct iov_cursor *cursor, uint64_t offset, bool to_image)
{
	while (cursor->count > 0) {
		ssize_t ret;

		if (!virtio_mmio_running(&blk->mmio))
			return -ECANCELED;
		ret = transfer_piece(blk->disk, cursor, offset, to_image);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0 && errno == EFAULT)
			blk->dropped = memory_error_report(cursor->parts[0].iov_base);
		if (ret < 0)
			return blk->dropped ? -ECANCELED : -errno;
		if (ret == 0)
			return -EIO;
		iov_cursor_skip(cursor, (uint64_t)ret);
		offset += (uint64_t)ret;
	}

	return 0;
}

/* Report once that data is lost, since the guest may not. */
static void report_loss(struct blk *blk, int err)
{
	char text[PATH_MAX + 128];

	if (blk->loss_reported || !blk->mmio.config.report)
		return;
	blk->loss_reported = true;
	snprintf(text, sizeof(text),
		 "%s: what was written is not durable: %s; all flushes fail "
		 "from now on",
		 blk->name, strerror(-err));
	blk->mmio.config.report(blk->mmio.config.context, text);
}

/* Make all writes durable, without the lock. */
static int sync_image(struct blk *blk)
{
	const uint64_t left = virtio_mmio_leave(&blk->mmio);
	const int err = disk_sync(blk->disk);

	if (!virtio_mmio_return(&blk->mmio, left))
		blk->dropped = true;
	if (err)
		report_loss(blk, err);

	return err;
}

/* Returns whether a transfer is of whole sectors that the disk has. */
static bool is_inside(const struct disk *disk, uint64_t sector, uint64_t size)
{
	uint64_t sectors = disk->size / DISK_SECTOR_SIZE;

	return size % DISK_SECTOR_SIZE == 0 && sector <= sectors &&
	       size / DISK_SECTOR_SIZE <= sectors - sector;
}

static uint8_t status_of(int err)
{
	return err ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
}

static uint8_t read_sectors(struct blk *blk, uint64_t sector, struct iov_cursor *cursor,
			    uint64_t size)
{
	if (!is_inside(blk->disk, sector, size))
		return VIRTIO_BLK_S_IOERR;

	return status_of(transfer(blk, cursor, sector * DISK_SECTOR_SIZE, false));
}

/*
 * A kernel that finds a hibernation image takes the mark off it, so that it is
 * taken once, and does not flush that. If the power failed and the mark came
 * back, a guest that has written to its disks since would resume again. So the
 * first writes after a reset are durable.
 */
static bool is_early(struct blk *blk)
{
	if (blk->resets != blk->mmio.resets) {
		blk->resets = blk->mmio.resets;
		blk->early_writes = BLK_EARLY_WRITES;
	}
	if (blk->early_writes == 0)
		return false;
	blk->early_writes--;

	return true;
}

static uint8_t write_sectors(struct blk *blk, uint64_t sector, struct iov_cursor *cursor,
			     uint64_t size)
{
	int err;

	if (blk->disk->read_only || !is_inside(blk->disk, sector, size))
		return VIRTIO_BLK_S_IOERR;

	err = transfer(blk, cursor, sector * DISK_SECTOR_SIZE, true);
	/* A driver that cannot flush relies on every write being durable. */
	if (!err && (is_early(blk) || !virtio_mmio_has(&blk->mmio, VIRTIO_BLK_F_FLUSH)))
		err = sync_image(blk);

	return status_of(err);
}

/*
 * Returns whether a segment of a discard or of zeros is within the limits that
 * the device announces.
 */
static uint8_t check_segment(const struct blk *blk, uint32_t type,
			     const struct virtio_blk_discard_write_zeroes *segment)
{
	const bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
	const uint32_t flags = zeroes ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	const uint32_t sectors_max = zeroes ? BLK_ZEROES_SECTORS_MAX : BLK_DISCARD_SECTORS_MAX;

	if (segment->flags & ~flags)
		return VIRTIO_BLK_S_UNSUPP;
	if (segment->num_sectors > sectors_max ||
	    !is_inside(blk->disk, segment->sector, segment->num_sectors * 1ULL * DISK_SECTOR_SIZE))
		return VIRTIO_BLK_S_IOERR;

	return VIRTIO_BLK_S_OK;
}

static int erase_segment(const struct blk *blk, uint32_t type,
			 const struct virtio_blk_discard_write_zeroes *segment)
{
	const uint64_t offset = segment->sector * DISK_SECTOR_SIZE;
	const uint64_t size = segment->num_sectors * 1ULL * DISK_SECTOR_SIZE;

	if (size == 0)
		return 0;
	if (type == VIRTIO_BLK_T_DISCARD)
		return disk_discard(blk->disk, offset, size);

	return disk_write_zeroes(blk->disk, offset, size, segment->flags != 0);
}

/* Carry it out without the lock, until the device is quiesced or reset. */
static int erase_segments(struct blk *blk, uint32_t type,
			  const struct virtio_blk_discard_write_zeroes *segments, uint64_t count)
{
	const uint64_t left = virtio_mmio_leave(&blk->mmio);
	int err = 0;

	for (uint64_t i = 0; i < count && !err; i++)
		err = virtio_mmio_running(&blk->mmio) ? erase_segment(blk, type, &segments[i])
						      : -ECANCELED;
	if (!virtio_mmio_return(&blk->mmio, left))
		blk->dropped = true;

	return err;
}

/*
 * VIRTIO_BLK_T_DISCARD and VIRTIO_BLK_T_WRITE_ZEROES: all segments are checked
 * before any is carried out.
 */
static uint8_t erase_sectors(struct blk *blk, uint32_t type, struct iov_cursor *cursor,
			     uint64_t size)
{
	const bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
	struct virtio_blk_discard_write_zeroes segments[BLK_DISCARD_SEGMENTS_MAX] = { { 0 } };
	const uint64_t count = size / sizeof(segments[0]);
	uint8_t result = VIRTIO_BLK_S_OK;
	int err;

	if (!virtio_mmio_has(&blk->mmio, zeroes ? VIRTIO_BLK_F_WRITE_ZEROES : VIRTIO_BLK_F_DISCARD))
		return VIRTIO_BLK_S_UNSUPP;
	if (blk->disk->read_only || size % sizeof(segments[0]) ||
	    count > (zeroes ? BLK_ZEROES_SEGMENTS_MAX : BLK_DISCARD_SEGMENTS_MAX))
		return VIRTIO_BLK_S_IOERR;
	iov_cursor_read(cursor, segments, size);
	for (uint64_t i = 0; i < count && result == VIRTIO_BLK_S_OK; i++)
		result = check_segment(blk, type, &segments[i]);
	if (result != VIRTIO_BLK_S_OK)
		return result;
	err = erase_segments(blk, type, segments, count);
	if (!err && !blk->dropped && !virtio_mmio_has(&blk->mmio, VIRTIO_BLK_F_FLUSH))
		err = sync_image(blk);

	return status_of(err);
}

bool blk_carry_out(struct blk *blk)
{
	struct virtqueue_chain *chain = &blk->chain;
	struct iov_cursor out = { chain->parts, chain->readable_count };
	struct iov_cursor in = { chain->parts + chain->readable_count, chain->writable_count };
	struct virtio_blk_outhdr header;
	uint8_t *status;
	uint8_t result;

	blk->dropped = false;
	if (chain->readable_size < sizeof(header) || chain->writable_size < 1)
		return false;

	iov_cursor_read(&out, &header, sizeof(header));
	status = iov_cursor_cut_last(&in);

	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		result = read_sectors(blk, header.sector, &in, chain->writable_size - 1);
		break;
	case VIRTIO_BLK_T_OUT:
		result = write_sectors(blk, header.sector, &out,
				       chain->readable_size - sizeof(header));
		break;
	case VIRTIO_BLK_T_FLUSH:
		result = status_of(sync_image(blk));
		break;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		result = erase_sectors(blk, header.type, &out,
				       chain->readable_size - sizeof(header));
		break;
	case VIRTIO_BLK_T_GET_ID:
		iov_cursor_write(&in, blk->disk->name, DISK_NAME_SIZE);
		result = VIRTIO_BLK_S_OK;
		break;
	default:
		result = VIRTIO_BLK_S_UNSUPP;
		break;
	}

	/* Another driver may use the memory by now. */
	if (blk->dropped)
		return true;
	/*
	 * All that may be written is written, so that the used length, which
	 * counts from the front, covers the status at the end.
	 */
	clear(blk, &in);
	*status = result;

	return true;
}
