/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/console-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec;
}

static int open_path(const char *path, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const int fd = open(path, flags, mode);

	return fd < 0 ? -errno : fd;
}

int console_file_open(struct console_file *file, const char *path, struct error *error)
{
	struct stat status;
	int err;

	memset(file, 0, sizeof(*file));
	file->fd = open_path(path, 0666);
	if (file->fd < 0)
		return error_set(error, file->fd, "cannot write the console to %s: %s", path,
				 file->fd == -ENXIO ? "it has no reader" : strerror(-file->fd));
	err = fstat(file->fd, &status) < 0 ? -errno : 0;
	file->limit = CONSOLE_FILE_UNLIMITED;
	/*
	 * A file without a path of its own, as /dev/stdout, may have none that
	 * can be renamed.
	 */
	file->path = realpath(path, NULL);
	if (!err && file->path && S_ISREG(status.st_mode)) {
		file->size = (uint64_t)status.st_size;
		file->limit = CONSOLE_FILE_LIMIT;
	}
	if (!file->path)
		file->path = strdup(path);
	if (!err && !file->path)
		err = -ENOMEM;
	if (!err)
		return 0;
	close(file->fd);
	free(file->path);

	return error_set(error, err, "cannot write the console to %s: %s", path, strerror(-err));
}

void console_file_limit(struct console_file *file, uint64_t limit)
{
	if (file->limit != CONSOLE_FILE_UNLIMITED)
		file->limit = limit ? limit : CONSOLE_FILE_LIMIT;
}

/* --- a file that is as large as it may be --- */

/* Whether the path still leads to our file. */
static bool is_in_place(const struct console_file *file, const struct stat *ours)
{
	struct stat status;

	return lstat(file->path, &status) == 0 && status.st_dev == ours->st_dev &&
	       status.st_ino == ours->st_ino;
}

static int set_aside(struct console_file *file)
{
	char *former;
	int err = 0;

	if (asprintf(&former, "%s.1", file->path) < 0)
		return error_set(&file->reason, -ENOMEM, "out of memory");
	if (rename(file->path, former) < 0)
		err = error_set(&file->reason, -errno, "cannot rename %s to %s: %s", file->path,
				former, strerror(errno));
	free(former);

	return err;
}

/*
 * Begin a new file, unless this one has room. Returns 0 or -errno with
 * file->reason set.
 */
static int make_room(struct console_file *file)
{
	struct stat ours;
	int err;
	int fd;

	if (fstat(file->fd, &ours) == 0 && (uint64_t)ours.st_size < file->limit) {
		file->size = (uint64_t)ours.st_size;

		return 0;
	}
	err = is_in_place(file, &ours) ? set_aside(file) : 0;
	if (err)
		return err;
	fd = open_path(file->path, ours.st_mode & 0777);
	if (fd < 0)
		return error_set(&file->reason, fd, "cannot open %s: %s", file->path,
				 strerror(-fd));
	close(file->fd);
	file->fd = fd;
	/* Another program may have begun it. */
	file->size = fstat(fd, &ours) == 0 ? (uint64_t)ours.st_size : 0;

	return 0;
}

/* Likewise once a second at most: a guest can cause it repeatedly. */
static int make_room_again(struct console_file *file)
{
	const time_t now = seconds();

	if (file->lost && now == file->tried)
		return file->err;
	file->tried = now;

	return make_room(file);
}

/* --- writing --- */

/* Returns how many bytes were written, or -errno with file->reason set. */
static ssize_t put(struct console_file *file, const void *bytes, size_t size)
{
	ssize_t written;

	do
		written = write(file->fd, bytes, size);
	while (written < 0 && errno == EINTR);
	if (written > 0)
		file->size += (uint64_t)written;
	if (written > 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		return written > 0 ? written : -EAGAIN;

	return error_set(&file->reason, written < 0 ? -errno : -EIO, "cannot write to %s: %s",
			 file->path, written < 0 ? strerror(errno) : "nothing was written");
}

static bool lose(struct console_file *file, int err)
{
	if (!file->lost)
		message_ratelimited("the console's output is lost from now on: %s",
				    file->reason.text);
	file->err = err;
	file->lost++;

	return true;
}

static void begin_marker(struct console_file *file)
{
	file->marker_lost = file->lost;
	file->marker_size =
		(size_t)snprintf(file->marker, sizeof(file->marker),
				 "\r\n[dormouse: %llu bytes of the console's output are missing "
				 "here: %s]\r\n",
				 (unsigned long long)file->lost, file->reason.text);
}

/* Write the marker of lost output into the file. Returns 0 or -errno. */
static int mark(struct console_file *file)
{
	while (file->lost) {
		ssize_t written;

		if (file->marker_sent == 0)
			begin_marker(file);
		written = put(file, file->marker + file->marker_sent,
			      file->marker_size - file->marker_sent);
		if (written < 0)
			return (int)written;
		file->marker_sent += (size_t)written;
		if (file->marker_sent < file->marker_size)
			continue;
		message_ratelimited(
			"the console's output is written again; %llu bytes were lost: %s",
			(unsigned long long)file->marker_lost, file->reason.text);
		file->lost -= file->marker_lost;
		file->marker_sent = 0;
	}

	return 0;
}

bool console_file_send(struct console_file *file, uint8_t byte)
{
	ssize_t err = 0;

	if (file->size >= file->limit)
		err = make_room_again(file);
	if (!err)
		err = mark(file);
	if (!err)
		err = put(file, &byte, 1);
	if (err >= 0)
		return true;

	return err == -EAGAIN ? false : lose(file, (int)err);
}

int console_file_close(struct console_file *file)
{
	if (file->lost && (file->size < file->limit || make_room(file) == 0))
		(void)mark(file);
	/* Some file systems report failed writes only now. */
	if (close(file->fd) < 0 && !file->lost) {
		file->lost = 1;
		file->err = -errno;
	}
	free(file->path);

	return file->lost ? file->err : 0;
}
