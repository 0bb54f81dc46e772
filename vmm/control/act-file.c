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
#include "save/move.h"

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

static int cannot_save(struct control *control, int err)
{
	return error_set(&control->error, err, "cannot save %s: %s", control->vm->name,
			 strerror(-err));
}

/* A machine that is parked may be parked again. */
static enum save_form form_of(const struct control *control)
{
	if (control->life.parking)
		return SAVE_PLACED;

	return control->save_compresses ? SAVE_COMPRESSED : SAVE_PACKED;
}

/* The record's id and its file's name must be set. */
static int write_whole(struct control *control)
{
	struct vm *vm = control->vm;
	struct record *record = control->record;
	/* RAM itself may be in a file, in part. */
	int err = restored_memory_finish(vm, &control->error);

	if (!err)
		record->restoring = RESTORING_NOTHING;
	/* The guest's data is on disk before the file that relies on it. */
	if (!err)
		err = devices_flush(vm->devices, &control->error);
	if (!err)
		err = act_note_disks(control);
	if (!err)
		err = save_file_write(control->save_path, vm, record, form_of(control),
				      &control->draft, &control->error);
	control->has_draft = !err;

	return err;
}

static int write_new(struct control *control)
{
	struct record *record = control->record;
	int err = control->life.parking ? park_remove(control->dir_fd) : 0;

	record->saved_file = strdup(control->save_path);
	if (!err)
		err = record->saved_file ? record_make_saved_id(record) : -ENOMEM;
	park_note_devices(control);

	return err ? cannot_save(control, err) : write_whole(control);
}

/* What the file says of itself is not that it is parked. */
static int write_anew(struct control *control)
{
	struct record *record = control->record;
	char *parked_in = record->parked_in;
	int err;

	record->parked_in = NULL;
	record->parked = false;
	err = write_whole(control);
	record->parked = true;
	record->parked_in = parked_in;

	return err;
}

/*
 * Both files have the same id, and the record names both until one is gone: whichever
 * the next run goes on from, it is once.
 */
static int write_of_parked(struct control *control)
{
	struct record *record = control->record;
	char *name = strdup(control->save_path);
	int err;

	if (!name)
		return cannot_save(control, -ENOMEM);
	record->parked_in = record->saved_file;
	record->saved_file = name;
	if (control->save_compresses || !park_is_as_written(control))
		return write_anew(control);
	err = save_move_begin(record->parked_in, record->saved_id, control->save_path,
			      control->vm->name, &control->draft, &control->error);
	control->has_draft = !err;

	return err;
}

int act_write_file(struct control *control)
{
	return control->life.parked ? write_of_parked(control) : write_new(control);
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
	if (record->parked_in) {
		free(record->saved_file);
		record->saved_file = record->parked_in;
		record->parked_in = NULL;
	}
	/* It stays in that file. */
	if (control->life.parked)
		return;
	/* The guest continues and writes to them. */
	environment_forget_left_behind(&record->environment);
	record->saved_id[0] = '\0';
	free(record->saved_file);
	record->saved_file = NULL;
}
