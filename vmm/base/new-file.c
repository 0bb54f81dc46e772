/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/random.h"

#define MAGIC_SIZE_MAX 64

/* How many random names are tried: a collision is practically impossible. */
#define NAMES_MAX 8

#define PROC_PATH_SIZE 32

/* --- the first name --- */

/* Whether @name is still the name of the file @fd. */
static bool is_named(int fd, int dir_fd, const char *name)
{
	struct stat file;
	struct stat named;

	return fstat(fd, &file) == 0 && fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

/*
 * Returns 0; -EAGAIN if another process has the lock; another -errno if the
 * file system has no locks.
 */
static int take_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;

	return errno == EACCES ? -EAGAIN : -errno;
}

static int create(struct new_file *file)
{
	/* It contains all data of a guest. */
	file->fd = openat(file->dir_fd, file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			  S_IRUSR | S_IWUSR);
	if (file->fd < 0)
		return -errno;
	/*
	 * Before we had the lock, another process may have taken the file for
	 * one left over.
	 */
	if (take_lock(file->fd) != -EAGAIN && is_named(file->fd, file->dir_fd, file->temporary))
		return 0;
	close(file->fd);

	return -EEXIST;
}

/* File systems without hard links report that by different errors. */
static bool has_no_links(int err)
{
	return durable_is_unsupported(err) || err == -EPERM || err == -EMLINK || err == -EACCES;
}

/* Another name of a file that is there, and durable. Likewise; -EXDEV if it can have none. */
static int link_existing(struct new_file *file, const struct new_file_existing *existing)
{
	if (linkat(existing->dir_fd, existing->name, file->dir_fd, file->temporary, 0) < 0)
		return errno == EXDEV || has_no_links(-errno) ? -EXDEV : -errno;
	file->fd =
		openat(file->dir_fd, file->temporary, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file->fd < 0) {
		const int err = -errno;

		(void)unlinkat(file->dir_fd, file->temporary, 0);

		return err;
	}
	if (take_lock(file->fd) != -EAGAIN && is_named(file->fd, file->dir_fd, file->temporary))
		return 0;
	close(file->fd);

	return -EEXIST;
}

static int create_or_link(struct new_file *file, const struct new_file_existing *existing)
{
	return existing ? link_existing(file, existing) : create(file);
}

/* "NAME.part" or "NAME.XXXXXXXX.part"; of a long name the front. */
static void name_temporary(struct new_file *file, const char *suffix)
{
	const int room = (int)(sizeof(file->temporary) - 1 - strlen(suffix));

	snprintf(file->temporary, sizeof(file->temporary), "%.*s%s", room, file->name, suffix);
}

/*
 * Whether @fd was left by a writer of our user that no longer lives. Locks it,
 * if so.
 */
static bool is_left_over(int fd, const char *magic)
{
	const size_t size = strlen(magic);
	char start[MAGIC_SIZE_MAX];
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    take_lock(fd) != 0)
		return false;

	return status.st_size == 0 ||
	       (size <= sizeof(start) && pread(fd, start, size, 0) == (ssize_t)size &&
		memcmp(start, magic, size) == 0);
}

/* Open and lock the file with our first name, if it is abandoned. Returns it, or -1. */
static int take_left_over(const struct new_file *file, const char *magic)
{
	const int fd = openat(file->dir_fd, file->temporary,
			      O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/*
	 * Its writer may have given it its final name, and another writer have
	 * begun, before we locked it.
	 */
	if (is_left_over(fd, magic) && is_named(fd, file->dir_fd, file->temporary))
		return fd;
	close(fd);

	return -1;
}

static void remove_left_over(const struct new_file *file, const char *magic)
{
	const int fd = take_left_over(file, magic);

	if (fd < 0)
		return;
	(void)unlinkat(file->dir_fd, file->temporary, 0);
	close(fd);
}

/* What has another name, too, is not ours to change. */
static bool has_one_name(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink == 1;
}

/* Returns whether there is a file to begin again with. */
static bool reopen(struct new_file *file, const char *magic)
{
	name_temporary(file, ".part");
	file->fd = take_left_over(file, magic);
	if (file->fd < 0)
		return false;
	if (has_one_name(file->fd))
		return true;
	close(file->fd);

	return false;
}

static int create_under_random_name(struct new_file *file, const struct new_file_existing *existing)
{
	char suffix[sizeof(".01234567.part")];
	uint32_t number;
	const int err = random_fill(&number, sizeof(number));

	if (err)
		return err;
	snprintf(suffix, sizeof(suffix), ".%08x.part", number);
	name_temporary(file, suffix);

	return create_or_link(file, existing);
}

/* --- without a first name --- */

/* By which a file without a name gets one: see open(2), O_TMPFILE. */
static void find_in_proc(const struct new_file *file, char path[PROC_PATH_SIZE])
{
	snprintf(path, PROC_PATH_SIZE, "/proc/self/fd/%d", file->fd);
}

static bool has_name(const struct new_file *file)
{
	return *file->temporary;
}

/* Nothing remains of it when its writer ends, however that happens. */
static int create_unnamed(struct new_file *file)
{
	char path[PROC_PATH_SIZE];

	file->temporary[0] = '\0';
	file->fd = openat(file->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (file->fd < 0)
		return -errno;
	find_in_proc(file, path);
	/* Without /proc it could get no name later. */
	if (access(path, F_OK) == 0)
		return 0;
	close(file->fd);

	return -EOPNOTSUPP;
}

static int create_temporary(struct new_file *file, const char *magic,
			    const struct new_file_existing *existing)
{
	int err;

	if (!magic && create_unnamed(file) == 0)
		return 0;
	name_temporary(file, ".part");
	err = create_or_link(file, existing);
	if (err == -EEXIST && magic) {
		remove_left_over(file, magic);
		err = create_or_link(file, existing);
	}
	for (int i = 0; i < NAMES_MAX && err == -EEXIST; i++)
		err = create_under_random_name(file, existing);

	return err;
}

/* Split the path, and open its directory. */
static int open_directory(struct new_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char directory[PATH_MAX];
	const size_t length = slash == path ? 1 : (size_t)(name - path);

	if (length >= sizeof(directory) || strlen(name) >= sizeof(file->name))
		return -ENAMETOOLONG;
	if (!*name)
		return -EISDIR;
	snprintf(file->name, sizeof(file->name), "%s", name);
	snprintf(directory, sizeof(directory), "%.*s", (int)length, slash ? path : ".");
	if (!slash)
		snprintf(directory, sizeof(directory), ".");
	file->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return file->dir_fd < 0 ? -errno : 0;
}

static int exists_already(struct error *error)
{
	return error_set(error, -EEXIST, "the file already exists");
}

static int begin(struct new_file *file, const char *path, const char *magic,
		 const struct new_file_existing *existing, struct error *error)
{
	struct stat status;
	int err = open_directory(file, path);

	if (err)
		return error_set(error, err, "%s", strerror(-err));
	/* Also a symbolic link, to anything: the file would replace it. */
	if (fstatat(file->dir_fd, file->name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		err = exists_already(error);
	} else if (errno != ENOENT) {
		err = error_set(error, -errno, "%s", strerror(errno));
	} else {
		err = create_temporary(file, magic, existing);
		if (err)
			error_set(error, err, "%s", strerror(-err));
	}
	if (err)
		close(file->dir_fd);

	return err;
}

int new_file_begin(struct new_file *file, const char *path, const char *magic, struct error *error)
{
	return begin(file, path, magic, NULL, error);
}

int new_file_begin_again(struct new_file *file, const char *path, const char *magic,
			 struct error *error)
{
	int err = open_directory(file, path);

	if (err)
		return error_set(error, err, "%s", strerror(-err));
	if (reopen(file, magic))
		return 0;
	close(file->dir_fd);

	return begin(file, path, magic, NULL, error);
}

int new_file_begin_link(struct new_file *file, const char *path, const char *magic,
			const struct new_file_existing *existing, struct error *error)
{
	return begin(file, path, magic, existing, error);
}

int new_file_sync(struct new_file *file)
{
	return durable_sync(file->fd);
}

/* --- the name --- */

/* Each returns 0; -EEXIST if the name is in use; or another -errno. */

static int rename_exclusively(const struct new_file *file)
{
	if (renameat2(file->dir_fd, file->temporary, file->dir_fd, file->name, RENAME_NOREPLACE) <
	    0)
		return -errno;

	return 0;
}

static int link_and_unlink(const struct new_file *file)
{
	if (linkat(file->dir_fd, file->temporary, file->dir_fd, file->name, 0) < 0) {
		const int err = -errno;

		/*
		 * NFS may answer the retransmission of a call that it has
		 * carried out.
		 */
		if (err != -EEXIST || !is_named(file->fd, file->dir_fd, file->name))
			return err;
	}
	/* It is complete under its name: a second name does no harm. */
	(void)unlinkat(file->dir_fd, file->temporary, 0);

	return 0;
}

static int take_name_and_rename(const struct new_file *file)
{
	const int fd = openat(file->dir_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			      S_IRUSR | S_IWUSR);
	int err = 0;

	if (fd < 0)
		return -errno;
	close(fd);
	if (renameat(file->dir_fd, file->temporary, file->dir_fd, file->name) < 0) {
		err = -errno;
		(void)unlinkat(file->dir_fd, file->name, 0);
	}

	return err;
}

static int link_unnamed(const struct new_file *file)
{
	char path[PROC_PATH_SIZE];

	find_in_proc(file, path);

	return linkat(AT_FDCWD, path, file->dir_fd, file->name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int give_name(const struct new_file *file)
{
	int err;

	if (!has_name(file))
		return link_unnamed(file);
	err = rename_exclusively(file);
	if (durable_is_unsupported(err)) {
		err = link_and_unlink(file);
		if (has_no_links(err))
			err = take_name_and_rename(file);
	}

	return err;
}

int new_file_publish(struct new_file *file, struct error *error)
{
	int err = give_name(file);

	if (err) {
		if (err == -EEXIST)
			exists_already(error);
		else
			error_set(error, err, "%s", strerror(-err));
		new_file_drop(file);

		return err;
	}
	/* Its first name is a change of the file, too. */
	err = has_name(file) ? 0 : durable_sync(file->fd);
	if (!err)
		err = durable_sync_directory(file->dir_fd);
	if (err) {
		error_set(error, err, "%s", strerror(-err));
		(void)unlinkat(file->dir_fd, file->name, 0);
	}
	close(file->fd);
	close(file->dir_fd);

	return err;
}

int new_file_withdraw(int dir_fd, const char *name)
{
	struct new_file file;

	snprintf(file.name, sizeof(file.name), "%s", name);
	name_temporary(&file, ".part");
	if (renameat(dir_fd, name, dir_fd, file.temporary) < 0 && unlinkat(dir_fd, name, 0) < 0)
		return -errno;

	return durable_sync_directory(dir_fd);
}

void new_file_drop(struct new_file *file)
{
	if (has_name(file))
		(void)unlinkat(file->dir_fd, file->temporary, 0);
	close(file->fd);
	close(file->dir_fd);
}
