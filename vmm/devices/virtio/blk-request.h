/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What virtio-blk's thread does with a request, once it has taken it out of its
 * queue.
 */
#ifndef VMM_VIRTIO_BLK_REQUEST_H
#define VMM_VIRTIO_BLK_REQUEST_H

#include <stdbool.h>

#include "devices/virtio/blk.h"

/* One descriptor is the header's and one the status's. */
#define BLK_SEG_MAX (VIRTQUEUE_SIZE_MAX - 2)

/*
 * What one request may discard or zero. A segment is one piece: so less where
 * the host may have to write the zeros.
 */
#define BLK_DISCARD_SEGMENTS_MAX 16
#define BLK_DISCARD_SECTORS_MAX ((256U << 20) / DISK_SECTOR_SIZE)
#define BLK_ZEROES_SEGMENTS_MAX 1
#define BLK_ZEROES_SECTORS_MAX ((32U << 20) / DISK_SECTOR_SIZE)

/**
 * Carry out the request in blk->chain. Returns false if it is none: no room for
 * a header or a status. How it is spread over descriptors is the driver's
 * choice. Sets blk->dropped if nobody waits for it any more. From the disk's
 * thread, with the transport's lock held.
 */
bool blk_carry_out(struct blk *blk);

#endif
