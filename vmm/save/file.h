/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that a suspended VM is saved in: its name, its record and its machine.
 *
 * It is written as a whole, durably, or not at all, and never over another. Its
 * first bytes say what it is and in which format; all else is one stream, whose
 * checksum is at its end. No guest runs of a file that has not been read to there.
 */
#ifndef VMM_SAVE_FILE_H
#define VMM_SAVE_FILE_H

#include "error.h"
#include "record.h"
#include "save/stream.h"
#include "vm.h"

#define SAVE_NAME_SIZE 65

/** One that is read. */
struct save_file {
	const char *path; /**< The caller's string. */
	char name[SAVE_NAME_SIZE]; /**< Of the VM. */
	struct record record; /**< As it was saved; record.saved_id says in which file. */
	int fd;
	struct stream *stream;
};

/**
 * Save @vm, all of whose vCPUs are held up and whose devices are held, in @path,
 * which must not exist. @record is its own, with the suspension, and a saved_id that
 * no other file has. Returns 0 once the file is on disk, or -errno with @error set,
 * and then there is none.
 */
int save_file_write(const char *path, struct vm *vm, const struct record *record,
		    struct error *error);

/**
 * Open one and read all but the machine. Returns 0, or -errno with @error set:
 * -EBADMSG if it is damaged, or no such file.
 */
int save_file_open(const char *path, struct save_file *file, struct error *error);

/**
 * Read the machine into @vm, of the configuration that the record has, begun but
 * with nothing running. Returns 0, or -errno with @error set.
 */
int save_file_load(struct save_file *file, struct vm *vm, struct error *error);

void save_file_close(struct save_file *file);

#endif
