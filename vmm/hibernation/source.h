/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the readers of a guest's disk read: an open image, or in tests memory.
 * What they find was written by a guest and is trusted in nothing.
 */
#ifndef VMM_HIBERNATION_SOURCE_H
#define VMM_HIBERNATION_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct source {
	/** Reads all of a range that is inside. Returns 0 or -errno. */
	int (*read)(const struct source *source, uint64_t offset, void *bytes, size_t size);
	uint64_t size; /**< In bytes. */
	int fd; /**< For source_of_file(). */
	void *context; /**< For other readers. */
};

/** A file or block device of @size bytes, which is read where it is open. */
struct source source_of_file(int fd, uint64_t size);

/**
 * Read a range. Returns 0; -ENODATA if it is not inside the source, which is
 * then not read; or -errno of reading it.
 */
int source_read(const struct source *source, uint64_t offset, void *bytes, size_t size);

/* Numbers as guests' disks have them, at any address. */
uint16_t source_le16(const uint8_t *bytes);
uint32_t source_le32(const uint8_t *bytes);
uint64_t source_le64(const uint8_t *bytes);

#endif
