/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a file, or a part of one, that may be compressed: piece by piece,
 * straight to its destination. Nothing of it stays in memory between two reads.
 */
#ifndef VMM_UNPACK_H
#define VMM_UNPACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum packing {
	PACKING_NONE,
	PACKING_GZIP, /**< RFC 1952; several members in a row count as one. */
	PACKING_ZSTD, /**< RFC 8878; several frames likewise, skippable ones anywhere. */
};

/** The file to read. */
struct packed {
	int fd; /**< Read by position: its own offset is not used. */
	enum packing packing;
	uint64_t offset; /**< Where it begins in the file. */
	uint64_t size; /**< In bytes, in the file. */
};

struct unpack;

/**
 * Detect the compression of a file whose other fields are set, and store it
 * there. Returns 0, or -errno of reading it.
 */
int unpack_detect(struct packed *file);

/** The name of a compression: "gzip" or "zstd". */
const char *unpack_word(enum packing packing);

/** Begin. Returns 0, with @unpack to be given to unpack_end(), or -ENOMEM. */
int unpack_begin(struct unpack **unpack, const struct packed *from);

/**
 * The largest window that a frame of zstd may require, 128 MiB, as for zstd(1).
 */
#define UNPACK_WINDOW_LOG_MAX 27

/**
 * Read up to @size bytes. Fewer mean that there are no more: all compressed
 * data has been read, and only padding of zeros follows.
 *
 * Returns how many, or -EBADMSG if the file is damaged, -ENODATA if it ends too
 * early, -EILSEQ if something other than compressed data and padding follows,
 * -E2BIG if it requires a window above the limit, -ENOKEY if it requires a
 * dictionary, -ECANCELED if the user wants dormouse to end (interrupt.h),
 * -ENOMEM, or another -errno of reading it.
 */
ssize_t unpack_read(struct unpack *unpack, void *to, size_t size);

void unpack_end(struct unpack *unpack);

#endif
