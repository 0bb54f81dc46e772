/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a VM, as the commands see it that do not run it. */
#include "record/record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "record/vm-dir.h"
#include "run/parked.h"

static bool exists(const char *path)
{
	return path && access(path, F_OK) == 0;
}

/* Correct a record that says that there is a process, but there is none. */
static void died(struct record *record)
{
	const bool asleep = record->state == VM_SUSPENDED;
	const bool parked =
		record->parked && (exists(record->saved_file) || exists(record->parked_in));
	const time_t when = record->cause.when;
	char what[sizeof(record->cause.what)];

	snprintf(what, sizeof(what), "the dormouse that ran it (pid %ld) died%s", record->pid,
		 parked	  ? " while it was parked"
		 : asleep ? " while the guest was suspended"
			  : "");
	cause_set(&record->cause, VM_TRIGGER_CRASH, CAUSE_VCPU_NONE, what);
	/* The last known time. */
	record->cause.when = when;
	/* "dormouse run" goes on from its file. */
	record->state = parked ? VM_SAVED : VM_CRASHED;
	record->paused = false;
	if (record->request.what != REQUEST_NOTHING && record->request.outcome == REQUEST_WAITING) {
		record->request.outcome = REQUEST_LEFT;
		record->request.until = when;
		snprintf(record->request.reason, sizeof(record->request.reason), "%s", what);
	}
}

/*
 * The record with the current state. One that says "running" is only right
 * while a dormouse holds the lock: otherwise that dormouse died.
 */
int cli_load_record(const char *name, struct record *record, struct error *error)
{
	struct vm_dir dir;
	struct error lock_error;
	bool locked = false;
	long pid = 0;
	long seen;
	int lock_err;
	int err = vm_dir_open(name, false, &dir, error);

	if (err)
		return err;
	/*
	 * The lock first: a dormouse that ends in between has written its
	 * record by then. If one starts in between, it holds the lock when the
	 * same record is read again.
	 */
	do {
		record_free(record);
		seen = pid;
		lock_err = vm_dir_is_locked(&dir, &locked, &lock_error);
		err = record_load(dir.fd, name, record, error);
		pid = record->pid;
	} while (!err && lifecycle_has_process(record->state) && !locked && pid != seen);
	if (!err)
		err = run_find_moved(&dir, record, error);
	vm_dir_close(&dir);
	if (err == -ENOENT)
		return error_set(error, err, "%s has never run", name);
	if (err) {
		record_free(record);
		return err;
	}
	/* The lock only matters for a VM that runs. */
	if (lifecycle_has_process(record->state) && lock_err) {
		*error = lock_error;
		record_free(record);

		return lock_err;
	}
	if (lifecycle_has_process(record->state) && !locked)
		died(record);

	return 0;
}
