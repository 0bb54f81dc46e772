/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/vars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new-file.h"
#include "base/range.h"
#include "base/uniform.h"

#define PIECE_SIZE 65536U

static bool keeps_variables(const struct config *config)
{
	return config->firmware && config->machine_version >= BOARD_VERSION_3;
}

bool run_has_own_vars(const struct config *config)
{
	return keeps_variables(config) && !config->vars;
}

/* A link would lead to a file that other VMs may share, such as the template. */
static int examine(const char *path, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : error_set(error, -errno, "cannot examine the variables %s: %s",
					   path, strerror(errno));
	if (S_ISLNK(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink > 1))
		return error_set(
			error, -EMLINK,
			"the variables %s are a link, and would be written elsewhere, too: "
			"copy the file there, or give it as --vars",
			path);

	return 0;
}

/* -ENOENT without a message: the VM's own file is missing, and its path is set. */
static int find(const struct vm_dir *dir, struct config *config, struct error *error)
{
	free(config->vars_file);
	config->vars_file = NULL;
	if (!keeps_variables(config))
		return 0;
	if (!config->vars) {
		const int err = vm_dir_path(dir, RUN_VARS_NAME, &config->vars_file, error);

		return err ? err : examine(config->vars_file, error);
	}
	config->vars_file = strdup(config->vars);

	return config->vars_file ? 0 : error_set(error, -ENOMEM, "out of memory");
}

int run_find_vars(const struct vm_dir *dir, struct config *config, struct error *error)
{
	const int err = find(dir, config, error);

	if (err != -ENOENT)
		return err;
	free(config->vars_file);
	config->vars_file = NULL;

	return 0;
}

/* --- the first start --- */

/* Returns 0, or -errno: @reads says whether of @from. */
static int copy(int from, uint64_t size, int to, bool *reads)
{
	static uint8_t piece[PIECE_SIZE];
	int err = 0;

	*reads = false;
	for (uint64_t at = 0; at < size && !err; at += PIECE_SIZE) {
		const size_t length = size - at < PIECE_SIZE ? (size_t)(size - at) : PIECE_SIZE;

		err = range_read(from, at, piece, length);
		*reads = err != 0;
		if (!err && !uniform(piece, length, 0))
			err = range_write(to, at, piece, length);
	}

	return err ? err : range_set_end(to, size);
}

static int check_template(int fd, const char *path, uint64_t *size, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "cannot examine the template of variables %s: %s",
				 path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "the template of variables %s is no regular file",
				 path);
	if (status.st_size == 0 || (uint64_t)status.st_size > RUN_VARS_SIZE_MAX)
		return error_set(error, -EINVAL, "the template of variables %s is %s", path,
				 status.st_size ? "longer than the flash that they are for"
						: "empty");
	*size = (uint64_t)status.st_size;

	return 0;
}

static int fill(const struct new_file *file, const char *path, const char *template,
		struct error *error)
{
	uint64_t size = 0;
	bool reads;
	int err;
	int fd;

	if (!template)
		return 0;
	fd = open(template, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(error, -errno, "cannot open the template of variables %s: %s",
				 template, strerror(errno));
	err = check_template(fd, template, &size, error);
	if (!err) {
		err = copy(fd, size, file->fd, &reads);
		if (err)
			error_set(error, err, "cannot %s %s: %s",
				  reads ? "read the template of variables" : "write",
				  reads ? template : path, strerror(-err));
	}
	close(fd);

	return err;
}

static int make(const char *path, const char *template, struct error *error)
{
	struct error reason;
	struct new_file file;
	int err = new_file_begin(&file, path, NULL, &reason);

	if (err)
		return error_set(error, err, "cannot make the variables %s: %s", path, reason.text);
	err = fill(&file, path, template, error);
	if (!err) {
		err = new_file_sync(&file);
		if (err)
			error_set(error, err, "cannot write %s: %s", path, strerror(-err));
	}
	if (err) {
		new_file_drop(&file);

		return err;
	}
	err = new_file_publish(&file, &reason);

	return err ? error_set(error, err, "cannot make the variables %s: %s", path, reason.text)
		   : 0;
}

int run_make_vars(const struct vm_dir *dir, const char *template, struct config *config,
		  struct error *error)
{
	const int err = find(dir, config, error);

	return err == -ENOENT ? make(config->vars_file, template, error) : err;
}

int run_need_vars(const struct vm_dir *dir, struct config *config, struct error *error)
{
	const int err = find(dir, config, error);

	return err == -ENOENT
		       ? error_set(error, err,
				   "the variables %s are missing, which the guest relies on: put "
				   "them back, or use --force and risk that the guest does not "
				   "resume",
				   config->vars_file)
		       : err;
}
