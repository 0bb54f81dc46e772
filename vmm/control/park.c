/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/park.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/main-loop.h"
#include "base/message.h"
#include "record/vm-dir.h"

int park_remove(int dir_fd)
{
	if (unlinkat(dir_fd, VM_DIR_PARKED, 0) < 0)
		return errno == ENOENT ? 0 : -errno;

	return durable_sync_directory(dir_fd);
}

void park_give_back(struct control *control)
{
	struct vm *vm = control->vm;
	bool lost = false;
	struct error error;

	if (save_file_give_back(control->park_path, vm, &lost, &error) == 0)
		message("%s: parked: its memory is in %s", vm->name, control->park_path);
	else if (lost)
		vm_crash(vm, CAUSE_VCPU_NONE, "%s", error.text);
	else
		message("%s: parked, but its memory cannot be given back: %s", vm->name,
			error.text);
}

bool park_spend(struct control *control)
{
	struct record *record = control->record;
	struct vm *vm = control->vm;
	/* The name is gone first: a sync of what is gone already is no failure to remove it. */
	const int err = park_remove(control->dir_fd);

	if (err) {
		control->err = error_set(&control->error, err, "cannot remove %s: %s",
					 control->park_path, strerror(-err));
		vm_crash(vm, CAUSE_VCPU_NONE, "%s", control->error.text);

		return false;
	}
	/* The guest continues and writes to them. */
	environment_forget_left_behind(&record->environment);
	record->saved_id[0] = '\0';
	free(record->saved_file);
	record->saved_file = NULL;
	restored_memory_start(vm);

	return true;
}

/* --- --park --- */

void park_create_timer(struct control *control)
{
	const uint32_t seconds = control->vm->config->park;

	if (seconds != CONFIG_IDLE_OFF)
		control->park_timer.time = seconds * UINT64_C(1000000);
}

void park_note_state(struct control *control)
{
	if (control->life.state == VM_SUSPENDED && !control->life.parked)
		park_timer_sleeps(&control->park_timer, main_loop_now());
	else
		park_timer_forget(&control->park_timer);
}

/* A guest that is saved next need not be parked. */
uint64_t park_due(const struct control *control)
{
	return control->life.stage == LIFECYCLE_RUNNING && !ask_saves(&control->ask)
		       ? park_timer_due(&control->park_timer)
		       : MAIN_LOOP_NEVER;
}

void park_on_due(struct control *control)
{
	struct error error;

	if (control_park(control, &error) < 0 &&
	    park_timer_fail(&control->park_timer, main_loop_now()))
		message("%s: sleeps on in memory, and is parked later: %s", control->vm->name,
			error.text);
}
