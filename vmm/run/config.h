/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine of a run, from its user's options and its record. */
#ifndef VMM_RUN_CONFIG_H
#define VMM_RUN_CONFIG_H

#include "base/error.h"
#include "config/config.h"
#include "run/prior.h"
#include "run/run.h"

/**
 * Fill in @config, which is all zero, with what this run uses. Returns 0, or
 * -errno with @error set: -ENOENT if the machine was never described, -EPERM if
 * it would harm a guest that is saved.
 */
int run_config_resolve(const struct run_options *options, const struct prior_run *found,
		       struct config *config, struct error *error);

#endif
