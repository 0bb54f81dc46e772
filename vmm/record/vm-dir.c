/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/vm-dir.h"

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

#include "base/durable.h"

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
		return error_set(
			error, -ENOENT,
			"no directory for VMs: none of DORMOUSE_STATE_DIR, XDG_STATE_HOME and "
			"HOME is set");
	if ((size_t)length >= size)
		return error_set(error, -ENAMETOOLONG,
				 "the path of the state directory is too long");

	return 0;
}

/* --- directories --- */

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/*
 * Accessible only to the owner, as the XDG Base Directory Specification
 * requires.
 */
static int make_directory(const char *path)
{
	int err;

	if (mkdir(path, 0700) == 0)
		return 0;
	err = -errno;
	/*
	 * Automounters and FUSE file systems have errors of their own for a
	 * directory that exists.
	 */
	return err == -EEXIST || is_directory(path) ? 0 : err;
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

static int sync_directory(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	/*
	 * A directory of another user may be unreadable: its names are not ours
	 * to sync.
	 */
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	err = durable_sync_directory(fd);
	close(fd);

	return err;
}

/*
 * Make the names of a VM's directory and of all its parents durable: a record
 * on disk in a directory that is not would be lost anyway. All of them, since a
 * dormouse may have created one and been killed before this.
 */
static int sync_parents(char *path)
{
	int err = 0;

	for (char *slash = strchr(path + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = sync_directory(path);
		*slash = '/';
	}

	return err ? err : sync_directory(*path == '/' ? "/" : ".");
}

/* --- owners --- */

/*
 * If another user could write there, that user could plant links that we would
 * follow, and records whose files we would open.
 */
static int check_owner(const struct stat *status, const char *path, struct error *error)
{
	if (status->st_uid == geteuid())
		return 0;

	return error_set(error, -EACCES,
			 "%s belongs to user %u, and this is user %u: run as the former, or set "
			 "DORMOUSE_STATE_DIR to a directory of your own",
			 path, status->st_uid, geteuid());
}

/* A state directory may be root's, for all users. */
static int check_state_directory(const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) < 0 || status.st_uid == 0)
		return 0;

	return check_owner(&status, path, error);
}

static int check_vm_directory(const struct vm_dir *dir, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(dir->fd, &status) < 0)
		return error_set(error, -errno, "cannot examine %s: %s", path, strerror(errno));

	return check_owner(&status, path, error);
}

/* --- one VM --- */

static int cannot_open_lock(const char *path, int err, struct error *error)
{
	return error_set(error, err, "cannot open %s/" LOCK_FILE ": %s", path, strerror(-err));
}

/*
 * A VM's lock is there once its directory is durable, and so need not be synced
 * again.
 */
static int open_lock(struct vm_dir *dir, char *path, bool create, struct error *error)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int err;

	dir->lock_fd = openat(dir->fd, LOCK_FILE, O_RDWR | flags);
	if (dir->lock_fd < 0 && errno == ENOENT && create) {
		err = sync_parents(path);
		if (err)
			return error_set(error, err, "cannot make %s: %s", path, strerror(-err));
		/*
		 * Not for other users, who could hold a read lock on it, so
		 * that the VM would not start.
		 */
		dir->lock_fd = openat(dir->fd, LOCK_FILE, O_RDWR | O_CREAT | flags, 0600);
	}
	/* Read-only commands work without permission to lock. */
	if (dir->lock_fd < 0 && !create) {
		dir->lock_fd = openat(dir->fd, LOCK_FILE, O_RDONLY | flags);
		if (dir->lock_fd < 0 && errno == EACCES)
			dir->lock_fd = -EACCES;
		if (dir->lock_fd == -EACCES)
			return 0;
	}

	return dir->lock_fd < 0 ? cannot_open_lock(path, -errno, error) : 0;
}

static int open_directory(struct vm_dir *dir, const char *path, struct error *error)
{
	int err;

	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd >= 0)
		return 0;
	err = -errno;
	if (err == -ENOENT)
		return error_set(error, err, "there is no VM named %s (looked for %s)", dir->name,
				 path);

	return error_set(error, err, "cannot open %s: %s", path, strerror(-err));
}

/*
 * Create the directory of a VM, unless another user could change it. @length:
 * of the state directory's path.
 */
static int make_vm_directory(char *path, size_t length, struct error *error)
{
	char *name = path + length;
	int err;

	*name = '\0';
	err = check_state_directory(path, error);
	*name = '/';
	if (err)
		return err;
	err = make_directories(path);
	if (err)
		return error_set(error, err, "cannot make %s: %s", path, strerror(-err));

	return 0;
}

/* Returns the length of the state directory's path, which is the front; or -errno. */
static int vm_path(const char *name, char *path, size_t size, struct error *error)
{
	const int err = state_path(path, size - NAME_LENGTH_MAX - 2, error);
	size_t length;

	if (err)
		return err;
	length = strlen(path);
	snprintf(path + length, size - length, "/%s", name);

	return (int)length;
}

int vm_dir_open(const char *name, bool create, struct vm_dir *dir, struct error *error)
{
	char path[PATH_MAX];
	int length;
	int err;

	if (!name_is_good(name))
		return error_set(
			error, -EINVAL,
			"\"%s\" cannot be a VM's name: use up to %d letters, digits, dots, "
			"dashes and underscores, and no dot or dash first",
			name, NAME_LENGTH_MAX);
	length = vm_path(name, path, sizeof(path), error);
	if (length < 0)
		return length;
	dir->name = name;
	err = create ? make_vm_directory(path, (size_t)length, error) : 0;
	if (!err)
		err = open_directory(dir, path, error);
	if (err)
		return err;
	err = create ? check_vm_directory(dir, path, error) : 0;
	if (!err)
		err = open_lock(dir, path, create, error);
	if (err)
		close(dir->fd);
	/* It is no VM without a lock, and empty. */
	if (err && create)
		(void)rmdir(path);

	return err;
}

int vm_dir_path(const struct vm_dir *dir, const char *file, char **path, struct error *error)
{
	char directory[PATH_MAX];
	const int length = vm_path(dir->name, directory, sizeof(directory), error);

	if (length < 0)
		return length;
	if (asprintf(path, "%s/%s", directory, file) < 0)
		return error_set(error, -ENOMEM, "out of memory");

	return 0;
}

bool vm_dir_is_parked(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && strcmp(slash + 1, VM_DIR_PARKED) == 0;
}

void vm_dir_close(struct vm_dir *dir)
{
	if (dir->lock_fd >= 0)
		close(dir->lock_fd);
	close(dir->fd);
}

void vm_dir_remove(struct vm_dir *dir)
{
	char path[PATH_MAX];
	struct error error;

	(void)unlinkat(dir->fd, LOCK_FILE, 0);
	if (vm_path(dir->name, path, sizeof(path), &error) > 0)
		(void)rmdir(path);
	vm_dir_close(dir);
}

static bool is_on_read_only(int fd)
{
	struct statvfs status;

	return fstatvfs(fd, &status) == 0 && status.f_flag & ST_RDONLY;
}

int vm_dir_lock(struct vm_dir *dir, struct error *error)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = check_vm_directory(dir, dir->name, error);

	if (err)
		return err;
	if (fcntl(dir->lock_fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	err = -errno;
	if (err == -EAGAIN || err == -EACCES)
		return -EBUSY;
	/* It could only be opened for reading, or not at all. */
	if (err == -EBADF)
		err = is_on_read_only(dir->fd) ? -EROFS : -EACCES;

	return error_set(error, err, "cannot lock %s: %s", dir->name, strerror(-err));
}

int vm_dir_is_locked(const struct vm_dir *dir, bool *locked, struct error *error)
{
	/* Test for a write lock, since only that conflicts with every other. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = dir->lock_fd < 0 ? dir->lock_fd : 0;

	if (!err && fcntl(dir->lock_fd, F_OFD_GETLK, &lock) < 0)
		err = -errno;
	if (err)
		return error_set(error, err, "cannot determine whether %s is in use: its lock: %s",
				 dir->name, strerror(-err));
	*locked = lock.l_type != F_UNLCK;

	return 0;
}

static int may_be_vm(const struct dirent *entry)
{
	return name_is_good(entry->d_name);
}

/*
 * A directory that vm_dir_open() would accept, or that we lack the permission
 * to examine.
 */
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
