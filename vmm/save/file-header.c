/* SPDX-License-Identifier: BSD-3-Clause */
#include "save/file-header.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/range.h"
#include "base/stream.h"

/* The magic and the format; since format 3 also the stream's position, and a checksum. */
#define MAGIC_SIZE 15
#define POSITION_AT FILE_HEADER_SIZE
#define SUM_AT (POSITION_AT + 8)
#define SIZE (SUM_AT + 4)

static void put(uint8_t *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;

	return value;
}

static int seek(int fd, uint64_t position)
{
	return lseek(fd, (off_t)position, SEEK_SET) < 0 ? -errno : 0;
}

int file_header_write(int fd, const struct file_header *header)
{
	uint8_t bytes[SIZE] = FILE_HEADER_MAGIC;
	size_t size = FILE_HEADER_SIZE;
	int err;

	bytes[MAGIC_SIZE] = (uint8_t)header->format;
	if (header->format >= FILE_FORMAT_MAPPED) {
		size = SIZE;
		put(bytes + POSITION_AT, header->stream, 8);
		put(bytes + SUM_AT, crc32c(0, bytes, SUM_AT), 4);
	}
	err = range_write(fd, 0, bytes, size);

	return err ? err : seek(fd, header->stream);
}

static int is_no_file(const char *path, struct error *error)
{
	return error_set(error, -EBADMSG, "%s is no file that dormouse saved a VM in", path);
}

/* At most @size bytes. Returns how many, or -errno. */
static ssize_t read_some(int fd, uint8_t *bytes, size_t size)
{
	ssize_t count;

	do
		count = read(fd, bytes, size);
	while (count < 0 && errno == EINTR);

	return count < 0 ? -errno : count;
}

/* The rest, of a file that can be mapped. Returns 0, -ENODATA, -EBADMSG or another -errno. */
static int read_position(int fd, uint8_t bytes[SIZE], struct file_header *header)
{
	const off_t end = lseek(fd, 0, SEEK_END);
	const int err = range_read(fd, POSITION_AT, bytes + POSITION_AT, SIZE - POSITION_AT);

	if (err || end < 0)
		return err ? err : -errno;
	if (crc32c(0, bytes, SUM_AT) != get(bytes + SUM_AT, 4))
		return -EBADMSG;
	header->stream = get(bytes + POSITION_AT, 8);
	if (header->stream < FILE_HEADER_MEMORY || header->stream > INT64_MAX)
		return -EBADMSG;
	if (header->stream > (uint64_t)end)
		return -ENODATA;

	return seek(fd, header->stream);
}

int file_header_read(int fd, const char *path, struct file_header *header, struct error *error)
{
	uint8_t bytes[SIZE] = { 0 };
	const ssize_t count = read_some(fd, bytes, FILE_HEADER_SIZE);
	int err;

	if (count < 0)
		return error_set(error, (int)count, "cannot read %s: %s", path,
				 strerror((int)-count));
	if (count != FILE_HEADER_SIZE || memcmp(bytes, FILE_HEADER_MAGIC, MAGIC_SIZE) != 0)
		return is_no_file(path, error);
	*header = (struct file_header){ .format = bytes[MAGIC_SIZE], .stream = FILE_HEADER_SIZE };
	if (header->format < FILE_FORMAT_OLDEST || header->format > STREAM_FORMAT_NEWEST)
		return error_set(error, -EBADMSG,
				 "%s has format %u, which this dormouse (formats %d to %d) does "
				 "not know",
				 path, header->format, FILE_FORMAT_OLDEST, STREAM_FORMAT_NEWEST);
	if (header->format < FILE_FORMAT_MAPPED)
		return 0;
	err = read_position(fd, bytes, header);
	if (err == -ENODATA)
		return error_set(error, err, "%s is damaged: it ends too early", path);
	if (err == -EBADMSG)
		return error_set(error, err, "%s is damaged", path);

	return err ? error_set(error, err, "cannot read %s: %s", path, strerror(-err)) : 0;
}
