/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/prior.h"

#include <errno.h>

#include "record/lifecycle.h"

static int lock(struct vm_dir *dir, struct error *error)
{
	struct record record = { 0 };
	int err = vm_dir_lock(dir, error);

	if (err != -EBUSY)
		return err;
	if (record_load(dir->fd, dir->name, &record, error) == 0)
		error_set(error, err, "%s is in use: the dormouse with pid %ld runs it", dir->name,
			  record.pid);
	else
		error_set(error, err, "%s is in use by another dormouse", dir->name);
	record_free(&record);

	return err;
}

int prior_run_find(struct vm_dir *dir, struct prior_run *found, struct error *error)
{
	int err = lock(dir, error);

	if (err)
		return err;
	found->name = dir->name;
	err = record_load(dir->fd, dir->name, &found->last, error);
	if (err && err != -ENOENT)
		return err;
	found->recorded = !err;
	/*
	 * The process that ran it no longer holds the lock, but has recorded no
	 * end.
	 */
	found->died = found->recorded && lifecycle_has_process(found->last.state);

	return 0;
}

bool run_may_have_image(const struct prior_run *found)
{
	return found->recorded &&
	       (found->last.state == VM_HIBERNATED || found->died || found->last.discard_image);
}
