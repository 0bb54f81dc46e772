/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state on its way to a file, or back: compressed, with a checksum.
 *
 * The same code writes and reads: a function of a device's that moves its state
 * moves it out of the device or into it, and neither can have a field that the
 * other lacks. Numbers are little-endian, whatever the host is.
 *
 * Whoever moves need not look whether it worked: after the first failure nothing
 * more is written, and what is read is zero. stream_end() tells. A file may be
 * damaged, or made by someone who means harm: what was read has to be checked
 * before it is an index, a size or an address, and stream_fail() refuses it.
 */
#ifndef VMM_SAVE_STREAM_H
#define VMM_SAVE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/**
 * Begin to write to @fd, or to read from it, where it stands. It stays the
 * caller's. Returns 0, with @stream to be given to stream_close(), or -ENOMEM.
 */
int stream_write_to(struct stream **stream, int fd);
int stream_read_from(struct stream **stream, int fd);

/**
 * The format of what moves: STREAM_FORMAT_NEWEST, unless what is read is older and its reader
 * has said so, before it read any.
 */
#define STREAM_FORMAT_NEWEST 2
void stream_set_format(struct stream *stream, unsigned int format);
unsigned int stream_format(const struct stream *stream);

/** Whether moving is reading. */
bool stream_reads(const struct stream *stream);

/** Move @size bytes. */
void stream_move(struct stream *stream, void *bytes, size_t size);

void stream_move_u16(struct stream *stream, uint16_t *value);
void stream_move_u32(struct stream *stream, uint32_t *value);
void stream_move_u64(struct stream *stream, uint64_t *value);

/** One byte. Any but 0 and 1 is a failure. */
void stream_move_bool(struct stream *stream, bool *value);

/**
 * Say that @size bytes were looked at that are not moved. As moving does, it fails with
 * -ECANCELED after some work if the user wants dormouse to end (interrupt.h).
 */
void stream_work(struct stream *stream, size_t size);

/** Refuse what was read: fail with -EBADMSG, if this is the first failure. */
void stream_fail(struct stream *stream);

/** 0, or the first failure: as stream_end() says. */
int stream_error(const struct stream *stream);

/**
 * Come to the end: write what is left, or see that nothing follows and that the
 * checksum is right. Returns 0; -EBADMSG if what was read is damaged or was
 * refused; -ENODATA if it ended too early; -ECANCELED; -ENOMEM; or another -errno of
 * reading or writing the file.
 */
int stream_end(struct stream *stream);

/** The same for one that is read, whatever is left of it. */
int stream_drain(struct stream *stream);

/** NULL is fine. */
void stream_close(struct stream *stream);

#endif
