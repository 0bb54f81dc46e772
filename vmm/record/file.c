/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"

#define RECORD_FILE "record.json"
#define RECORD_TEMPORARY "record.json.new"

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= (size_t)written;
	}

	return 0;
}

/*
 * Remove the file that a killed dormouse left; nothing is ever written into it.
 */
static int create_temporary(int dir_fd)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	/* Accessible only to its owner: it has the kernel's command line. */
	int fd = openat(dir_fd, RECORD_TEMPORARY, flags, 0600);

	if (fd < 0 && errno == EEXIST) {
		if (unlinkat(dir_fd, RECORD_TEMPORARY, 0) < 0)
			return -errno;
		fd = openat(dir_fd, RECORD_TEMPORARY, flags, 0600);
	}

	return fd < 0 ? -errno : fd;
}

/*
 * Write, fsync, rename, fsync the directory: a reader finds the old or the new
 * record, never none. After a failure the next attempt is independent, since it
 * writes another file: it does not matter that a write-back error is reported
 * only once for each file.
 */
int record_file_replace(int dir_fd, const char *data, size_t size)
{
	const int fd = create_temporary(dir_fd);
	int err;

	if (fd < 0)
		return fd;
	err = write_all(fd, data, size);
	if (!err)
		err = durable_sync(fd);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dir_fd, RECORD_TEMPORARY, dir_fd, RECORD_FILE) < 0)
		err = -errno;
	if (err) {
		unlinkat(dir_fd, RECORD_TEMPORARY, 0);

		return err;
	}

	return durable_sync_directory(dir_fd);
}

bool record_file_exists(int dir_fd)
{
	struct stat status;

	return fstatat(dir_fd, RECORD_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

void record_file_remove(int dir_fd)
{
	(void)unlinkat(dir_fd, RECORD_TEMPORARY, 0);
	(void)unlinkat(dir_fd, RECORD_FILE, 0);
}

ssize_t record_file_read(int dir_fd, char *data, size_t size)
{
	size_t done = 0;
	/* Neither must a FIFO there make us wait, nor a link lead elsewhere. */
	const int fd = openat(dir_fd, RECORD_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (done < size) {
		const ssize_t count = read(fd, data + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			const int err = -errno;

			close(fd);

			return err;
		}
		if (count == 0)
			break;
		done += (size_t)count;
	}
	close(fd);

	return (ssize_t)done;
}
