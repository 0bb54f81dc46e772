/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/parked.h"

#include <string.h>
#include <unistd.h>

#include "record/lifecycle.h"

bool run_is_parked(const struct prior_run *found, const char *path)
{
	const struct record *last = &found->last;

	return found->recorded && last->saved_file && strcmp(last->saved_file, path) == 0 &&
	       lifecycle_awaits_restore(last->state, found->died, *last->saved_id) &&
	       access(path, F_OK) == 0;
}
