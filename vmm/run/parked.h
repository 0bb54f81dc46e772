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
 * The file in which the memory of a VM is whose dormouse died while it was parked, or
 * while it was being saved; NULL if there is none. @path is that of the file in its own
 * directory. The answer is @path, or a string of @found.
 */
const char *run_parked_file(const struct prior_run *found, const char *path);

/**
 * @vm, which is restored from @from, an absolute path, stays parked in that file: have
 * @record name it. Returns 0, or -errno with @error set if that is impossible.
 */
int run_stay_parked(const struct vm *vm, const struct save_file *from, struct record *record,
		    struct error *error);

#endif
