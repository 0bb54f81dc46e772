/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM whose dormouse died while it was parked. */
#ifndef VMM_RUN_PARKED_H
#define VMM_RUN_PARKED_H

#include <stdbool.h>

#include "base/error.h"
#include "run/prior.h"
#include "save/file.h"

/**
 * Whether @found, a VM that does not run, goes on from the file that it was
 * parked in, @path.
 */
bool run_is_parked(const struct prior_run *found, const char *path);

#endif
