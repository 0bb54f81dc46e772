/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tells a disk image from another one, and from itself after it was
 * written. A guest that hibernated has parts of its disks in its image: it may
 * only find them as it left them.
 *
 *	a regular file: its inode, its size, the time when it was last written,
 *	and its generation, a random number that dormouse keeps with the file
 *	where the file system has attributes of users (user.dormouse)
 *
 *	a block device: its size. Linux keeps neither the time of a write nor
 *	an attribute for it.
 *
 * So another image under the name is noticed by its inode, and a
 * write by its time. An image that was copied, or rolled back together with
 * its times, has the generation and not the inode.
 */
#ifndef VMM_DISK_IDENTITY_H
#define VMM_DISK_IDENTITY_H

#include "base/error.h"
#include "host/disk.h"

#define DISK_IDENTITY_SIZE 160

/**
 * Write it as a text of "name:value" and spaces. All that was written before is
 * to be durable: some file systems set the time only then. Returns 0, or -errno
 * with @error set.
 */
int disk_identity(const struct disk *disk, char text[DISK_IDENTITY_SIZE], struct error *error);

/**
 * Give a writable image a new generation, and make that durable together with
 * the time when it was last written, which disk_sync() does not. Returns 0, also
 * where there can be no generation, or -errno with @error set: the disk fails,
 * and so does every later disk_sync().
 */
int disk_renew(struct disk *disk, struct error *error);

#endif
