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
#include "save/machine.h"

/*
 * Raised whenever the stream changes. Older formats are still read:
 *  1: without what a vCPU has pending (KVM_GET_VCPU_EVENTS), and of the active
 *     priorities of its GIC only the first 32.
 *  2: with them.
 */
#define FORMAT_OLDEST 1
#define MAGIC "DORMOUSE saved "
#define MAGIC_SIZE 15
#define HEADER_SIZE (MAGIC_SIZE + 1)

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

static int write_stream(int fd, struct vm *vm, const struct record *record, struct error *error)
{
	unsigned int sleeper = record->suspension.vcpu;
	struct stream *stream;
	int err = stream_write_to(&stream, fd);

	if (err)
		return error_set(error, err, "out of memory");
	err = write_front(stream, vm->name, record, error);
	if (!err)
		err = machine_serialize(vm, &sleeper, stream, error);
	if (!err) {
		err = stream_end(stream);
		if (err)
			cannot_write(err, error);
	}
	stream_close(stream);

	return err;
}

static int write_file(struct new_file *file, struct vm *vm, const struct record *record,
		      struct error *error)
{
	static const char header[HEADER_SIZE + 1] = MAGIC "\2";
	const ssize_t count = write(file->fd, header, HEADER_SIZE);
	int err = count < 0 ? -errno : 0;

	_Static_assert(STREAM_FORMAT_NEWEST == 2, "as the header has it");
	/* A part of so few bytes is written only where there is no room. */
	if (!err && count != HEADER_SIZE)
		err = -ENOSPC;
	if (err)
		error_set(error, err, "%s", strerror(-err));
	else
		err = write_stream(file->fd, vm, record, error);
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
		    struct save_draft *draft, struct error *error)
{
	struct error reason;
	int err;

	*draft = (struct save_draft){ .path = path, .vm = vm->name };
	err = new_file_begin(&draft->file, path, MAGIC, &reason);
	if (!err) {
		err = write_file(&draft->file, vm, record, &reason);
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

/* @format: set to the file's. */
static int read_header(struct save_file *file, unsigned int *format, struct error *error)
{
	uint8_t header[HEADER_SIZE];
	ssize_t count;

	do {
		count = read(file->fd, header, sizeof(header));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return damaged(file, -errno, error);
	if (count != HEADER_SIZE || memcmp(header, MAGIC, MAGIC_SIZE) != 0)
		return error_set(error, -EBADMSG, "%s is no file that dormouse saved a VM in",
				 file->path);
	*format = header[MAGIC_SIZE];
	if (*format < FORMAT_OLDEST || *format > STREAM_FORMAT_NEWEST)
		return error_set(error, -EBADMSG,
				 "%s has format %u, which this dormouse (formats %d to %d) does "
				 "not know",
				 file->path, *format, FORMAT_OLDEST, STREAM_FORMAT_NEWEST);

	return 0;
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
	unsigned int format = 0;
	int err;

	if (fd < 0)
		return error_set(error, -errno, "cannot open %s: %s", path, strerror(errno));
	*file = (struct save_file){ .path = path, .fd = fd };
	err = read_header(file, &format, error);
	if (!err) {
		err = stream_read_from(&file->stream, fd);
		if (err)
			error_set(error, err, "out of memory");
	}
	if (!err) {
		stream_set_format(file->stream, format);
		err = read_record(file, error);
	}
	if (err)
		save_file_close(file);

	return err;
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
	err = machine_serialize(vm, &sleeper, file->stream, &reason);
	devices_thaw(vm->devices);
	/*
	 * An error that a damaged file causes on this host is not worth
	 * reporting.
	 */
	end = err ? stream_drain(file->stream) : stream_end(file->stream);
	if (!end && !err && sleeper != file->record.suspension.vcpu)
		end = -EBADMSG;
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

/* --- both --- */

/* The machine is copied as it is, whatever its format. */
static int copy_stream(struct save_file *file, int fd, const char *name,
		       const struct record *record, struct error *error)
{
	struct stream *stream;
	int err = stream_write_to(&stream, fd);

	if (err)
		return error_set(error, err, "out of memory");
	err = write_front(stream, name, record, error);
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

static int copy_into(struct save_file *file, struct new_file *copy, const char *name,
		     const struct record *record, struct error *error)
{
	const uint8_t format = (uint8_t)stream_format(file->stream);
	uint8_t header[HEADER_SIZE];
	int err = 0;

	memcpy(header, MAGIC, MAGIC_SIZE);
	header[MAGIC_SIZE] = format;
	if (write(copy->fd, header, sizeof(header)) < 0)
		err = error_set(error, -errno, "%s", strerror(errno));
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
	record_free(&file->record);
	stream_close(file->stream);
	close(file->fd);
}
