/* SPDX-License-Identifier: BSD-3-Clause */
#include "hibernation/source.h"

#include <errno.h>

#include "base/range.h"

static int read_file(const struct source *source, uint64_t offset, void *bytes, size_t size)
{
	const int err = range_read(source->fd, offset, bytes, size);

	/* It was truncated meanwhile. */
	return err == -ENODATA ? -EIO : err;
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
