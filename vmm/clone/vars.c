/* SPDX-License-Identifier: BSD-3-Clause */
#include "clone/vars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/copy-file.h"
#include "base/new-file.h"
#include "clone/disks.h"
#include "host/flash-hash.h"
#include "run/vars.h"

int clone_vars_open(struct clone_vars *vars, const struct vm_dir *dir, struct config *config,
		    struct error *error)
{
	int err = run_find_vars(dir, config, error);

	if (err || !config->vars_file)
		return err;
	/* Its lock keeps others from writing to it while it is copied. */
	err = flash_file_open(&vars->from, config->vars_file, RUN_VARS_SIZE_MAX, error);
	vars->is_open = !err;
	vars->is_given = config->vars != NULL;

	return err;
}

int clone_vars_read(const struct clone_vars *vars, struct environment *now, struct error *error)
{
	uint64_t hash;
	int err;

	if (!vars->is_open)
		return 0;
	err = flash_hash_file(&vars->from, &hash);
	if (err)
		return error_set(error, err, "cannot read the variables %s: %s", vars->from.path,
				 strerror(-err));
	err = environment_set_variables(now, hash);

	return err ? error_set(error, err, "out of memory") : 0;
}

int clone_vars_configure(struct clone_vars *vars, const char *to, struct config *config,
			 struct error *error)
{
	const struct vm_dir dir = { .name = to };
	int err = 0;

	free(config->vars_file);
	config->vars_file = NULL;
	if (!vars->is_open)
		return 0;
	if (!vars->path)
		err = vars->is_given ? clone_path_beside(vars->from.path, to, &vars->path, error)
				     : vm_dir_path(&dir, RUN_VARS_NAME, &vars->path, error);
	if (err || !vars->is_given)
		return err;
	free(config->vars);
	config->vars = strdup(vars->path);

	return config->vars ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int copy(struct clone_vars *vars, struct new_file *file, struct error *reason)
{
	int err = copy_file(vars->from.fd, file->fd, vars->from.size, NULL);

	if (!err)
		err = new_file_sync(file);
	if (!err)
		return new_file_publish(file, reason);
	new_file_drop(file);

	return error_set(reason, err, "%s",
			 err == -ECANCELED ? "it was interrupted" : strerror(-err));
}

int clone_vars_copy(struct clone_vars *vars, struct error *error)
{
	struct error reason;
	struct new_file file;
	int err;

	if (!vars->path)
		return 0;
	err = new_file_begin(&file, vars->path, NULL, &reason);
	if (!err)
		err = copy(vars, &file, &reason);
	vars->is_published = !err;

	return err ? error_set(error, err, "cannot copy the variables %s to %s: %s",
			       vars->from.path, vars->path, reason.text)
		   : 0;
}

void clone_vars_close(struct clone_vars *vars, bool keep)
{
	if (vars->is_published && !keep)
		(void)unlink(vars->path);
	if (vars->is_open)
		flash_file_close(&vars->from);
	free(vars->path);
}
