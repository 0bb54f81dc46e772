/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state on its way to a file, or back: compressed, with a checksum.
 *
 * The same code writes and reads: a device's function that serializes its state
 * moves it out of the device or into it, so neither direction can have a field
 * that the other lacks. Numbers are little-endian, whatever the host is.
 *
 * Callers need not check each transfer. Errors are sticky: after the first one,
 * writes are dropped and reads return zero. stream_end() returns the error. A
 * file may be damaged or forged: a value that was read must be checked before
 * it is used as an index, a size or an address, and stream_fail() refuses it.
 */
#ifndef VMM_SAVE_STREAM_H
#define VMM_SAVE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/**
 * Begin to write to @fd, or to read from it, at its current position. The
 * caller keeps it. Returns 0, with @stream to be given to stream_close(), or
 * -ENOMEM.
 */
int stream_write_to(struct stream **stream, int fd);
int stream_read_from(struct stream **stream, int fd);

/**
 * The format of the data: STREAM_FORMAT_NEWEST, unless the file has an older one
 * and its reader or writer has set this before anything else.
 */
#define STREAM_FORMAT_NEWEST 4
void stream_set_format(struct stream *stream, unsigned int format);
unsigned int stream_format(const struct stream *stream);

/** Whether what is serialized is loaded, not saved. */
bool stream_is_loading(const struct stream *stream);

/** Write @size bytes, or load them. */
void stream_serialize(struct stream *stream, void *bytes, size_t size);

void stream_serialize_u16(struct stream *stream, uint16_t *value);
void stream_serialize_u32(struct stream *stream, uint32_t *value);
void stream_serialize_u64(struct stream *stream, uint64_t *value);

/** One byte. Any but 0 and 1 is a failure. */
void stream_serialize_bool(struct stream *stream, bool *value);

/**
 * Account for @size bytes that were examined but not moved. Like
 * stream_serialize(), it fails with -ECANCELED after some work if the user
 * wants dormouse to end (interrupt.h).
 */
void stream_work(struct stream *stream, size_t size);

/**
 * Refuse the data that was read: fail with -EBADMSG, if this is the first
 * failure.
 */
void stream_fail(struct stream *stream);

/** Returns 0 or the first failure, see stream_end(). */
int stream_error(const struct stream *stream);

/**
 * Finish: write the rest, or check that no data follows and that the checksum
 * is right. Returns 0; -EBADMSG if the data that was read is damaged or was
 * refused; -ENODATA if it ended too early; -ECANCELED; -ENOMEM; or another
 * -errno of reading or writing the file.
 */
int stream_end(struct stream *stream);

/** Like stream_end() for a stream that is read, skipping the rest of it. */
int stream_drain(struct stream *stream);

/**
 * Write to @to what is left of @from, and end both. Returns 0; the first
 * failure of @from, or else that of @to, see stream_end(). -ENOMEM is of none.
 */
int stream_copy(struct stream *from, struct stream *to);

/** NULL is fine. */
void stream_close(struct stream *stream);

#endif
