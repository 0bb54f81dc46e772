/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM whose dormouse died while it was parked: docs/park.md. */
#ifndef VMM_RUN_PARKED_H
#define VMM_RUN_PARKED_H

#include "base/error.h"
#include "machine/vm.h"
#include "record/record.h"
#include "run/prior.h"
#include "save/file.h"

/**
 * The directory of a VM, @dir, may have been moved: if the directory that @record names is gone, and
 * @dir has the file that the VM is parked in, let @record name that file. If it is not gone, @dir is
 * a copy, and the guest may have been woken there. Returns 0, or -errno with @error set.
 */
int run_find_moved(const struct vm_dir *dir, struct record *record, struct error *error);

/**
 * The file in which a VM is, if its record names one: saved_file; or parked_in, if its
 * dormouse died while it was being saved in saved_file. NULL, or a string of @found.
 */
const char *run_saved_file(const struct prior_run *found);

/**
 * The file in which the memory of a VM is whose dormouse died while it was parked, or
 * while it was being saved; NULL if there is none. @path is that of the file in its own
 * directory. The answer is @path, or a string of @found.
 */
const char *run_parked_file(const struct prior_run *found, const char *path);

/**
 * The guest runs, which went on from @from: remove that file, and the one of a save that
 * was not done, which is the same file by another name, or a copy. If they stay, they
 * are of no use: no record names them.
 */
void run_remove_parked(const struct prior_run *found, const struct save_file *from);

/**
 * @vm, which is restored from @from, an absolute path, stays parked in that file: have
 * @record name it. Returns 0, or -errno with @error set if that is impossible.
 */
int run_stay_parked(const struct vm *vm, const struct save_file *from, struct record *record,
		    struct error *error);

#endif
