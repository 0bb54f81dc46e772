/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/range.h"
#include "save/file-header.h"
#include "save/file-part.h"
#include "save/machine.h"
#include "save/memory-file.h"

/* --- the parts before the machine, both ways --- */

void save_file_serialize_text(struct stream *stream, char *text, uint32_t room)
{
	uint32_t length = stream_is_loading(stream) ? 0 : (uint32_t)strlen(text);

	stream_serialize_u32(stream, &length);
	if (length >= room) {
		stream_fail(stream);
		length = 0;
	}
	stream_serialize(stream, text, length);
	if (stream_is_loading(stream))
		text[length] = '\0';
}

void save_file_init_index(struct memory_index *index, unsigned int format, uint64_t memory)
{
	memory_index_init(index, memory, FILE_HEADER_MEMORY);
	index->placed = format >= FILE_FORMAT_PLACED;
}

/* --- writing --- */

int save_file_write_front(struct stream *stream, const char *vm, const struct record *record,
			  struct error *error)
{
	json_t *json = record_to_json(record, vm);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	char name[SAVE_NAME_SIZE];
	int err = 0;

	if (!text) {
		err = error_set(error, -ENOMEM, "out of memory");
	} else if (strlen(vm) >= sizeof(name) || strlen(text) >= RECORD_SIZE_MAX) {
		err = error_set(error, -EFBIG, "its name or its record is too long");
	} else {
		snprintf(name, sizeof(name), "%s", vm);
		save_file_serialize_text(stream, name, sizeof(name));
		save_file_serialize_text(stream, text, RECORD_SIZE_MAX);
	}
	free(text);
	json_decref(json);

	return err;
}

int save_file_cannot_write(int err, struct error *error)
{
	return error_set(error, err, "%s",
			 err == -ECANCELED ? "it was interrupted, and dormouse is about to end"
					   : strerror(-err));
}

/* @index: of RAM that is in the file, or NULL if RAM is in the stream. */
static int write_stream(int fd, struct vm *vm, const struct record *record,
			struct memory_index *index, struct error *error)
{
	unsigned int sleeper = record->suspension.vcpu;
	struct stream *stream;
	int err = stream_write_to(&stream, fd);

	if (err)
		return error_set(error, err, "out of memory");
	stream_set_format(stream, !index	  ? FILE_FORMAT_COMPRESSED
				  : index->placed ? FILE_FORMAT_PLACED
						  : FILE_FORMAT_MAPPED);
	err = save_file_write_front(stream, vm->name, record, error);
	if (!err && index)
		memory_index_serialize(index, stream);
	if (!err)
		err = machine_serialize(vm, &sleeper, !index, stream, error);
	if (!err) {
		err = stream_end(stream);
		if (err)
			save_file_cannot_write(err, error);
	}
	stream_close(stream);

	return err;
}

/*
 * All before the stream, with a header whose stream is behind RAM. @former: what a file
 * has that is written again, or NULL.
 */
static int write_memory(int fd, const struct memory *memory, const struct memory_index *former,
			struct memory_index *index, struct error *error)
{
	struct file_header header = {
		.format = index->placed ? FILE_FORMAT_PLACED : FILE_FORMAT_MAPPED,
		.stream = FILE_HEADER_UNFINISHED,
	};
	/*
	 * First of all: it identifies what a writer leaves behind that is killed. Such a file
	 * has no stream, least of all where RAM is, whose bytes the guest chose.
	 */
	int err = file_header_write(fd, &header);

	if (!err)
		err = memory_file_write(fd, memory, former, index);
	header.stream = memory_index_end(index);
	/* The stream that it had is not a part of the new one. */
	if (!err && former)
		err = range_set_end(fd, header.stream);
	if (!err)
		err = file_header_write(fd, &header);

	return err ? save_file_cannot_write(err, error) : 0;
}

static int write_mapped(int fd, struct vm *vm, const struct record *record, unsigned int format,
			const struct memory_index *former, struct error *error)
{
	struct memory_index index;
	int err;

	save_file_init_index(&index, format, vm->memory.size);
	err = write_memory(fd, &vm->memory, former, &index, error);
	if (!err)
		err = write_stream(fd, vm, record, &index, error);
	memory_index_free(&index);

	return err;
}

/* The file may have been one before, of the same machine. */
static int write_placed(int fd, const char *path, struct vm *vm, const struct record *record,
			struct error *error)
{
	struct memory_index former;
	const bool has_former = save_file_read_former(fd, path, vm->memory.size, &former);
	int err = has_former ? 0 : range_set_end(fd, 0);

	err = err ? save_file_cannot_write(err, error)
		  : write_mapped(fd, vm, record, FILE_FORMAT_PLACED, has_former ? &former : NULL,
				 error);
	if (has_former)
		memory_index_free(&former);

	return err;
}

static int write_compressed(int fd, struct vm *vm, const struct record *record, struct error *error)
{
	const struct file_header header = { .format = FILE_FORMAT_COMPRESSED,
					    .stream = FILE_HEADER_SIZE };
	const int err = file_header_write(fd, &header);

	return err ? save_file_cannot_write(err, error) : write_stream(fd, vm, record, NULL, error);
}

static int write_form(int fd, const char *path, struct vm *vm, const struct record *record,
		      enum save_form form, struct error *error)
{
	switch (form) {
	case SAVE_COMPRESSED:
		return write_compressed(fd, vm, record, error);
	case SAVE_PLACED:
		return write_placed(fd, path, vm, record, error);
	case SAVE_PACKED:
		break;
	}

	return write_mapped(fd, vm, record, FILE_FORMAT_MAPPED, NULL, error);
}

static int write_file(struct new_file *file, const char *path, struct vm *vm,
		      const struct record *record, enum save_form form, struct error *error)
{
	int err = write_form(file->fd, path, vm, record, form, error);

	if (!err) {
		err = new_file_sync(file);
		if (err)
			error_set(error, err, "%s", strerror(-err));
	}

	return err;
}

static int cannot_save(const char *name, const char *path, int err, const struct error *reason,
		       struct error *error)
{
	return error_set(error, err, "cannot save %s in %s: %s", name, path, reason->text);
}

int save_file_write(const char *path, struct vm *vm, const struct record *record,
		    enum save_form form, struct save_draft *draft, struct error *error)
{
	struct error reason;
	int err;

	*draft = (struct save_draft){ .path = path, .vm = vm->name };
	err = form == SAVE_PLACED
		      ? new_file_begin_again(&draft->file, path, FILE_HEADER_MAGIC, &reason)
		      : new_file_begin(&draft->file, path, FILE_HEADER_MAGIC, &reason);
	if (!err) {
		err = write_file(&draft->file, path, vm, record, form, &reason);
		if (err)
			new_file_drop(&draft->file);
	}

	return err ? cannot_save(vm->name, path, err, &reason, error) : 0;
}

int save_file_publish(struct save_draft *draft, struct error *error)
{
	struct error reason;
	const int err = new_file_publish(&draft->file, &reason);

	return err ? cannot_save(draft->vm, draft->path, err, &reason, error) : 0;
}

void save_file_drop(struct save_draft *draft)
{
	new_file_drop(&draft->file);
}
