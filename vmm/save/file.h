/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file in which a suspended VM is saved: its name, its record and its
 * machine.
 *
 * It is written as a whole, durably, or not at all, and never over another. Its
 * header (file-header.h) identifies it and its format. All but RAM is one
 * stream, whose checksum is at its end: no guest runs from a file whose stream
 * has not been read up to there. RAM is in the stream too, compressed; or in
 * pieces of the file, each with a checksum, which are fetched while the guest
 * runs.
 */
#ifndef VMM_SAVE_FILE_H
#define VMM_SAVE_FILE_H

#include "base/error.h"
#include "base/new-file.h"
#include "base/stream.h"
#include "host/memory-index.h"
#include "machine/vm.h"
#include "record/record.h"

#define SAVE_NAME_SIZE 65

/** A file that is read. Private, except where it says otherwise, and path, name and record. */
struct save_file {
	const char *path; /**< The caller's string. */
	char name[SAVE_NAME_SIZE]; /**< Of the VM. */
	struct record record; /**< As it was saved; record.saved_id says in which file. */
	/** For save_file_restore(): read and verify all of RAM first. */
	bool verify;
	/** For save_file_restore(): fetch of RAM only what the guest accesses. */
	bool no_prefetch;
	int fd;
	struct stream *stream;
	uint64_t stream_position;
	struct memory_index index; /**< Of RAM that is in the file. */
};

/**
 * A file that is written, complete and on disk, but without its name. Private.
 */
struct save_draft {
	const char *path; /**< The caller's string. */
	const char *vm; /**< The VM's name. */
	struct new_file file;
};

/** How RAM is in a file: file-header.h. */
enum save_form {
	SAVE_PACKED, /**< In pieces that follow one another: the file can be mapped. */
	SAVE_COMPRESSED, /**< The file is small, and cannot be mapped. */
	/**
	 * In pieces at their places: of a file that was withdrawn (new_file_withdraw())
	 * only what has changed is written.
	 */
	SAVE_PLACED,
};

/**
 * Save @vm, all of whose vCPUs are paused and whose devices are frozen, and whose
 * RAM needs no file (restored_memory_finish()), for a
 * file @path, which must not exist. @record is its own, with the suspension, and a saved_id that no
 * other file has. Returns 0 once all of it is on disk,
 * and then @draft, whose strings are @path and @vm's, is for
 * save_file_publish() or save_file_drop(); or -errno with @error set, and then
 * there is nothing.
 */
int save_file_write(const char *path, struct vm *vm, const struct record *record,
		    enum save_form form, struct save_draft *draft, struct error *error);

/**
 * Give the file its name, durably: from here on it can be restored. Returns 0,
 * or -errno with @error set, and then there is no file. Either way the draft
 * must not be used any more.
 */
int save_file_publish(struct save_draft *draft, struct error *error);

/** Remove a draft instead. */
void save_file_drop(struct save_draft *draft);

/**
 * Open a file and read all but the machine. Returns 0, or -errno with @error
 * set: -EBADMSG if it is damaged, or no saved VM.
 */
int save_file_open(const char *path, struct save_file *file, struct error *error);

/**
 * Read the rest of a file whose RAM can be mapped, but not RAM. @id is what
 * record.saved_id must be. Returns 0, or -errno with @error set if it is damaged or
 * cannot be mapped, -ESTALE if it is another file.
 */
int save_file_verify(struct save_file *file, const char *id, struct error *error);

/**
 * Begin a power cycle of @vm, which has the record's configuration, with the
 * saved state; nothing runs yet. Returns 0, or -errno with @error set. Either
 * way its devices are quiesced: once nothing can fail any more,
 * devices_unquiesce() lets them begin.
 */
int save_file_restore(struct save_file *file, struct vm *vm, struct error *error);

/**
 * RAM of @vm, as save_file_write() has written it to the file @path, without
 * compression, is returned to the host, and fetched from the file when it is
 * accessed. @id is what record.saved_id must be. All vCPUs are paused and devices
 * frozen. Returns 0, or -errno with @error set, and @lost if RAM has lost its contents.
 */
int save_file_give_back(const char *path, const char *id, struct vm *vm, bool *lost,
			struct error *error);

/**
 * Write a copy of @file, of which no more has been read, for a file @path that
 * must not exist: of the VM @name, with @record instead of its own. Returns 0
 * once all of it is on disk, and then @copy is for new_file_publish() or
 * new_file_drop(); or -errno with @error set, and then there is nothing.
 */
int save_file_copy(struct save_file *file, const char *path, const char *name,
		   const struct record *record, struct new_file *copy, struct error *error);

void save_file_close(struct save_file *file);

#endif
