/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/cpu-features.h"
#include "machine/devices.h"
#include "save/file-header.h"
#include "save/machine.h"
#include "save/memory-file.h"

/* --- the parts before the machine, both ways --- */

/* @text has @room bytes. A loaded text ends in a zero byte. */
static void serialize_text(struct stream *stream, char *text, uint32_t room)
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

/* --- writing --- */

/* What precedes the machine. Returns 0, or -errno with @error set. */
static int write_front(struct stream *stream, const char *vm, const struct record *record,
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
		serialize_text(stream, name, sizeof(name));
		serialize_text(stream, text, RECORD_SIZE_MAX);
	}
	free(text);
	json_decref(json);

	return err;
}

static int cannot_write(int err, struct error *error)
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
	if (!index)
		stream_set_format(stream, FILE_FORMAT_COMPRESSED);
	err = write_front(stream, vm->name, record, error);
	if (!err && index)
		memory_index_serialize(index, stream);
	if (!err)
		err = machine_serialize(vm, &sleeper, !index, stream, error);
	if (!err) {
		err = stream_end(stream);
		if (err)
			cannot_write(err, error);
	}
	stream_close(stream);

	return err;
}

/* All before the stream, with a header whose stream is behind RAM. */
static int write_memory(int fd, const struct memory *memory, struct memory_index *index,
			struct error *error)
{
	struct file_header header = { .format = FILE_FORMAT_MAPPED, .stream = FILE_HEADER_MEMORY };
	/* First of all: it identifies what a writer leaves behind that is killed. */
	int err = file_header_write(fd, &header);

	if (!err)
		err = memory_file_write(fd, memory, index);
	if (!err) {
		header.stream = memory_index_position(index, index->piece_count);
		err = file_header_write(fd, &header);
	}

	return err ? cannot_write(err, error) : 0;
}

static int write_mapped(int fd, struct vm *vm, const struct record *record, struct error *error)
{
	struct memory_index index;
	int err;

	memory_index_init(&index, vm->memory.size, FILE_HEADER_MEMORY);
	err = write_memory(fd, &vm->memory, &index, error);
	if (!err)
		err = write_stream(fd, vm, record, &index, error);
	memory_index_free(&index);

	return err;
}

static int write_compressed(int fd, struct vm *vm, const struct record *record, struct error *error)
{
	const struct file_header header = { .format = FILE_FORMAT_COMPRESSED,
					    .stream = FILE_HEADER_SIZE };
	const int err = file_header_write(fd, &header);

	return err ? cannot_write(err, error) : write_stream(fd, vm, record, NULL, error);
}

static int write_file(struct new_file *file, struct vm *vm, const struct record *record,
		      bool compress, struct error *error)
{
	int err = compress ? write_compressed(file->fd, vm, record, error)
			   : write_mapped(file->fd, vm, record, error);

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

int save_file_write(const char *path, struct vm *vm, const struct record *record, bool compress,
		    struct save_draft *draft, struct error *error)
{
	struct error reason;
	int err;

	*draft = (struct save_draft){ .path = path, .vm = vm->name };
	err = new_file_begin(&draft->file, path, FILE_HEADER_MAGIC, &reason);
	if (!err) {
		err = write_file(&draft->file, vm, record, compress, &reason);
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

/* --- reading --- */

static int damaged(const struct save_file *file, int err, struct error *error)
{
	if (err == -ENODATA)
		return error_set(error, err, "%s is damaged: it ends too early", file->path);
	if (err == -EBADMSG)
		return error_set(error, err, "%s is damaged", file->path);

	return error_set(error, err, "cannot read %s: %s", file->path, strerror(-err));
}

static int read_record(struct save_file *file, struct error *error)
{
	char *text = calloc(1, RECORD_SIZE_MAX);
	int err;

	if (!text)
		return error_set(error, -ENOMEM, "out of memory");
	serialize_text(file->stream, file->name, sizeof(file->name));
	serialize_text(file->stream, text, RECORD_SIZE_MAX);
	err = stream_error(file->stream);
	if (err)
		damaged(file, err, error);
	else
		err = record_parse(text, strlen(text), file->path, &file->record, error);
	free(text);
	if (!err && (file->record.state != VM_SUSPENDED || !file->record.suspension.known ||
		     !*file->record.saved_id))
		err = damaged(file, -EBADMSG, error);

	return err;
}

int save_file_open(const char *path, struct save_file *file, struct error *error)
{
	/* Opening a FIFO must not block. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct file_header header = { 0 };
	int err;

	if (fd < 0)
		return error_set(error, -errno, "cannot open %s: %s", path, strerror(errno));
	*file = (struct save_file){ .path = path, .fd = fd };
	err = file_header_read(fd, path, &header, error);
	if (!err) {
		err = stream_read_from(&file->stream, fd);
		if (err)
			error_set(error, err, "out of memory");
	}
	if (!err) {
		file->stream_position = header.stream;
		stream_set_format(file->stream, header.format);
		err = read_record(file, error);
	}
	if (err)
		save_file_close(file);

	return err;
}

static bool is_mapped(const struct save_file *file)
{
	return stream_format(file->stream) >= FILE_FORMAT_MAPPED;
}

/* Of RAM that is in the file. */
static void read_index(struct save_file *file)
{
	memory_index_init(&file->index, file->record.config.memory, FILE_HEADER_MEMORY);
	if (!is_mapped(file))
		return;
	memory_index_serialize(&file->index, file->stream);
	/* The stream is behind it. */
	if (memory_index_position(&file->index, file->index.piece_count) > file->stream_position)
		stream_fail(file->stream);
}

/* Returns 0; -EBADMSG, -ENODATA, -ECANCELED; or another -errno. */
static int provide_memory(struct save_file *file, struct vm *vm)
{
	struct error unwanted;

	/* It is read where it cannot be mapped. */
	if (!is_mapped(file) ||
	    (!file->verify && restored_memory_begin(vm, file->fd, file->path, &file->index,
						    !file->no_prefetch, &unwanted) == 0))
		return 0;

	return memory_file_read(file->fd, &file->index, &vm->memory);
}

static int load(struct save_file *file, struct vm *vm, struct error *error)
{
	unsigned int sleeper = 0;
	struct error reason;
	int end;
	int err;

	/*
	 * Requests wait in memory that is not loaded yet, and of a machine that
	 * may be refused.
	 */
	devices_quiesce(vm->devices);
	devices_freeze(vm->devices);
	read_index(file);
	err = machine_serialize(vm, &sleeper, !is_mapped(file), file->stream, &reason);
	/*
	 * An error that a damaged file causes on this host is not worth
	 * reporting.
	 */
	end = err ? stream_drain(file->stream) : stream_end(file->stream);
	if (!end && !err && sleeper != file->record.suspension.vcpu)
		end = -EBADMSG;
	/* From here on the index is known to be right. */
	if (!end && !err)
		end = provide_memory(file, vm);
	devices_thaw(vm->devices);
	if (end)
		return damaged(file, end, error);

	return err ? error_set(error, err, "cannot restore %s from %s: %s", file->name, file->path,
			       reason.text)
		   : 0;
}

/* What this host's CPU lacks has a name: not the first register that differs. */
static int check_features(const struct save_file *file, const struct vm *vm, struct error *error)
{
	struct error needed;
	const int err = cpu_features_check(vm, &needed);

	return err ? error_set(error, err, "cannot restore %s from %s: its guest needs %s",
			       file->name, file->path, needed.text)
		   : 0;
}

int save_file_restore(struct save_file *file, struct vm *vm, struct error *error)
{
	int err = vm_begin(vm, error);

	if (err)
		return err;
	err = check_features(file, vm, error);
	if (!err)
		err = load(file, vm, error);
	if (err)
		vm_end(vm);

	return err;
}

int save_file_verify(struct save_file *file, struct error *error)
{
	int err;

	read_index(file);
	err = stream_drain(file->stream);

	return err || !is_mapped(file) ? damaged(file, err ? err : -EBADMSG, error) : 0;
}

static int fetch_from(struct save_file *file, struct vm *vm, bool *lost, struct error *error)
{
	int err = save_file_verify(file, error);

	if (err)
		return err;
	err = restored_memory_drop(vm);
	*lost = true;
	if (!err)
		err = restored_memory_begin(vm, file->fd, file->path, &file->index, true, error);
	/* What cannot be fetched as it is accessed is read. */
	if (err)
		err = memory_file_read(file->fd, &file->index, &vm->memory);

	return err ? damaged(file, err, error) : 0;
}

int save_file_give_back(const char *path, struct vm *vm, bool *lost, struct error *error)
{
	struct save_file file;
	int err = save_file_open(path, &file, error);

	*lost = false;
	if (err)
		return err;
	err = fetch_from(&file, vm, lost, error);
	save_file_close(&file);

	return err;
}

/* --- both --- */

/* The machine is copied unchanged, whatever its format. */
static int copy_stream(struct save_file *file, int fd, const char *name,
		       const struct record *record, struct error *error)
{
	struct stream *stream;
	int err = stream_write_to(&stream, fd);

	if (err)
		return error_set(error, err, "out of memory");
	err = write_front(stream, name, record, error);
	if (!err && is_mapped(file))
		memory_index_serialize(&file->index, stream);
	if (!err) {
		err = stream_copy(file->stream, stream);
		if (stream_error(file->stream) && err != -ECANCELED)
			damaged(file, err, error);
		else if (err)
			cannot_write(err, error);
	}
	stream_close(stream);

	return err;
}

static int copy_memory(struct save_file *file, int fd, struct error *error)
{
	int err;

	read_index(file);
	err = stream_error(file->stream);
	if (!err)
		err = memory_file_copy(file->fd, fd, &file->index);
	if (err == -ECANCELED)
		return cannot_write(err, error);

	return err ? damaged(file, err, error) : 0;
}

static int copy_into(struct save_file *file, struct new_file *copy, const char *name,
		     const struct record *record, struct error *error)
{
	const struct file_header header = { .format = stream_format(file->stream),
					    .stream = file->stream_position };
	int err = is_mapped(file) ? copy_memory(file, copy->fd, error) : 0;

	if (!err) {
		err = file_header_write(copy->fd, &header);
		if (err)
			error_set(error, err, "%s", strerror(-err));
	}
	if (!err)
		err = copy_stream(file, copy->fd, name, record, error);
	if (!err) {
		err = new_file_sync(copy);
		if (err)
			error_set(error, err, "%s", strerror(-err));
	}

	return err;
}

int save_file_copy(struct save_file *file, const char *path, const char *name,
		   const struct record *record, struct new_file *copy, struct error *error)
{
	struct error reason;
	int err = new_file_begin(copy, path, NULL, &reason);

	if (!err) {
		err = copy_into(file, copy, name, record, &reason);
		if (err)
			new_file_drop(copy);
	}

	return err ? error_set(error, err, "cannot copy %s to %s: %s", file->path, path,
			       reason.text)
		   : 0;
}

void save_file_close(struct save_file *file)
{
	memory_index_free(&file->index);
	record_free(&file->record);
	stream_close(file->stream);
	close(file->fd);
}
