/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/act-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "control/park.h"
#include "machine/devices.h"
#include "machine/environment-read.h"
#include "machine/restored-memory.h"

int act_note_disks(struct control *control)
{
	struct environment *environment = &control->record->environment;
	struct error error;
	const int err = environment_renew_disks(control->vm, &control->error);

	if (err || environment_read_left_behind(environment, control->vm, &error) == 0)
		return err;
	message("%s: %s", control->vm->name, error.text);
	environment_forget_left_behind(environment);

	return 0;
}

int act_write_file(struct control *control)
{
	struct vm *vm = control->vm;
	struct record *record = control->record;
	int err = control->life.parking ? park_remove(control->dir_fd) : 0;

	record->saved_file = strdup(control->save_path);
	if (!err)
		err = record->saved_file ? record_make_saved_id(record) : -ENOMEM;
	if (err)
		error_set(&control->error, err, "cannot save %s: %s", vm->name, strerror(-err));
	/* RAM itself may be in a file, in part. */
	if (!err)
		err = restored_memory_finish(vm, &control->error);
	if (!err)
		record->restoring = RESTORING_NOTHING;
	/* The guest's data is on disk before the file that relies on it. */
	if (!err)
		err = devices_flush(vm->devices, &control->error);
	if (!err)
		err = act_note_disks(control);
	if (!err)
		err = save_file_write(control->save_path, vm, record, control->save_compresses,
				      &control->draft, &control->error);
	control->has_draft = !err;

	return err;
}

int act_publish_file(struct control *control)
{
	control->has_draft = false;

	return save_file_publish(&control->draft, &control->error);
}

void act_discard_file(struct control *control)
{
	struct record *record = control->record;

	if (control->has_draft)
		save_file_drop(&control->draft);
	control->has_draft = false;
	/* The guest continues and writes to them. */
	environment_forget_left_behind(&record->environment);
	record->saved_id[0] = '\0';
	free(record->saved_file);
	record->saved_file = NULL;
}
