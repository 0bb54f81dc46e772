/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sequence of bytes in the guest's memory, in pieces, which can be consumed
 * from either end. The cursor owns neither the memory nor the list of pieces,
 * which it changes. One thread at a time.
 */
#ifndef VMM_VIRTIO_IOV_CURSOR_H
#define VMM_VIRTIO_IOV_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct iov_cursor {
	struct iovec *parts; /**< None of them is empty. */
	unsigned int count;
};

/** Drop the first @size bytes, or all if there are fewer. */
void iov_cursor_skip(struct iov_cursor *cursor, uint64_t size);

/**
 * Cut off the last byte, of a cursor that is not empty, and return its address.
 */
uint8_t *iov_cursor_cut_last(struct iov_cursor *cursor);

/** Copy up to @size bytes from the front and drop them. */
void iov_cursor_read(struct iov_cursor *cursor, void *to, size_t size);

/** Put up to @size bytes at the front and drop what they fill. */
void iov_cursor_write(struct iov_cursor *cursor, const void *from, size_t size);

#endif
