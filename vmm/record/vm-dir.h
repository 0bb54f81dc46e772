/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM is a directory: STATE/NAME, with its record and its lock.
 *
 * STATE is $DORMOUSE_STATE_DIR, or $XDG_STATE_HOME/dormouse, or
 * ~/.local/state/dormouse.
 */
#ifndef VMM_VM_DIR_H
#define VMM_VM_DIR_H

#include <stdbool.h>

#include "base/error.h"

struct vm_dir {
	const char *name; /**< The caller's string. */
	int fd; /**< The directory. */
	int lock_fd; /**< Its lock file, or -EACCES; the lock goes when this is closed. */
};

/**
 * Open the directory of the VM @name, making it first if @create. Returns 0, or
 * -errno with @error set: -EINVAL for a name that is none, -ENOENT where there
 * is no such VM.
 */
int vm_dir_open(const char *name, bool create, struct vm_dir *dir, struct error *error);

void vm_dir_close(struct vm_dir *dir);

/**
 * Take the VM for this process. Returns 0, -EBUSY without a message if another
 * dormouse has it, or another -errno with @error set.
 */
int vm_dir_lock(struct vm_dir *dir, struct error *error);

/**
 * Find out whether a dormouse, other than through @dir, has the VM. Takes nothing.
 * Returns 0 with @locked set, or -errno with @error set: -EACCES where the VM is
 * someone else's, whose lock is theirs alone.
 */
int vm_dir_is_locked(const struct vm_dir *dir, bool *locked, struct error *error);

/**
 * Call @each with the name of every VM there is, sorted. Stops at the first that
 * returns other than 0. Returns 0, what @each returned, or -errno with @error
 * set.
 */
int vm_dir_list(int (*each)(const char *name, void *context), void *context, struct error *error);

#endif
