/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of a VM becomes another one, without its memory. */
#ifndef VMM_SAVE_MOVE_H
#define VMM_SAVE_MOVE_H

#include "base/error.h"
#include "save/file.h"

/**
 * Begin a file @path, which must not exist, with what the file @from has, which can be
 * mapped, and whose VM is called @vm: as another name of it, or as a copy where the
 * file system has no such names or @path is on another one. @id is what
 * record.saved_id must be. Returns 0 once all of it is on disk, and then @draft is
 * as save_file_write() describes it, and @from is as it was; or -errno with @error
 * set, and then there is nothing.
 */
int save_move_begin(const char *from, const char *id, const char *path, const char *vm,
		    struct save_draft *draft, struct error *error);

#endif
