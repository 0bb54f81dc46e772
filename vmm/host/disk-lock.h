/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The locks of a disk image: one writer, or any number of readers.
 *
 * They are open-file-description locks, and so end with the process, however it
 * ends. A writer has an exclusive lock on the whole file. A reader has shared
 * locks on the bytes that QEMU locks for a reader that excludes writers: QEMU
 * and dormouse respect each other. Where a file system has no locks, the image
 * is refused.
 *
 * Such a lock belongs to the inode. A block device may have several, so the one
 * that the system itself has for it in /dev is locked too, if it is another; a
 * container without that inode cannot be distinguished from a system without
 * the device. Two writers exclude each other by O_EXCL in any case.
 *
 * A loop device is a file under another name: the file is locked too, if its
 * path leads to it here.
 */
#ifndef VMM_DISK_LOCK_H
#define VMM_DISK_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/** Other inodes of an image, which are open because they are locked; -1: none. */
struct disk_aliases {
	int node_fd; /**< Of a block device, in /dev. */
	int backing_fd; /**< Of a loop device. */
};

/**
 * Lock the image @fd, opened from @path, until it and @aliases are closed.
 * Returns 0; -EBUSY if another process has it; or another -errno, with no
 * alias open. @error is set unless it returns 0.
 */
int disk_lock(int fd, const char *path, bool read_only, struct disk_aliases *aliases,
	      struct error *error);

/** Close what disk_lock() opened; not the image. */
void disk_close_aliases(const struct disk_aliases *aliases);

#endif
