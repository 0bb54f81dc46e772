/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that appears under its name as a whole and durably, or not at all, and never
 * in place of another.
 *
 * It is written under another name in the same directory, PATH.part, and a lock tells
 * whether its writer lives: what a writer left that was killed is removed. If PATH.part
 * is in use, is not such a file, or if the file system has no locks, the name is
 * PATH.XXXXXXXX.part, with random digits, and it remains if its writer is killed.
 *
 * The name is given in the first of these ways that the file system has. None can
 * replace a file that another process has made meanwhile:
 * - renameat2() with RENAME_NOREPLACE;
 * - linkat(), then unlinkat() of the first name (NFS, CephFS, 9p, most of FUSE, ZFS);
 * - open() with O_EXCL of an empty file, which renameat() replaces (where there are no
 *   hard links either). A process that dies in between leaves the empty file.
 */
#ifndef VMM_NEW_FILE_H
#define VMM_NEW_FILE_H

#include "base/error.h"

#include <limits.h>

/** Private but for fd. */
struct new_file {
	int fd; /**< To be written. */
	int dir_fd;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1];
};

/**
 * Begin a file, for its owner alone, that will be @path. Nothing may have that name:
 * this is found out now, before the work, and again when it gets the name.
 *
 * @magic: what such a file begins with, which a file that is left over is recognised by
 *
 * Returns 0, or -errno with @error set to a reason, without the path.
 */
int new_file_begin(struct new_file *file, const char *path, const char *magic, struct error *error);

/** Make durable what was written. Returns 0 or -errno; then only new_file_drop() may follow. */
int new_file_sync(struct new_file *file);

/**
 * Give the file its name, durably, and close it. Returns 0, or -errno with @error set to
 * a reason: then there is no such file, as after new_file_drop().
 */
int new_file_publish(struct new_file *file, struct error *error);

/** Close and remove it. */
void new_file_drop(struct new_file *file);

#endif
