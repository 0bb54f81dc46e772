/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/span.h"

#include <string.h>

void span_skip(struct span *span, uint64_t size)
{
	while (span->count > 0 && size >= span->parts[0].iov_len) {
		size -= span->parts[0].iov_len;
		span->parts++;
		span->count--;
	}
	if (span->count > 0) {
		span->parts[0].iov_base = (uint8_t *)span->parts[0].iov_base + size;
		span->parts[0].iov_len -= size;
	}
}

uint8_t *span_cut_last(struct span *span)
{
	struct iovec *last = &span->parts[span->count - 1];

	last->iov_len--;
	if (last->iov_len == 0)
		span->count--;

	return (uint8_t *)last->iov_base + last->iov_len;
}

void span_read(struct span *span, void *to, size_t size)
{
	uint8_t *at = to;

	while (size > 0 && span->count > 0) {
		size_t piece = span->parts[0].iov_len < size ? span->parts[0].iov_len : size;

		memcpy(at, span->parts[0].iov_base, piece);
		span_skip(span, piece);
		at += piece;
		size -= piece;
	}
}

void span_write(struct span *span, const void *from, size_t size)
{
	const uint8_t *at = from;

	while (size > 0 && span->count > 0) {
		size_t piece = span->parts[0].iov_len < size ? span->parts[0].iov_len : size;

		memcpy(span->parts[0].iov_base, at, piece);
		span_skip(span, piece);
		at += piece;
		size -= piece;
	}
}
