/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of a VM: from its record to its record. */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"

struct save_file;

struct run_options {
	const char *name;
	/**
	 * What the VM shall be made of. Without a kernel: what the record says, but
	 * for the console and the reset policies that are not NONE.
	 */
	struct config config;
	struct save_file *from; /**< Restore what was saved there, or NULL. */
	bool force; /**< Although what its guest relies on may have changed. */
};

/**
 * Run a VM until it powers off, hibernates, crashes or is stopped from outside.
 * Says on stderr what happens to it.
 *
 * Returns the exit status that `dormouse run` documents, or a negative value with
 * @error set if there was trouble.
 */
int run(const struct run_options *options, struct error *error);

#endif
