/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk image: a raw file or a block device, opened, checked and locked.
 *
 * Its lock (disk-lock.h) is against everyone else, or against writers if it is only
 * read. It lasts until disk_close() or the end of the process, however it ends.
 */
#ifndef VMM_DISK_H
#define VMM_DISK_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** What VIRTIO_BLK_T_GET_ID can carry. */
#define DISK_NAME_SIZE 20
#define DISK_SECTOR_SIZE 512

/** Constant from disk_open() to disk_close(), unless said: any thread may read it. */
struct disk {
	int fd;
	int node_fd; /**< Of disk_lock(), or -1. */
	const char *path; /**< As it was given, for messages. */
	bool read_only;
	uint64_t size; /**< In bytes, a multiple of DISK_SECTOR_SIZE, never 0. */
	uint32_t block_size; /**< What the host allocates at least; such a multiple, too. */
	char name[DISK_NAME_SIZE + 1]; /**< For the guest: last part of @path, cut off. */
	/**
	 * What it looks like if it is not raw: "QCOW", "VMDK", "VHDX". Or NULL. It may
	 * be a guest's raw disk that holds such a file, and so is no mistake for sure.
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
 * @read_only: ask for no more than reading, and share with others who do so
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
 * Let the storage of a range go: what it reads as afterwards is anything. Where
 * the host cannot, it keeps it, and that is no failure.
 *
 * @offset, @size: within the disk, multiples of DISK_SECTOR_SIZE
 *
 * Returns 0 or -errno. From any thread.
 */
int disk_discard(const struct disk *disk, uint64_t offset, uint64_t size);

/**
 * Make a range read as zeros, by whatever way costs the host least.
 *
 * @offset, @size: as above
 * @unmap: whether its storage may go
 *
 * Returns 0 or -errno. From any thread.
 */
int disk_write_zeroes(const struct disk *disk, uint64_t offset, uint64_t size, bool unmap);

/**
 * Make durable all that was written so far. From any thread; waits as long as the host
 * does, and for another thread that is in it.
 *
 * Returns 0 or -errno. The host reports once that data could not be written, and may
 * have dropped it: from then on, whoever asks and however often, nothing here is durable.
 */
int disk_sync(struct disk *disk);

/** Unlock and close. Whoever uses the disk must be gone. */
void disk_close(struct disk *disk);

#endif
