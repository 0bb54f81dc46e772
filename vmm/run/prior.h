/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a VM's former runs. */
#ifndef VMM_RUN_PRIOR_H
#define VMM_RUN_PRIOR_H

#include <stdbool.h>

#include "base/error.h"
#include "record/record.h"
#include "record/vm-dir.h"

struct prior_run {
	const char *name;
	bool recorded; /**< It has run before, */
	struct record last; /**< and this is its record. */
	bool died; /**< The process that wrote it died without recording an end. */
};

/**
 * Lock a VM, so that no other dormouse runs it, and read its record into
 * @found, which is all zero. A process whose run is over is waited for, for some
 * seconds. Returns 0, or -errno with @error set, -EBUSY if it runs. The caller
 * frees @found->last, also on failure.
 */
int prior_run_find(struct vm_dir *dir, struct prior_run *found, struct error *error);

/**
 * Whether an image of the guest may wait for the machine that it left. A
 * hibernated guest has one; a guest whose dormouse was killed may have
 * completed one and not yet called SYSTEM_OFF2; and a clone has what the VM had
 * that it is a clone of. Any other end is known to its guest or its user, who
 * chose the moment.
 */
bool run_may_have_image(const struct prior_run *found);

/**
 * Whether the file in which a VM was parked has lost its name, by which its guest was
 * woken: it has run since, even if its record does not say so yet, and no file that has
 * that file's id may be restored. So has one whose file had no name yet.
 */
bool run_was_woken(const struct prior_run *found);

#endif
