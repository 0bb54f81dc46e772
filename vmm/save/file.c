/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/copy-file.h"
#include "base/range.h"
#include "machine/cpu-features.h"
#include "machine/devices.h"
#include "save/file-header.h"
#include "save/file-part.h"
#include "save/machine.h"
#include "save/memory-file.h"

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
	save_file_serialize_text(file->stream, file->name, sizeof(file->name));
	save_file_serialize_text(file->stream, text, RECORD_SIZE_MAX);
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

/* All before the machine. What has been read is to be freed in any case. */
static int read_front(struct save_file *file, struct error *error)
{
	struct file_header header = { 0 };
	int err = file_header_read(file->fd, file->path, &header, error);

	if (err)
		return err;
	err = stream_read_from(&file->stream, file->fd);
	if (err)
		return error_set(error, err, "out of memory");
	file->stream_position = header.stream;
	stream_set_format(file->stream, header.format);

	return read_record(file, error);
}

static void free_front(struct save_file *file)
{
	memory_index_free(&file->index);
	record_free(&file->record);
	stream_close(file->stream);
}

int save_file_open(const char *path, struct save_file *file, struct error *error)
{
	/* Opening a FIFO must not block. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return error_set(error, -errno, "cannot open %s: %s", path, strerror(errno));
	*file = (struct save_file){ .path = path, .fd = fd };
	err = read_front(file, error);
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
	save_file_init_index(&file->index, stream_format(file->stream), file->record.config.memory);
	if (!is_mapped(file))
		return;
	memory_index_serialize(&file->index, file->stream);
	/* The stream is behind it. */
	if (memory_index_end(&file->index) > file->stream_position)
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

static int verify_rest(struct save_file *file, struct error *error)
{
	int err;

	read_index(file);
	err = stream_drain(file->stream);

	return err || !is_mapped(file) ? damaged(file, err ? err : -EBADMSG, error) : 0;
}

int save_file_verify(struct save_file *file, const char *id, struct error *error)
{
	const int err = verify_rest(file, error);

	if (err || strcmp(file->record.saved_id, id) == 0)
		return err;

	return error_set(error, -ESTALE, "%s is another file", file->path);
}

bool save_file_read_former(int fd, const char *path, uint64_t memory, struct memory_index *index)
{
	struct save_file file = { .path = path, .fd = fd };
	struct error unwanted;
	const bool known = read_front(&file, &unwanted) == 0 &&
			   verify_rest(&file, &unwanted) == 0 && file.index.placed &&
			   file.index.memory == memory;

	if (known) {
		*index = file.index;
		file.index = (struct memory_index){ 0 };
	}
	free_front(&file);

	return known;
}

static int fetch_from(struct save_file *file, struct vm *vm, bool *lost, struct error *error)
{
	int err = restored_memory_drop(vm);

	*lost = true;
	if (!err)
		err = restored_memory_begin(vm, file->fd, file->path, &file->index, true, error);
	/* What cannot be fetched as it is accessed is read. */
	if (err)
		err = memory_file_read(file->fd, &file->index, &vm->memory);

	return err ? damaged(file, err, error) : 0;
}

int save_file_give_back(const char *path, const char *id, struct vm *vm, bool *lost,
			struct error *error)
{
	struct save_file file;
	int err = save_file_open(path, &file, error);

	*lost = false;
	if (err)
		return err;
	err = save_file_verify(&file, id, error);
	if (!err)
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
	err = save_file_write_front(stream, name, record, error);
	if (!err && is_mapped(file))
		memory_index_serialize(&file->index, stream);
	if (!err) {
		err = stream_copy(file->stream, stream);
		if (stream_error(file->stream) && err != -ECANCELED)
			damaged(file, err, error);
		else if (err)
			save_file_cannot_write(err, error);
	}
	stream_close(stream);

	return err;
}

/* The pieces are where they were, and belong to both files. */
static int share_memory(const struct save_file *file, int fd)
{
	int err = memory_file_verify(file->fd, &file->index);

	return err ? err : range_set_end(fd, file->stream_position);
}

/* They follow one another. */
static int pack_memory(struct save_file *file, int fd, struct file_header *header)
{
	const int err = memory_file_copy(file->fd, fd, &file->index);

	file->index.placed = false;
	header->format = FILE_FORMAT_MAPPED;
	header->stream = memory_index_end(&file->index);

	return err;
}

static int copy_memory(struct save_file *file, int fd, struct file_header *header,
		       struct error *error)
{
	int err;

	read_index(file);
	err = stream_error(file->stream);
	if (!err)
		err = copy_file_share(file->fd, fd) == 0 ? share_memory(file, fd)
							 : pack_memory(file, fd, header);
	if (err == -ECANCELED)
		return save_file_cannot_write(err, error);

	return err ? damaged(file, err, error) : 0;
}

static int copy_into(struct save_file *file, struct new_file *copy, const char *name,
		     const struct record *record, struct error *error)
{
	struct file_header header = { .format = stream_format(file->stream),
				      .stream = file->stream_position };
	int err = is_mapped(file) ? copy_memory(file, copy->fd, &header, error) : 0;

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
	free_front(file);
	close(file->fd);
}
