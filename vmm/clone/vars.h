/* SPDX-License-Identifier: BSD-3-Clause */
/* The firmware's variables of a clone: a copy of the VM's. */
#ifndef VMM_CLONE_VARS_H
#define VMM_CLONE_VARS_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "environment/environment.h"
#include "host/flash-file.h"
#include "record/vm-dir.h"

/** Zero at first. Private. */
struct clone_vars {
	struct flash_file from; /**< Locked. */
	bool is_open;
	char *path; /**< The clone's; NULL: the VM has none. */
	bool is_given; /**< It is not in the VM's directory, but beside the VM's file. */
	bool is_published;
};

/**
 * Open the VM's variables, if @config, which is the VM's in @dir, has any.
 * Returns 0, or -errno with @error set; either way clone_vars_close() follows.
 */
int clone_vars_open(struct clone_vars *vars, const struct vm_dir *dir, struct config *config,
		    struct error *error);

/** Add what they hold to @now, which is to be compared. As above. */
int clone_vars_read(const struct clone_vars *vars, struct environment *now, struct error *error);

/**
 * Decide where those of the clone @to will be, and put that into @config, which
 * is its own, if the VM's named a file. As above.
 */
int clone_vars_configure(struct clone_vars *vars, const char *to, struct config *config,
			 struct error *error);

/** Copy them, durably, once the clone has its directory. As above. */
int clone_vars_copy(struct clone_vars *vars, struct error *error);

/** Close all. The copy is removed, unless @keep says that it is a clone's now. */
void clone_vars_close(struct clone_vars *vars, bool keep);

#endif
