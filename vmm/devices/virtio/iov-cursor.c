/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/virtio/iov-cursor.h"

#include <string.h>

void iov_cursor_skip(struct iov_cursor *cursor, uint64_t size)
{
	while (cursor->count > 0 && size >= cursor->parts[0].iov_len) {
		size -= cursor->parts[0].iov_len;
		cursor->parts++;
		cursor->count--;
	}
	if (cursor->count > 0) {
		cursor->parts[0].iov_base = (uint8_t *)cursor->parts[0].iov_base + size;
		cursor->parts[0].iov_len -= size;
	}
}

uint8_t *iov_cursor_cut_last(struct iov_cursor *cursor)
{
	struct iovec *last = &cursor->parts[cursor->count - 1];

	last->iov_len--;
	if (last->iov_len == 0)
		cursor->count--;

	return (uint8_t *)last->iov_base + last->iov_len;
}

void iov_cursor_read(struct iov_cursor *cursor, void *to, size_t size)
{
	uint8_t *at = to;

	while (size > 0 && cursor->count > 0) {
		size_t piece = cursor->parts[0].iov_len < size ? cursor->parts[0].iov_len : size;

		memcpy(at, cursor->parts[0].iov_base, piece);
		iov_cursor_skip(cursor, piece);
		at += piece;
		size -= piece;
	}
}

void iov_cursor_write(struct iov_cursor *cursor, const void *from, size_t size)
{
	const uint8_t *at = from;

	while (size > 0 && cursor->count > 0) {
		size_t piece = cursor->parts[0].iov_len < size ? cursor->parts[0].iov_len : size;

		memcpy(cursor->parts[0].iov_base, at, piece);
		iov_cursor_skip(cursor, piece);
		at += piece;
		size -= piece;
	}
}
