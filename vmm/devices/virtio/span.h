/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run of bytes in the guest's memory, in pieces, of which bytes are taken off
 * either end. It owns neither the memory nor the list of pieces, which it changes.
 * One thread at a time.
 */
#ifndef VMM_VIRTIO_SPAN_H
#define VMM_VIRTIO_SPAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct span {
	struct iovec *parts; /**< None of them is empty. */
	unsigned int count;
};

/** Drop the first @size bytes of a span, or all of it if it is shorter. */
void span_skip(struct span *span, uint64_t size);

/** Cut the last byte off a span that has one, and return where it is. */
uint8_t *span_cut_last(struct span *span);

/** Take up to @size bytes off the front of a span. */
void span_read(struct span *span, void *to, size_t size);

/** Put up to @size bytes at the front of a span and drop what they fill. */
void span_write(struct span *span, const void *from, size_t size);

#endif
