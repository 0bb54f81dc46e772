/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine of a run, from its user's options and its record. */
#ifndef VMM_RUN_CONFIG_H
#define VMM_RUN_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "record/record.h"
#include "run/run.h"

/** What is known of a VM's former runs. */
struct prior_run {
	const char *name;
	bool recorded; /**< It has run before, */
	struct record last; /**< and this is its record. */
	bool died; /**< The process that wrote it died without recording an end. */
};

/**
 * Fill in @config, which is all zero, with what this run uses. Returns 0, or
 * -errno with @error set: -ENOENT if the machine was never described, -EPERM if
 * it would harm a guest that is hibernated or saved.
 */
int run_config_resolve(const struct run_options *options, const struct prior_run *found,
		       struct config *config, struct error *error);

#endif
