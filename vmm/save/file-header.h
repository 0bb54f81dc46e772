/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first bytes of a file that a VM is saved in: they identify it and its
 * format. The formats differ in their stream, and in where it and RAM are:
 *
 *  1: the stream follows, and RAM is a part of it, compressed. It lacks what a
 *     vCPU has pending (KVM_GET_VCPU_EVENTS), and of the active priorities of
 *     its GIC all but the first 32.
 *  2: with them.
 *  3: RAM follows, in pieces that a host can map (host/memory-index.h), the
 *     first at FILE_HEADER_MEMORY; the stream is behind them, at a position that
 *     the header has, up to the file's end. It has their index.
 *  4: likewise, but each piece is where it is in RAM, with holes in between.
 *
 * Format 2 is written on request, and format 4 where a machine is parked and its file
 * may be written again. All are read.
 */
#ifndef VMM_SAVE_FILE_HEADER_H
#define VMM_SAVE_FILE_HEADER_H

#include <stdint.h>

#include "base/error.h"

#define FILE_HEADER_MAGIC "DORMOUSE saved "
#define FILE_HEADER_MEMORY ((uint64_t)64 << 10)

#define FILE_HEADER_SIZE 16 /* Before format 3. */

#define FILE_FORMAT_OLDEST 1
#define FILE_FORMAT_COMPRESSED 2
#define FILE_FORMAT_MAPPED 3
#define FILE_FORMAT_PLACED 4

/** The position of the stream of a file that is being written: no such file is read. */
#define FILE_HEADER_UNFINISHED 0

struct file_header {
	unsigned int format;
	uint64_t stream; /**< The position of the stream. */
};

/**
 * Write it, and have the position of @fd be that of the stream. Returns 0 or
 * -errno.
 */
int file_header_write(int fd, const struct file_header *header);

/**
 * Read it, at the beginning of @fd, likewise. Returns 0, or -errno with @error
 * set: -EBADMSG if this is no such file, or damaged.
 */
int file_header_read(int fd, const char *path, struct file_header *header, struct error *error);

#endif
