/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk image: a raw file or a block device, opened, checked and locked.
 *
 * Its lock (disk-lock.h) excludes all other users, or only writers if the disk
 * is read-only. It lasts until disk_close() or the end of the process, however
 * it ends.
 */
#ifndef VMM_DISK_H
#define VMM_DISK_H

#include "base/error.h"
#include "host/disk-lock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** The size of VIRTIO_BLK_T_GET_ID's answer. */
#define DISK_NAME_SIZE 20
#define DISK_SECTOR_SIZE 512

/**
 * Constant from disk_open() to disk_close(), unless stated otherwise: any
 * thread may read it.
 */
struct disk {
	int fd;
	struct disk_aliases aliases; /**< Of disk_lock(). */
	const char *path; /**< As it was given, for messages. */
	bool read_only;
	uint64_t size; /**< In bytes, a multiple of DISK_SECTOR_SIZE, never 0. */
	uint32_t block_size; /**< The host's smallest allocation; also such a multiple. */
	char name[DISK_NAME_SIZE + 1]; /**< For the guest: the last part of @path, truncated. */
	/**
	 * The format that it seems to have if it is not raw: "QCOW", "VMDK",
	 * "VHDX"; or NULL. This is not necessarily a mistake: it may be a
	 * guest's raw disk that holds such a file.
	 */
	const char *format;
	pthread_mutex_t sync_lock; /**< For disk_sync(): guards the next. */
	int sync_error; /**< The first -errno of a write-back, or 0. */
};

/**
 * Open and lock an image.
 *
 * @disk: filled; untouched on failure
 * @path: a regular file or a block device; must outlive the disk
 * @read_only: open it only for reading, and share it with other readers
 * @error: the reason if it fails
 *
 * Returns 0, or:
 *   -EINVAL: neither a regular file nor a block device, empty, or its size is
 *     not a multiple of 512;
 *   -EBUSY: another VM has it, or it was given twice, or the system uses it;
 *   any other -errno of opening, e.g. -ENOENT, -EACCES, -EROFS.
 */
int disk_open(struct disk *disk, const char *path, bool read_only, struct error *error);

/**
 * Release the storage of a range, whose contents are undefined afterwards. A
 * host that cannot do that keeps it, which is no failure.
 *
 * @offset, @size: within the disk, multiples of DISK_SECTOR_SIZE
 *
 * Returns 0 or -errno. From any thread.
 */
int disk_discard(const struct disk *disk, uint64_t offset, uint64_t size);

/**
 * Make a range read as zeros, in the way that costs the host least.
 *
 * @offset, @size: as above
 * @unmap: whether its storage may be released
 *
 * Returns 0 or -errno. From any thread.
 */
int disk_write_zeroes(const struct disk *disk, uint64_t offset, uint64_t size, bool unmap);

/**
 * Flush all data that was written so far. From any thread; waits as long as the
 * host does, and for another thread that is in this function.
 *
 * Returns 0 or -errno. The host reports a failed write-back only once, and may
 * have dropped the data: from then on every call fails.
 */
int disk_sync(struct disk *disk);

/**
 * Keep a failure of the disk, a -errno or 0, that another call than disk_sync()
 * saw: every later disk_sync() fails. Returns @err.
 */
int disk_fail(struct disk *disk, int err);

/** Unlock and close. No thread may use the disk any more. */
void disk_close(struct disk *disk);

#endif
