/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/range.h"

#include <errno.h>
#include <fcntl.h>
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

int range_write_zeros(int fd, uint64_t offset, uint64_t size)
{
	static const uint8_t zeros[64 * 1024];

	while (size > 0) {
		const size_t piece = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		const int err = range_write(fd, offset, zeros, piece);

		if (err)
			return err;
		offset += piece;
		size -= piece;
	}

	return 0;
}

int range_clear(int fd, uint64_t offset, uint64_t size)
{
	int ret;

	do
		ret = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
				(off_t)size);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? range_write_zeros(fd, offset, size) : 0;
}

int range_set_end(int fd, uint64_t size)
{
	int ret;

	do
		ret = ftruncate(fd, (off_t)size);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : 0;
}
