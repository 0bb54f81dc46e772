/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file in which a flash chip keeps its bytes: raw, as QEMU's. It may be
 * shorter than the chip: what is behind its end is erased, 0xff, and it grows
 * when something is written there.
 *
 * What is written is in the file when flash_file_write() returns, and so
 * outlives this process; flash_file_sync() makes it outlive the host. The file
 * is read and written only, never mapped: one that becomes shorter under us is
 * an error of the next write.
 *
 * Locked as a disk that is written (disk-lock.h): no other VM uses it.
 */
#ifndef VMM_FLASH_FILE_H
#define VMM_FLASH_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/disk-lock.h"

struct flash_file {
	int fd;
	char *path;
	struct disk_aliases aliases; /**< Of disk_lock(). */
	uint64_t size; /**< Of the file: what this process has read or written. */
	atomic_bool dirty; /**< Something has been written and not been synced. */
	atomic_int sync_error; /**< The first -errno of a sync, or 0. */
};

/**
 * Open and lock the file of a chip.
 *
 * @file: filled in; untouched on failure
 * @path: a regular file
 * @room: the size of the chip
 *
 * Returns 0, or -errno with @error set: -EBUSY if another VM has the file,
 * -EINVAL if it is no regular file, -EFBIG if it is larger than the chip.
 */
int flash_file_open(struct flash_file *file, const char *path, uint64_t room, struct error *error);

/**
 * Read a range of the chip. Returns 0 or -errno. One thread at a time
 * reads or writes.
 */
int flash_file_read(const struct flash_file *file, uint64_t offset, uint8_t *bytes, uint64_t size);

/**
 * Whether the file has nothing but zeros in a range, as far as that can be
 * known without reading it.
 */
bool flash_file_is_hole(const struct flash_file *file, uint64_t offset, uint64_t size);

/**
 * Write a range. Returns 0; -ESTALE if the file has become shorter than it was,
 * and then nothing is written; or another -errno, and then some of it may be.
 */
int flash_file_write(struct flash_file *file, uint64_t offset, const uint8_t *bytes, uint64_t size);

/**
 * Make durable what was written so far. From any thread. Returns 0 or -errno.
 * The host reports a failed write-back only once, and may have dropped the
 * data: from then on every call fails.
 */
int flash_file_sync(struct flash_file *file);

/** Unlock and close. */
void flash_file_close(struct flash_file *file);

#endif
