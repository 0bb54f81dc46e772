/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/range.h"

#include <errno.h>
#include <unistd.h>

int range_read(int fd, uint64_t offset, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size > 0) {
		const ssize_t count = pread(fd, to, size, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -ENODATA;
		to += count;
		offset += (uint64_t)count;
		size -= (size_t)count;
	}

	return 0;
}

int range_write(int fd, uint64_t offset, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		const ssize_t count = pwrite(fd, from, size, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -EIO;
		from += count;
		offset += (uint64_t)count;
		size -= (size_t)count;
	}

	return 0;
}
