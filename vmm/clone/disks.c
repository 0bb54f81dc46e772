/* SPDX-License-Identifier: BSD-3-Clause */
#include "clone/disks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/copy-file.h"
#include "base/main-loop.h"
#include "base/message.h"
#include "host/disk-identity.h"
#include "record/environment-config.h"
#include "record/record.h"
#include "record/vm-dir.h"

/* In microseconds: before a copy is worth a message, and between two. */
#define PROGRESS_FIRST 2000000
#define PROGRESS_NEXT 10000000

int clone_path_beside(const char *path, const char *name, char **beside, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;

	if (asprintf(beside, "%.*s%s-%s", (int)(file - path), path, name, file) < 0)
		return error_set(error, -ENOMEM, "out of memory");

	return 0;
}

/* --- files of the user's --- */

/* A file that is to be a clone's disk, and whose it may not be. */
struct candidate {
	const char *path;
	struct stat status;
	struct error *error;
};

/* A block device may have several inodes. */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev;

	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int check_record(const struct candidate *candidate, const char *name,
			const struct record *record)
{
	for (size_t i = 0; i < record->config.disk_count; i++) {
		struct stat status;

		if (stat(record->config.disks[i].path, &status) == 0 &&
		    is_same_file(&status, &candidate->status))
			return error_set(candidate->error, -EBUSY, "disk %s is a disk of %s",
					 candidate->path, name);
	}

	return 0;
}

/* For vm_dir_list(). What cannot be read, of another user say, is left out. */
static int check_vm(const char *name, void *context)
{
	const struct candidate *candidate = context;
	struct record record = { 0 };
	struct vm_dir dir;
	struct error error;
	int err = 0;

	if (vm_dir_open(name, false, &dir, &error) < 0)
		return 0;
	if (record_load(dir.fd, name, &record, &error) == 0)
		err = check_record(candidate, name, &record);
	record_free(&record);
	vm_dir_close(&dir);

	return err;
}

static int open_given(struct clone_disk *disk, const char *path, struct error *error)
{
	struct candidate candidate = { .path = path, .error = error };
	int err = 0;

	/* If there is no such file, opening it says so. */
	if (stat(path, &candidate.status) == 0)
		err = vm_dir_list(check_vm, &candidate, error);
	if (err)
		return err;
	disk->path = strdup(path);
	if (!disk->path)
		return error_set(error, -ENOMEM, "out of memory");
	err = disk_open(&disk->to, disk->path, false, error);
	disk->is_given = !err;

	return err;
}

/* --- copies --- */

static int begin_copy(struct clone_disk *disk, const char *name, struct error *error)
{
	const char *from = disk->from.path;
	struct error reason;
	struct stat status;
	int err;

	if (fstat(disk->from.fd, &status) < 0)
		return error_set(error, -errno, "cannot examine disk %s: %s", from,
				 strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL,
				 "disk %s is a block device: name the clone's disks by --disk",
				 from);
	err = clone_path_beside(from, name, &disk->path, error);
	if (err)
		return err;
	err = new_file_begin(&disk->copy, disk->path, NULL, &reason);
	disk->is_begun = !err;

	return err ? error_set(error, err, "cannot copy disk %s to %s: %s", from, disk->path,
			       reason.text)
		   : 0;
}

/* --- both --- */

static int count_writable(const struct config *config)
{
	int count = 0;

	for (size_t i = 0; i < config->disk_count; i++)
		count += !config->disks[i].read_only;

	return count;
}

static int open_one(struct clone_disks *disks, size_t i, size_t *given, struct error *error)
{
	const struct clone_options *options = disks->options;
	const struct disk_config *config = &disks->config->disks[i];
	struct clone_disk *disk = &disks->all[i];
	/* Its lock keeps others from writing to it while it is copied. */
	int err = disk_open(&disk->from, config->path, true, error);

	if (err)
		return err;
	disk->is_open = true;
	if (config->read_only)
		return 0;
	if (options->disk_count == 0)
		return begin_copy(disk, options->to, error);

	return open_given(disk, options->disks[(*given)++], error);
}

int clone_disks_open(struct clone_disks *disks, struct error *error)
{
	const struct clone_options *options = disks->options;
	const int writable = count_writable(disks->config);
	size_t given = 0;
	int err = 0;

	if (options->disk_count > 0 && options->disk_count != (size_t)writable)
		return error_set(error, -EINVAL,
				 "%s has writable disks: %d, and --disk names: %zu; name one for "
				 "each of them, or none",
				 options->from, writable, options->disk_count);
	for (size_t i = 0; i < disks->config->disk_count && !err; i++)
		err = open_one(disks, i, &given, error);

	return err;
}

int clone_disks_check_sizes(const struct clone_disks *disks, struct error *error)
{
	for (size_t i = 0; i < disks->config->disk_count; i++) {
		const struct clone_disk *disk = &disks->all[i];

		if (disk->is_given && disk->to.size != disk->from.size)
			return error_set(error, -EINVAL,
					 "disk %s has %" PRIu64 " bytes, and disk %s of %s has "
					 "%" PRIu64 ", on which its saved guest relies",
					 disk->path, disk->to.size, disk->from.path,
					 disks->options->from, disk->from.size);
	}

	return 0;
}

/* --- copying --- */

struct progress {
	const char *name; /* The clone's. */
	const struct disk *disk;
	uint64_t due;
};

static void report(void *context, uint64_t done)
{
	struct progress *progress = context;
	const uint64_t now = main_loop_now();

	if (now < progress->due)
		return;
	progress->due = now + PROGRESS_NEXT;
	message("%s: copied %" PRIu64 " of %" PRIu64 " MiB of %s", progress->name, done >> 20,
		progress->disk->size >> 20, progress->disk->path);
}

static int copy(struct clone_disk *disk, const char *name, struct error *error)
{
	struct progress progress = {
		.name = name,
		.disk = &disk->from,
		.due = main_loop_now() + PROGRESS_FIRST,
	};
	const struct copy_file_watch watch = { .progress = report, .context = &progress };
	int err = copy_file(disk->from.fd, disk->copy.fd, disk->from.size, &watch);

	if (!err)
		err = new_file_sync(&disk->copy);

	return err ? error_set(error, err, "cannot copy disk %s to %s: %s", disk->from.path,
			       disk->path,
			       err == -ECANCELED ? "it was interrupted" : strerror(-err))
		   : 0;
}

int clone_disks_copy(struct clone_disks *disks, struct error *error)
{
	int err = 0;

	for (size_t i = 0; i < disks->config->disk_count && !err; i++)
		if (disks->all[i].is_begun)
			err = copy(&disks->all[i], disks->options->to, error);

	return err;
}

int clone_disks_publish(struct clone_disks *disks, struct error *error)
{
	for (size_t i = 0; i < disks->config->disk_count; i++) {
		struct clone_disk *disk = &disks->all[i];
		struct error reason;
		int err;

		if (!disk->is_begun)
			continue;
		err = new_file_publish(&disk->copy, &reason);
		/* Either way there is no more to drop. */
		disk->is_begun = false;
		disk->is_published = !err;
		if (err)
			return error_set(error, err, "cannot copy disk %s to %s: %s",
					 disk->from.path, disk->path, reason.text);
	}

	return 0;
}

/* --- what the records have of them --- */

static int add(struct environment *environment, size_t i, const struct disk_config *config,
	       const struct disk *disk, struct error *error)
{
	char identity[DISK_IDENTITY_SIZE];
	int err = disk_identity(disk, identity, error);

	if (err)
		return err;
	err = environment_add_disk(environment, i, config, identity);

	return err ? error_set(error, err, "out of memory") : 0;
}

static int begin_line(struct environment *environment, struct error *error)
{
	const int err = environment_set_text(environment, ENVIRONMENT_DISKS, "");

	return err ? error_set(error, err, "out of memory") : 0;
}

int clone_disks_read(const struct clone_disks *disks, struct environment *environment,
		     struct error *error)
{
	const struct config *config = disks->config;
	int err = begin_line(environment, error);

	for (size_t i = 0; i < config->disk_count && !err; i++)
		err = add(environment, i, &config->disks[i], &disks->all[i].from, error);

	return err;
}

/* With a generation of its own. */
static int describe_own(struct clone_disk *disk, size_t i, struct environment *environment,
			struct error *error)
{
	const struct disk_config config = { .path = disk->path };
	struct disk copied = { .fd = disk->copy.fd, .path = disk->path, .size = disk->from.size };
	struct disk *own = disk->is_given ? &disk->to : &copied;
	const int err = disk_renew(own, error);

	return err ? err : add(environment, i, &config, own, error);
}

int clone_disks_describe(struct clone_disks *disks, struct environment *environment,
			 struct error *error)
{
	const struct config *config = disks->config;
	int err = begin_line(environment, error);

	for (size_t i = 0; i < config->disk_count && !err; i++) {
		struct clone_disk *disk = &disks->all[i];

		err = disk->path ? describe_own(disk, i, environment, error)
				 : add(environment, i, &config->disks[i], &disk->from, error);
	}

	return err;
}

int clone_disks_configure(const struct clone_disks *disks, struct config *config,
			  struct error *error)
{
	for (size_t i = 0; i < disks->config->disk_count; i++) {
		char *path = disks->all[i].path;

		if (!path)
			continue;
		path = strdup(path);
		if (!path)
			return error_set(error, -ENOMEM, "out of memory");
		free(config->disks[i].path);
		config->disks[i].path = path;
	}

	return 0;
}

void clone_disks_close(struct clone_disks *disks, bool keep)
{
	for (size_t i = 0; i < CONFIG_DISKS_MAX; i++) {
		struct clone_disk *disk = &disks->all[i];

		if (disk->is_begun)
			new_file_drop(&disk->copy);
		if (disk->is_published && !keep)
			(void)unlink(disk->path);
		if (disk->is_given)
			disk_close(&disk->to);
		if (disk->is_open)
			disk_close(&disk->from);
		free(disk->path);
	}
}
