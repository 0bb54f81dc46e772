/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/parked.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/restored-memory.h"
#include "record/lifecycle.h"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool has_id(const char *path, const char *id)
{
	struct save_file file;
	struct error unwanted;
	bool has;

	if (save_file_open(path, &file, &unwanted) < 0)
		return false;
	has = strcmp(file.record.saved_id, id) == 0;
	save_file_close(&file);

	return has;
}

/* The folder of a file, whose path is absolute. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
	snprintf(folder, PATH_MAX, "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
}

static bool is_moved(const char *path)
{
	char folder[PATH_MAX];

	if (!vm_dir_is_parked(path))
		return false;
	folder_of(path, folder);

	return access(folder, F_OK) < 0 && errno == ENOENT;
}

int run_find_moved(const struct vm_dir *dir, struct record *record, struct error *error)
{
	char **name = is_moved(record->parked_in) ? &record->parked_in : &record->saved_file;
	char *path;
	int err;

	if (!*record->saved_id || !is_moved(*name))
		return 0;
	err = vm_dir_path(dir, VM_DIR_PARKED, &path, error);
	if (err)
		return err;
	if (!has_id(path, record->saved_id)) {
		free(path);
		return 0;
	}
	free(*name);
	*name = path;

	return 0;
}

/* It may not have been saved: what it was parked in is as good. */
static bool was_being_saved(const struct prior_run *found)
{
	return found->died && found->last.parked_in && exists(found->last.parked_in);
}

const char *run_saved_file(const struct prior_run *found)
{
	return was_being_saved(found) ? found->last.parked_in : found->last.saved_file;
}

const char *run_parked_file(const struct prior_run *found, const char *path)
{
	const struct record *last = &found->last;
	const char *file = run_saved_file(found);

	if (!found->recorded || !last->saved_file ||
	    !lifecycle_awaits_restore(last->state, found->died, *last->saved_id))
		return NULL;
	if (was_being_saved(found))
		return file;

	/* "dormouse restore --parked" leaves it parked where it is. */
	return exists(file) && (strcmp(file, path) == 0 || (found->died && last->parked)) ? file
											  : NULL;
}

void run_remove_parked(const struct prior_run *found, const struct save_file *from)
{
	const struct record *last = &found->last;

	(void)unlink(from->path);
	/* The record named it before it was there: it may be another file. */
	if (last->parked_in && strcmp(from->path, last->parked_in) == 0 &&
	    has_id(last->saved_file, from->record.saved_id))
		(void)unlink(last->saved_file);
}

/* Its name goes when the guest wakes, and then nothing may be in the way. */
static int check_removable(const char *path, struct error *error)
{
	char folder[PATH_MAX];

	folder_of(path, folder);
	if (access(folder, W_OK) < 0)
		return error_set(
			error, -errno,
			"cannot keep a guest parked in %s: it could not be removed when the "
			"guest wakes: %s",
			path, strerror(errno));

	return 0;
}

int run_stay_parked(const struct vm *vm, const struct save_file *from, struct record *record,
		    struct error *error)
{
	enum memory_source_way way;
	int err;

	if (!restored_memory_needs_file(vm, &way))
		return error_set(error, -EOPNOTSUPP,
				 "%s cannot stay parked in %s, which cannot be mapped: restore it "
				 "without --parked",
				 vm->name, from->path);
	err = check_removable(from->path, error);
	if (err)
		return err;
	record->saved_file = strdup(from->path);
	if (!record->saved_file)
		return error_set(error, -ENOMEM, "out of memory");
	memcpy(record->saved_id, from->record.saved_id, sizeof(record->saved_id));

	return 0;
}
