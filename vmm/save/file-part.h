/* SPDX-License-Identifier: BSD-3-Clause */
/* What those that write a saved file and those that read it have in common: file.h. */
#ifndef VMM_SAVE_FILE_PART_H
#define VMM_SAVE_FILE_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "host/memory-index.h"
#include "record/record.h"

/** @text has @room bytes. A loaded text ends in a zero byte. */
void save_file_serialize_text(struct stream *stream, char *text, uint32_t room);

/** Write what precedes the machine. Returns 0, or -errno with @error set. */
int save_file_write_front(struct stream *stream, const char *vm, const struct record *record,
			  struct error *error);

/** Set @error to why a file cannot be written. Returns @err. */
int save_file_cannot_write(int err, struct error *error);

/**
 * An index for a file of @format, with that many bytes of RAM, in which RAM is in
 * pieces.
 */
void save_file_init_index(struct memory_index *index, unsigned int format, uint64_t memory);

/**
 * What a file has that is to be written again: @fd, whose name is @path, where RAM had
 * @memory bytes. Returns false if it has nothing that is known to be right; else @index
 * is to be freed.
 */
bool save_file_read_former(int fd, const char *path, uint64_t memory, struct memory_index *index);

#endif
