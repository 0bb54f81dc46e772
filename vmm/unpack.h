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
	PACKING_ZSTD, /**< RFC 8878; the same for frames. */
};

/** What to read. */
struct packed {
	int fd; /**< Read by position: its own is left alone. */
	enum packing packing;
	uint64_t offset; /**< Where it begins in the file. */
	uint64_t size; /**< In bytes, as it is in the file. */
};

struct unpack;

/** How a file is packed whose first @size bytes are @start. */
enum packing unpack_detect(const void *start, size_t size);

/** The word for it: "gzip" or "zstd". */
const char *unpack_word(enum packing packing);

/** Begin. Returns 0, with @unpack to be given to unpack_end(), or -ENOMEM. */
int unpack_begin(struct unpack **unpack, const struct packed *from);

/**
 * Read up to @size bytes. Fewer mean that there are no more.
 *
 * Returns how many, or -EBADMSG if what the file holds is damaged, -ENODATA if it
 * ends too early, -ENOMEM, or another -errno of reading it.
 */
ssize_t unpack_read(struct unpack *unpack, void *to, size_t size);

void unpack_end(struct unpack *unpack);

#endif
