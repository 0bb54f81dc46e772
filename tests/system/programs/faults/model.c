/* SPDX-License-Identifier: BSD-3-Clause */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD "record.json"
#define PARKED "parked"
#define SECTOR 512
#define SECTORS 5
#define NAMES_MAX 32
#define TEXT_MAX (64 * 1024)
/* Up to so many changes, each may be missing whatever the others are. */
#define FREE_CHANGES_MAX 7

enum change_kind {
	CHANGE_NAME, /**< @name is @file's. */
	CHANGE_NO_NAME,
	CHANGE_DATA,
	CHANGE_DATE, /**< When it was written; or its attribute. */
};

/** The smallest part of a call that may be missing. */
struct change {
	enum change_kind kind;
	ino_t file;
	ino_t directory;
	const char *name;
	const char *old_name; /**< Which a rename takes away, or NULL. */
	uint64_t offset;
	size_t size;
	const uint8_t *data;
	unsigned int ended;
	size_t call; /**< It exists once so many calls have returned. */
};

struct model {
	const struct trace *trace;
	const struct model_files *files;
	const char *announcement;
	enum model_omission omission;
	model_judge judge;
	void *context;
	struct model_result *result;
	struct change *changes;
	size_t change_count;
	size_t change_room;
	ino_t saved; /**< The inode of the file, or 0. */
	bool *present; /**< Of each change. */
	char *text;
	char *intended;
};

/* --- from calls to changes --- */

static struct change *add(struct model *model, const struct call *call, size_t number,
			  enum change_kind kind)
{
	struct change *change;

	if (model->change_count == model->change_room) {
		model->change_room = model->change_room ? 2 * model->change_room : 64;
		model->changes =
			realloc(model->changes, model->change_room * sizeof(model->changes[0]));
		if (!model->changes)
			die("out of memory");
	}
	change = &model->changes[model->change_count++];
	*change = (struct change){
		.kind = kind,
		.file = call->file,
		.directory = call->directory,
		.name = call->from,
		.ended = call->ended,
		.call = number,
	};

	return change;
}

/* How much was written to a file before a call, which is where write() continues. */
static uint64_t size_before(const struct trace *trace, size_t number)
{
	const struct call *call = &trace->calls[number];
	uint64_t size = 0;

	for (size_t i = 0; i < number; i++)
		if (trace->calls[i].kind == CALL_WRITE && trace->calls[i].file == call->file &&
		    trace->calls[i].result == 0)
			size += trace->calls[i].size;

	return size;
}

/* A disk writes sectors whole, and one without the other; of a file a half may be there. */
static void add_write(struct model *model, const struct call *call, size_t number)
{
	const bool to_disk = call->file == model->files->disk;
	const uint64_t offset = to_disk ? call->offset : size_before(model->trace, number);
	const size_t piece = to_disk ? SECTOR : call->size / 2 + 1;

	for (size_t at = 0; at < call->size; at += piece) {
		struct change *change = add(model, call, number, CHANGE_DATA);

		change->offset = offset + at;
		change->size = call->size - at < piece ? call->size - at : piece;
		change->data = call->data + at;
	}
	if (to_disk)
		(void)add(model, call, number, CHANGE_DATE);
}

static void find_changes(struct model *model)
{
	const struct trace *trace = model->trace;

	for (size_t i = 0; i < trace->call_count; i++) {
		const struct call *call = &trace->calls[i];
		struct change *change;

		if (call->result != 0)
			continue;
		if (call->kind == CALL_CREATE) {
			(void)add(model, call, i, CHANGE_NAME);
		} else if (call->kind == CALL_WRITE) {
			add_write(model, call, i);
		} else if (call->kind == CALL_RENAME || call->kind == CALL_LINK) {
			change = add(model, call, i, CHANGE_NAME);
			change->name = call->to;
			change->old_name = call->kind == CALL_RENAME ? call->from : NULL;
			if (model->files->saved_name &&
			    strcmp(call->to, model->files->saved_name) == 0)
				model->saved = call->file;
		} else if (call->kind == CALL_UNLINK) {
			(void)add(model, call, i, CHANGE_NO_NAME);
		} else if (call->kind == CALL_ATTRIBUTE) {
			(void)add(model, call, i, CHANGE_DATE);
		}
	}
}

/* --- what is durable --- */

static bool is_omitted(const struct model *model, const struct call *sync)
{
	const struct model_files *files = model->files;
	const bool of_directory =
		sync->file == files->state_directory || sync->file == files->saved_directory;

	switch (model->omission) {
	case OMIT_NOTHING:
		return false;
	case OMIT_SYNCS_OF_DISK:
		return sync->file == files->disk;
	case OMIT_SYNCS_OF_STATE_DIRECTORY:
		return sync->file == files->state_directory;
	case OMIT_SYNCS_OF_SAVED_DIRECTORY:
		return sync->file == files->saved_directory;
	case OMIT_SYNCS_OF_SAVED:
		return sync->file == model->saved;
	case OMIT_SYNCS_OF_RECORD:
		return !of_directory && sync->file != files->disk && sync->file != model->saved;
	}

	return false;
}

static bool may_cover(const struct change *change, const struct call *sync)
{
	const bool of_name = change->kind == CHANGE_NAME || change->kind == CHANGE_NO_NAME;

	if (sync->kind != CALL_SYNC &&
	    (sync->kind != CALL_SYNC_DATA || change->kind == CHANGE_DATE))
		return false;

	return sync->begun > change->ended &&
	       sync->file == (of_name ? change->directory : change->file);
}

/* Whether it is for sure on the disk once so many calls have returned. */
static bool is_durable(const struct model *model, const struct change *change, size_t calls)
{
	for (size_t i = change->call; i < calls; i++) {
		const struct call *call = &model->trace->calls[i];

		/* What a sync failed to write, the next one takes for written. */
		if (may_cover(change, call) && !is_omitted(model, call))
			return call->result == 0;
	}

	return false;
}

/* --- the files after a failure --- */

/* Whether @name is no longer @file's, since it was removed or renamed. */
static bool takes_away(const struct change *change, const char *name, ino_t file)
{
	if (change->kind == CHANGE_NO_NAME)
		return strcmp(change->name, name) == 0;

	return change->kind == CHANGE_NAME && change->old_name &&
	       strcmp(change->old_name, name) == 0 && change->file == file;
}

/* The file of a name, or 0. */
static ino_t find_name(const struct model *model, ino_t directory, const char *name, ino_t first,
		       size_t changes)
{
	ino_t file = first;

	for (size_t i = 0; i < changes; i++) {
		const struct change *change = &model->changes[i];

		if (!model->present[i] || change->directory != directory)
			continue;
		if (change->kind == CHANGE_NAME && strcmp(change->name, name) == 0)
			file = change->file;
		else if (takes_away(change, name, file))
			file = 0;
	}

	return file;
}

/* The text of a file: what is there of it, or what was written. Returns its size. */
static size_t fill(const struct model *model, ino_t file, bool all, char *text)
{
	size_t size = 0;

	for (size_t i = 0; i < model->change_count; i++) {
		const struct change *change = &model->changes[i];

		if (change->kind != CHANGE_DATA || change->file != file ||
		    !(all || model->present[i]) || change->offset + change->size >= TEXT_MAX)
			continue;
		if (change->offset > size)
			memset(text + size, 0, (size_t)change->offset - size);
		memcpy(text + change->offset, change->data, change->size);
		if (change->offset + change->size > size)
			size = (size_t)change->offset + change->size;
	}
	text[size] = '\0';

	return size;
}

static void look_at_record(const struct model *model, size_t changes, struct crash *crash)
{
	const struct model_files *files = model->files;
	const ino_t file = find_name(model, files->state_directory, RECORD, files->record, changes);
	size_t size;

	if (!file)
		return;
	if (file == files->record) {
		crash->record = files->record_text;
		return;
	}
	size = fill(model, file, false, model->text);
	crash->record_is_torn = size != fill(model, file, true, model->intended) ||
				memcmp(model->text, model->intended, size) != 0;
	crash->record = model->text;
}

static void look_at_saved(const struct model *model, size_t changes, struct crash *crash)
{
	const struct model_files *files = model->files;
	ino_t file;

	crash->has_parked = find_name(model, files->state_directory, PARKED, 0, changes) != 0;
	if (!files->saved_name)
		return;
	file = find_name(model, files->saved_directory, files->saved_name, 0, changes);
	crash->has_saved = file != 0;
	crash->saved_is_whole = file != 0;
	for (size_t i = 0; i < model->change_count; i++)
		if (model->changes[i].kind == CHANGE_DATA && model->changes[i].file == file &&
		    !(i < changes && model->present[i]))
			crash->saved_is_whole = false;
}

static void look_at_disk(const struct model *model, size_t changes, struct crash *crash)
{
	memcpy(crash->disk_sectors, model->files->disk_sectors, sizeof(crash->disk_sectors));
	crash->disk_is_current = true;
	crash->disk_is_dated = true;
	for (size_t i = 0; i < changes; i++) {
		const struct change *change = &model->changes[i];
		const size_t sector = (size_t)change->offset / SECTOR;

		if (change->file != model->files->disk)
			continue;
		if (change->kind == CHANGE_DATE && !model->present[i])
			crash->disk_is_dated = false;
		if (change->kind != CHANGE_DATA || sector >= SECTORS)
			continue;
		if (!model->present[i])
			crash->disk_is_current = false;
		else if (change->offset % SECTOR == 0)
			memcpy(crash->disk_sectors[sector], change->data,
			       sizeof(crash->disk_sectors[sector]));
	}
}

/* --- all of them --- */

static void judge_state(struct model *model, size_t calls, size_t changes,
			const struct crash *progress)
{
	struct crash crash = *progress;
	const char *wrong;

	look_at_record(model, changes, &crash);
	look_at_saved(model, changes, &crash);
	look_at_disk(model, changes, &crash);
	model->result->states++;
	wrong = model->judge(&crash, model->context);
	if (!wrong)
		return;
	if (model->result->wrong++ == 0) {
		model->result->first = wrong;
		model->result->at = calls;
	}
}

/* Each subset of a few changes. */
static void judge_all_subsets(struct model *model, size_t calls, size_t changes,
			      const struct crash *progress, const size_t *open, size_t count)
{
	for (unsigned long subset = 0; subset < 1UL << count; subset++) {
		for (size_t i = 0; i < count; i++)
			model->present[open[i]] = subset >> i & 1;
		judge_state(model, calls, changes, progress);
	}
}

enum choice { FIRST_N, LAST, ONLY_N, ALL_BUT_N, CHOICES };

static bool is_chosen(enum choice choice, size_t i, size_t n)
{
	switch (choice) {
	case FIRST_N:
		return i < n;
	case LAST:
		return i >= n;
	case ONLY_N:
		return i == n;
	case ALL_BUT_N:
	case CHOICES:
		break;
	}

	return i != n;
}

/* Of many: none, all, all but one, one, the first n, the last ones. */
static void judge_some_subsets(struct model *model, size_t calls, size_t changes,
			       const struct crash *progress, const size_t *open, size_t count)
{
	for (size_t n = 0; n <= count; n++) {
		for (enum choice choice = 0; choice < CHOICES; choice++) {
			for (size_t i = 0; i < count; i++)
				model->present[open[i]] = is_chosen(choice, i, n);
			judge_state(model, calls, changes, progress);
		}
	}
}

static void judge_subsets(struct model *model, size_t calls, size_t changes,
			  const struct crash *progress, const size_t *open, size_t count)
{
	if (count <= FREE_CHANGES_MAX)
		judge_all_subsets(model, calls, changes, progress, open, count);
	else
		judge_some_subsets(model, calls, changes, progress, open, count);
}

static size_t drop_dates(const struct model *model, size_t *open, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (model->changes[open[i]].kind != CHANGE_DATE)
			open[kept++] = open[i];

	return kept;
}

/* When the power fails after so many calls. */
static void check_after(struct model *model, size_t calls, const struct crash *progress,
			size_t *open)
{
	size_t changes = 0;
	size_t count = 0;

	while (changes < model->change_count && model->changes[changes].call < calls) {
		model->present[changes] = true;
		if (!is_durable(model, &model->changes[changes], calls)) {
			/* A later date takes the place of an earlier one. */
			if (count > 0 && model->changes[changes].kind == CHANGE_DATE)
				count = drop_dates(model, open, count);
			open[count++] = changes;
		}
		changes++;
	}
	judge_subsets(model, calls, changes, progress, open, count);
}

static void note_progress(const struct model *model, const struct call *call,
			  struct crash *progress)
{
	if (call->kind == CALL_MESSAGE && call->data &&
	    strstr((const char *)call->data, model->announcement) &&
	    !strstr((const char *)call->data, "could not be recorded"))
		progress->has_announced = true;
	if (call->kind == CALL_ANSWER && call->data && strstr((const char *)call->data, "SHUTDOWN"))
		progress->has_answered = true;
	if (call->kind == CALL_RUN)
		progress->guest_runs = true;
	if (call->kind == CALL_WRITE && call->file == model->files->disk)
		progress->disk_writes++;
}

void model_check(const struct trace *trace, const struct model_files *files,
		 const char *announcement, enum model_omission omission, model_judge judge,
		 void *context, struct model_result *result)
{
	struct model model = {
		.trace = trace,
		.files = files,
		.announcement = announcement,
		.omission = omission,
		.judge = judge,
		.context = context,
		.result = result,
		.text = malloc(TEXT_MAX),
		.intended = malloc(TEXT_MAX),
	};
	struct crash progress = { 0 };
	size_t *open;

	find_changes(&model);
	model.present = calloc(model.change_count + 1, sizeof(model.present[0]));
	open = calloc(model.change_count + 1, sizeof(open[0]));
	if (!model.present || !open || !model.text || !model.intended)
		die("out of memory");
	for (size_t calls = 0; calls <= trace->call_count; calls++) {
		if (calls > 0)
			note_progress(&model, &trace->calls[calls - 1], &progress);
		/* Opening a file changes nothing. */
		if (calls == 0 || trace->calls[calls - 1].kind != CALL_OPEN)
			check_after(&model, calls, &progress, open);
	}
	free(open);
	free(model.present);
	free(model.text);
	free(model.intended);
	free(model.changes);
}
