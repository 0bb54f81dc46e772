/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/standard-output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_file(int fd)
{
	return !isatty(fd) && lseek(fd, 0, SEEK_CUR) >= 0;
}

int standard_output_open(struct standard_output *output)
{
	const char *anew = "/proc/self/fd/1";
	int fd = -1;

	/* main() leaves a closed one unwritable. */
	if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		anew = "/dev/null";
	else if (is_file(STDOUT_FILENO))
		anew = NULL;
	if (anew)
		fd = open(anew, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	output->nonblocking = fd >= 0;
	if (fd < 0)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	output->fd = fd;

	return fd < 0 ? -errno : 0;
}

/* It blocks if more is written than it has room for. */
static ssize_t write_asked(int fd, const void *bytes, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	const ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	if (is_file(fd))
		return write(fd, bytes, size);
	if (poll(&ready, 1, 0) <= 0) {
		errno = EAGAIN;

		return -1;
	}

	/* It has room for at least one byte. */
	return write(fd, bytes, 1);
}

ssize_t standard_output_write(const struct standard_output *output, const void *bytes, size_t size)
{
	ssize_t written;

	do
		written = output->nonblocking ? write(output->fd, bytes, size)
					      : write_asked(output->fd, bytes, size);
	while (written < 0 && errno == EINTR);
	if (written > 0)
		return written;
	if (written == 0)
		return -EIO;

	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}
