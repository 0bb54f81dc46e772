/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm-dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOCK_FILE "lock"
#define NAME_LENGTH_MAX 64

/* A name is a file name, a word on a command line and a word in messages. */
static bool name_is_good(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	const size_t length = strlen(name);

	return length > 0 && length <= NAME_LENGTH_MAX && strspn(name, allowed) == length &&
	       name[0] != '.' && name[0] != '-';
}

static int state_path(char *path, size_t size, struct error *error)
{
	const char *own = getenv("DORMOUSE_STATE_DIR");
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int length;

	if (own && *own)
		length = snprintf(path, size, "%s", own);
	else if (xdg && *xdg)
		length = snprintf(path, size, "%s/dormouse", xdg);
	else if (home && *home)
		length = snprintf(path, size, "%s/.local/state/dormouse", home);
	else
		return error_set(error, -ENOENT,
				 "no place for VMs: neither DORMOUSE_STATE_DIR, XDG_STATE_HOME "
				 "nor HOME is set");
	if ((size_t)length >= size)
		return error_set(error, -ENAMETOOLONG,
				 "the path of the state directory is too long");

	return 0;
}

static int sync_directory(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);

	return err;
}

/*
 * Make a directory if it is missing, durably: a record that is on disk in a
 * directory that is not would be lost all the same.
 */
static int make_directory(char *path)
{
	char *slash = strrchr(path, '/');
	int err;

	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (!slash)
		return sync_directory(".");
	if (slash == path)
		return sync_directory("/");
	*slash = '\0';
	err = sync_directory(path);
	*slash = '/';

	return err;
}

/* mkdir -p. */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';

		const int err = make_directory(path);

		*slash = '/';
		if (err)
			return err;
	}

	return make_directory(path);
}

int vm_dir_open(const char *name, bool create, struct vm_dir *dir, struct error *error)
{
	char path[PATH_MAX];
	size_t length;
	int err;

	if (!name_is_good(name))
		return error_set(
			error, -EINVAL,
			"\"%s\" cannot be a VM's name: use up to %d letters, digits, dots, "
			"dashes and underscores, and no dot or dash first",
			name, NAME_LENGTH_MAX);
	err = state_path(path, sizeof(path) - NAME_LENGTH_MAX - 2, error);
	if (err)
		return err;
	length = strlen(path);
	snprintf(path + length, sizeof(path) - length, "/%s", name);
	if (create) {
		err = make_directories(path);
		if (err)
			return error_set(error, err, "cannot make %s: %s", path, strerror(-err));
	}
	dir->name = name;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0) {
		err = -errno;
		if (err == -ENOENT)
			return error_set(error, err, "there is no VM named %s (looked for %s)",
					 name, path);

		return error_set(error, err, "cannot open %s: %s", path, strerror(-err));
	}
	/* Not for others, who could hold a read lock on it, and the VM would not start. */
	dir->lock_fd =
		openat(dir->fd, LOCK_FILE, (create ? O_RDWR | O_CREAT : O_RDWR) | O_CLOEXEC, 0600);
	/* Who only looks may look at a VM that is not theirs to lock. */
	if (dir->lock_fd < 0 && !create) {
		dir->lock_fd = openat(dir->fd, LOCK_FILE, O_RDONLY | O_CLOEXEC);
		if (dir->lock_fd < 0 && errno == EACCES) {
			dir->lock_fd = -EACCES;

			return 0;
		}
	}
	if (dir->lock_fd < 0) {
		err = -errno;
		close(dir->fd);

		return error_set(error, err, "cannot open %s/" LOCK_FILE ": %s", path,
				 strerror(-err));
	}

	return 0;
}

void vm_dir_close(struct vm_dir *dir)
{
	if (dir->lock_fd >= 0)
		close(dir->lock_fd);
	close(dir->fd);
}

static bool is_on_read_only(int fd)
{
	struct statvfs status;

	return fstatvfs(fd, &status) == 0 && status.f_flag & ST_RDONLY;
}

int vm_dir_lock(struct vm_dir *dir, struct error *error)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err;

	if (fcntl(dir->lock_fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	err = -errno;
	if (err == -EAGAIN || err == -EACCES)
		return -EBUSY;
	/* It could be opened for reading only, or not at all. */
	if (err == -EBADF)
		err = is_on_read_only(dir->fd) ? -EROFS : -EACCES;

	return error_set(error, err, "cannot lock %s: %s", dir->name, strerror(-err));
}

int vm_dir_is_locked(const struct vm_dir *dir, bool *locked, struct error *error)
{
	/* A write lock is asked about, since only that conflicts with any other. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = dir->lock_fd < 0 ? dir->lock_fd : 0;

	if (!err && fcntl(dir->lock_fd, F_OFD_GETLK, &lock) < 0)
		err = -errno;
	if (err)
		return error_set(error, err, "cannot tell whether %s is in use: its lock: %s",
				 dir->name, strerror(-err));
	*locked = lock.l_type != F_UNLCK;

	return 0;
}

static int may_be_vm(const struct dirent *entry)
{
	return name_is_good(entry->d_name);
}

/* What vm_dir_open() would take for one, or cannot tell for want of permission. */
static bool is_vm(const char *directory, const char *name)
{
	char path[PATH_MAX + NAME_MAX + sizeof(LOCK_FILE) + 2];

	snprintf(path, sizeof(path), "%s/%s/" LOCK_FILE, directory, name);

	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int vm_dir_list(int (*each)(const char *name, void *context), void *context, struct error *error)
{
	char path[PATH_MAX];
	struct dirent **entries;
	int count;
	int err = state_path(path, sizeof(path), error);

	if (err)
		return err;
	count = scandir(path, &entries, may_be_vm, alphasort);
	if (count < 0) {
		/* No directory yet: no VMs. */
		return errno == ENOENT ? 0
				       : error_set(error, -errno, "cannot read %s: %s", path,
						   strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		if (!err && is_vm(path, entries[i]->d_name))
			err = each(entries[i]->d_name, context);
		free(entries[i]);
	}
	free(entries);

	return err;
}
