/* SPDX-License-Identifier: BSD-3-Clause */
#include "hibernation/source.h"

#include <errno.h>
#include <unistd.h>

static int read_file(const struct source *source, uint64_t offset, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size > 0) {
		const ssize_t count = pread(source->fd, to, size, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		/* It was truncated meanwhile. */
		if (count == 0)
			return -EIO;
		to += count;
		offset += (uint64_t)count;
		size -= (size_t)count;
	}

	return 0;
}

struct source source_of_file(int fd, uint64_t size)
{
	return (struct source){ .read = read_file, .size = size, .fd = fd };
}

int source_read(const struct source *source, uint64_t offset, void *bytes, size_t size)
{
	if (offset > source->size || size > source->size - offset)
		return -ENODATA;

	return source->read(source, offset, bytes, size);
}

uint16_t source_le16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t source_le32(const uint8_t *bytes)
{
	return source_le16(bytes) | (uint32_t)source_le16(bytes + 2) << 16;
}

uint64_t source_le64(const uint8_t *bytes)
{
	return source_le32(bytes) | (uint64_t)source_le32(bytes + 4) << 32;
}
