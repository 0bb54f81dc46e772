/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/park.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/main-loop.h"
#include "base/message.h"
#include "base/new-file.h"
#include "machine/devices.h"
#include "machine/vcpu.h"
#include "record/vm-dir.h"

/* Returns 0, -ENOENT if there is none, or another -errno. */
static int remove_durably(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0) < 0 ? -errno : durable_sync_directory(dir_fd);
}

/* Likewise, in any folder. */
static int remove_by_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int err;
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = remove_durably(fd, slash + 1);
	close(fd);

	return err;
}

/* In the directory that is open, wherever that is now; otherwise a file of the user's. */
static bool is_in_directory(const struct control *control, const char *path)
{
	return strcmp(path, control->park_path) == 0;
}

static int remove_file(const struct control *control, const char *path)
{
	return is_in_directory(control, path) ? remove_durably(control->dir_fd, VM_DIR_PARKED)
					      : remove_by_path(path);
}

int park_remove(int dir_fd)
{
	const int err = remove_durably(dir_fd, VM_DIR_PARKED);

	return err == -ENOENT ? 0 : err;
}

void park_remove_spent(int dir_fd)
{
	(void)unlinkat(dir_fd, VM_DIR_SPENT, 0);
}

void park_note_devices(struct control *control)
{
	control->park_uses = devices_uses(control->vm->devices);
	control->park_given = devices_given(control->vm->devices);
}

void park_give_back(struct control *control)
{
	const struct record *record = control->record;
	struct vm *vm = control->vm;
	enum memory_source_way way;
	bool lost = false;
	struct error error;

	if (restored_memory_needs_file(vm, &way))
		return;
	/* The file would undo that, and not what they know of their queues. */
	if (devices_given(vm->devices) != control->park_given)
		message("%s: parked, but its memory is not given back: its devices have written to it",
			vm->name);
	else if (save_file_give_back(record->saved_file, record->saved_id, vm, &lost, &error) == 0)
		message("%s: parked: its memory is in %s", vm->name, record->saved_file);
	else if (lost)
		vm_crash(vm, CAUSE_VCPU_NONE, "%s", error.text);
	else
		message("%s: parked, but its memory cannot be given back: %s", vm->name,
			error.text);
}

/* No file is named: its guest continues, and writes to the disks. */
static void forget(struct record *record)
{
	environment_forget_left_behind(&record->environment);
	record->saved_id[0] = '\0';
	free(record->saved_file);
	record->saved_file = NULL;
	record->parked = false;
}

bool park_spend(struct control *control)
{
	struct record *record = control->record;
	struct vm *vm = control->vm;
	/* In our own file the next parking writes only what has changed. */
	int err = is_in_directory(control, record->saved_file)
			  ? new_file_withdraw(control->dir_fd, VM_DIR_PARKED)
			  : remove_by_path(record->saved_file);

	if (err && err != -ENOENT)
		error_set(&control->error, err, "cannot remove %s: %s", record->saved_file,
			  strerror(-err));
	if (!err || err == -ENOENT)
		forget(record);
	/* It may have another name by now: that it is of no use, the record alone says. */
	if (err == -ENOENT)
		err = record_save(control->dir_fd, vm->name, record, &control->error);
	if (err) {
		control->err = err;
		vm_crash(vm, CAUSE_VCPU_NONE, "%s", control->error.text);

		return false;
	}
	restored_memory_start(vm);

	return true;
}

bool park_is_as_written(const struct control *control)
{
	struct vm *vm = control->vm;
	bool woken = false;

	/* The main thread has not heard it yet. */
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		woken = woken || gate_pending(&vm->gate, &vm->vcpus[i].request) == VCPU_HAS_WOKEN;

	return !woken && devices_uses(vm->devices) == control->park_uses &&
	       !devices_are_called(vm->devices) && !devices_alarm_waits(vm->devices);
}

void park_leave(struct control *control)
{
	struct record *record = control->record;
	const int err = remove_file(control, record->parked_in);

	if (err && err != -ENOENT)
		message("%s: cannot remove %s, which is of no use any more: %s", control->vm->name,
			record->parked_in, strerror(-err));
	free(record->parked_in);
	record->parked_in = NULL;
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
