/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/move.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "save/file-header.h"

/* That the whole file is as it was written, but for RAM. */
static int verify(const char *from, const char *id, struct error *error)
{
	struct save_file file;
	int err = save_file_open(from, &file, error);

	if (err)
		return err;
	err = save_file_verify(&file, id, error);
	save_file_close(&file);

	return err;
}

static int copy(const char *from, const char *path, struct save_draft *draft, struct error *error)
{
	struct save_file file;
	int err = save_file_open(from, &file, error);

	if (err)
		return err;
	err = save_file_copy(&file, path, draft->vm, &file.record, &draft->file, error);
	save_file_close(&file);

	return err;
}

int save_move_begin(const char *from, const char *id, const char *path, const char *vm,
		    struct save_draft *draft, struct error *error)
{
	const struct new_file_existing existing = { .dir_fd = AT_FDCWD, .name = from };
	struct error reason;
	int err = verify(from, id, error);

	if (err)
		return err;
	*draft = (struct save_draft){ .path = path, .vm = vm };
	err = new_file_begin_link(&draft->file, path, FILE_HEADER_MAGIC, &existing, &reason);
	if (!err) {
		/* Its names are a property of the file. */
		err = new_file_sync(&draft->file);
		if (!err)
			return 0;
		new_file_drop(&draft->file);

		return error_set(error, err, "cannot save %s in %s: %s", vm, path, strerror(-err));
	}
	if (err != -EXDEV)
		return error_set(error, err, "cannot save %s in %s: %s", vm, path, reason.text);

	return copy(from, path, draft, error);
}
