/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/prior.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "record/lifecycle.h"

/* For how long a process is waited for whose run is over, and how often it is looked at. */
#define ENDING_MS 10000
#define LOOK_MS 10

/* Why it is locked. Returns whether its record says that its run is over. */
static bool find_owner(const struct vm_dir *dir, struct error *error)
{
	struct record record = { 0 };
	bool is_over = false;

	if (record_load(dir->fd, dir->name, &record, error) == 0) {
		error_set(error, -EBUSY, "%s is in use: the dormouse with pid %ld runs it",
			  dir->name, record.pid);
		is_over = !lifecycle_has_process(record.state);
	} else {
		error_set(error, -EBUSY, "%s is in use by another dormouse", dir->name);
	}
	record_free(&record);

	return is_over;
}

/*
 * A command such as "dormouse save" returns once the end is recorded, and what its user
 * does next must not depend on how soon after that the process is gone.
 */
static int lock(struct vm_dir *dir, struct error *error)
{
	const struct timespec a_little = { .tv_nsec = LOOK_MS * 1000000L };
	int err = vm_dir_lock(dir, error);

	for (int i = 0; i < ENDING_MS / LOOK_MS && err == -EBUSY; i++) {
		if (!find_owner(dir, error))
			return err;
		(void)nanosleep(&a_little, NULL);
		err = vm_dir_lock(dir, error);
	}

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

/* As far as that is known. */
static bool is_absent(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

bool run_was_woken(const struct prior_run *found)
{
	const struct record *last = &found->last;

	return found->died && last->state == VM_SUSPENDED && last->saved_file &&
	       (last->parked || vm_dir_is_parked(last->saved_file)) &&
	       is_absent(last->saved_file) && !(last->parked_in && !is_absent(last->parked_in));
}
