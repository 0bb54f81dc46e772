/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that appears under its name as a whole and durably, or not at all, and
 * never replaces another file.
 *
 * It is written under another name in the same directory, PATH.part, and a lock
 * shows whether its writer lives: a file that a killed writer left is removed.
 * If PATH.part is in use or is not such a file, or if the file system has no
 * locks, the name is PATH.XXXXXXXX.part, with random digits, and this file
 * remains if its writer is killed. A file without a magic has no name at all
 * until it gets PATH, by linkat(), where the file system can do that.
 *
 * The file gets its name in the first of these ways that the file system
 * supports. None can replace a file that another process has created meanwhile:
 * - renameat2() with RENAME_NOREPLACE;
 * - linkat(), then unlinkat() of the first name (NFS, CephFS, 9p, most of FUSE,
 *   ZFS);
 * - open() with O_EXCL of an empty file, which renameat() replaces (where there
 *   are no hard links either). A process that dies in between leaves the empty
 *   file.
 */
#ifndef VMM_NEW_FILE_H
#define VMM_NEW_FILE_H

#include "base/error.h"

#include <limits.h>

/** Private, except fd. */
struct new_file {
	int fd; /**< To be written. It can be read, too, if the file has a magic. */
	int dir_fd;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1];
};

/**
 * Begin a file, accessible only to its owner, that will be @path. No file may
 * have that name: this is checked now, before the work, and again when the file
 * gets the name.
 *
 * @magic: the first bytes of such a file, which identify an abandoned one; or
 *   NULL if nothing does: then nothing remains of a writer that is killed
 *   where the file system has files without names (O_TMPFILE); elsewhere its
 *   .part remains
 *
 * Returns 0, or -errno with @error set to a reason, without the path.
 */
int new_file_begin(struct new_file *file, const char *path, const char *magic, struct error *error);

/** A file that is there, complete and durable: its name in a directory. */
struct new_file_existing {
	int dir_fd;
	const char *name;
};

/**
 * Begin with PATH.part, if that is a file that its writer left or new_file_withdraw()
 * made, has @magic and no other name: it is not emptied. Else as new_file_begin().
 * The name @path is not checked before new_file_publish().
 */
int new_file_begin_again(struct new_file *file, const char *path, const char *magic,
			 struct error *error);

/**
 * Begin with @existing, which gets @path as another name; @magic is its. Nothing is
 * to be written. Likewise; -EXDEV if it can have none there, since the file system
 * has no hard links, or is another one.
 */
int new_file_begin_link(struct new_file *file, const char *path, const char *magic,
			const struct new_file_existing *existing, struct error *error);

/**
 * Make the written data durable. Returns 0 or -errno; then only new_file_drop()
 * may follow.
 */
int new_file_sync(struct new_file *file);

/**
 * Give the file its name, durably, and close it. Returns 0, or -errno with
 * @error set to a reason: then the file does not exist, as after
 * new_file_drop().
 */
int new_file_publish(struct new_file *file, struct error *error);

/**
 * Take its name from a published file, durably: it is NAME.part from here on, for
 * new_file_begin_again(); or gone, where it cannot be renamed. Returns 0, -ENOENT if
 * there is none, or another -errno.
 */
int new_file_withdraw(int dir_fd, const char *name);

/** Close and remove it. */
void new_file_drop(struct new_file *file);

#endif
