/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How virtio-blk's thread carries out a request that it has taken out of its
 * queue.
 */
#ifndef VMM_VIRTIO_BLK_REQUEST_H
#define VMM_VIRTIO_BLK_REQUEST_H

#include <stdbool.h>

#include "devices/virtio/blk.h"

/* One descriptor is the header's and one the status's. */
#define BLK_SEG_MAX (VIRTQUEUE_SIZE_MAX - 2)

/*
 * The most that one request may discard or zero. A segment is one piece, so the
 * limit is lower where the host may have to write the zeros.
 */
#define BLK_DISCARD_SEGMENTS_MAX 16
#define BLK_DISCARD_SECTORS_MAX ((256U << 20) / DISK_SECTOR_SIZE)
#define BLK_ZEROES_SEGMENTS_MAX 1
#define BLK_ZEROES_SECTORS_MAX ((32U << 20) / DISK_SECTOR_SIZE)

/**
 * Carry out the request in blk->chain. Returns false if it is none: it has no
 * room for a header or a status. The driver chooses how it is spread over
 * descriptors. Sets blk->dropped if its driver does not wait for it any more.
 * From the disk's thread, with the transport's lock held.
 */
bool blk_carry_out(struct blk *blk);

#endif
