/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run's machine is: between what its user says and what its record knows. */
#ifndef VMM_RUN_CONFIG_H
#define VMM_RUN_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "record/record.h"
#include "run/run.h"

/** What was found of a VM. */
struct run_found {
	const char *name;
	bool recorded; /**< It has run before, */
	struct record last; /**< and this is its record. */
	bool died; /**< Whoever wrote that did not get to say how it ended. */
};

/**
 * Fill in @config, which is all zero, with what this run uses. Returns 0, or -errno
 * with @error set: -ENOENT if nobody ever said what it is, -EPERM where it would
 * harm a guest that sleeps on a disk or in a file.
 */
int run_config_settle(const struct run_options *options, const struct run_found *found,
		      struct config *config, struct error *error);

#endif
