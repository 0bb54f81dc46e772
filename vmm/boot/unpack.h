/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a file, or a part of one, that may be compressed: piece by piece,
 * straight to where its contents shall be. None of it stays in memory between two
 * readings.
 */
#ifndef VMM_UNPACK_H
#define VMM_UNPACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum packing {
	PACKING_NONE,
	PACKING_GZIP, /**< RFC 1952; several members in a row count as one. */
	PACKING_ZSTD, /**< RFC 8878; the same for frames, skippable ones anywhere. */
};

/** What to read. */
struct packed {
	int fd; /**< Read by position: its own is left alone. */
	enum packing packing;
	uint64_t offset; /**< Where it begins in the file. */
	uint64_t size; /**< In bytes, as it is in the file. */
};

struct unpack;

/**
 * Find out how a file is packed, of which all else is known, and note it there.
 * Returns 0, or -errno of reading it.
 */
int unpack_detect(struct packed *file);

/** The word for it: "gzip" or "zstd". */
const char *unpack_word(enum packing packing);

/** Begin. Returns 0, with @unpack to be given to unpack_end(), or -ENOMEM. */
int unpack_begin(struct unpack **unpack, const struct packed *from);

/** The largest window that a frame of zstd may want, 128 MiB, as for zstd(1). */
#define UNPACK_WINDOW_LOG_MAX 27

/**
 * Read up to @size bytes. Fewer mean that there are no more: all that is packed has
 * been read, and what is behind it is padding, which is zeros.
 *
 * Returns how many, or -EBADMSG if what the file holds is damaged, -ENODATA if it
 * ends too early, -EILSEQ if something else follows than more of it and padding,
 * -E2BIG if it wants a larger window than there may be, -ENOKEY if it wants a
 * dictionary, -ECANCELED if the user wants dormouse to end (interrupt.h), -ENOMEM, or
 * another -errno of reading it.
 */
ssize_t unpack_read(struct unpack *unpack, void *to, size_t size);

void unpack_end(struct unpack *unpack);

#endif
