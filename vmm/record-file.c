/* SPDX-License-Identifier: BSD-3-Clause */
#include "record-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

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

/* Write, fsync, rename, fsync the directory: before or after, never neither. */
int record_file_replace(int dir_fd, const char *data, size_t size)
{
	int err;
	const int fd =
		openat(dir_fd, RECORD_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (!err && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dir_fd, RECORD_TEMPORARY, dir_fd, RECORD_FILE) < 0)
		err = -errno;
	if (err) {
		unlinkat(dir_fd, RECORD_TEMPORARY, 0);

		return err;
	}

	return fsync(dir_fd) < 0 ? -errno : 0;
}

ssize_t record_file_read(int dir_fd, char *data, size_t size)
{
	size_t done = 0;
	/* O_NONBLOCK: a FIFO there must not make us wait. */
	const int fd = openat(dir_fd, RECORD_FILE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

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
