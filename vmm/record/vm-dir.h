/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory of a VM: STATE/NAME, with its record and its lock.
 *
 * STATE is $DORMOUSE_STATE_DIR, or $XDG_STATE_HOME/dormouse, or
 * ~/.local/state/dormouse.
 */
#ifndef VMM_VM_DIR_H
#define VMM_VM_DIR_H

#include <stdbool.h>

#include "base/error.h"

/** The file that a VM is parked in. */
#define VM_DIR_PARKED "parked"
/** That file once its guest has woken: see new_file_withdraw(). */
#define VM_DIR_SPENT VM_DIR_PARKED ".part"

struct vm_dir {
	const char *name; /**< The caller's string. */
	int fd; /**< The directory. */
	int lock_fd; /**< Its lock file, or -EACCES; closing it releases the lock. */
};

/**
 * Open the directory of the VM @name, and create it first if @create. Returns
 * 0, or -errno with @error set: -EINVAL for an invalid name, -ENOENT if there
 * is no such VM.
 */
int vm_dir_open(const char *name, bool create, struct vm_dir *dir, struct error *error);

/**
 * The path of a file in the VM's directory. Returns 0, and the caller frees
 * @path; or -errno with @error set.
 */
int vm_dir_path(const struct vm_dir *dir, const char *file, char **path, struct error *error);

/** Whether @path, which is absolute or NULL, is that of VM_DIR_PARKED in some VM's directory. */
bool vm_dir_is_parked(const char *path);

void vm_dir_close(struct vm_dir *dir);

/**
 * Remove the directory of a VM that has no record, whose lock this process has,
 * and close it. What else is in it remains, and then the directory does, too.
 */
void vm_dir_remove(struct vm_dir *dir);

/**
 * Lock the VM for this process. Returns 0, -EBUSY without a message if another
 * dormouse has it, or another -errno with @error set.
 */
int vm_dir_lock(struct vm_dir *dir, struct error *error);

/**
 * Check whether a dormouse, other than through @dir, has locked the VM. Takes
 * no lock. Returns 0 with @locked set, or -errno with @error set: -EACCES for a
 * VM of another user, whose lock only its owner can open.
 */
int vm_dir_is_locked(const struct vm_dir *dir, bool *locked, struct error *error);

/**
 * Call @each with the name of every VM, sorted. Stops at the first call that
 * returns other than 0. Returns 0, what @each returned, or -errno with @error
 * set.
 */
int vm_dir_list(int (*each)(const char *name, void *context), void *context, struct error *error);

#endif
