/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/copy-file.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/interrupt.h"
#include "base/range.h"

/* Of our own copying. */
#define BUFFER_SIZE ((size_t)1 << 20)

struct copy {
	int from, to;
	uint64_t size;
	const struct copy_file_watch *watch;
	bool by_hand; /* The kernel cannot copy between these two. */
	uint8_t *buffer;
};

int copy_file_share(int from, int to)
{
	int ret;

	do
		ret = ioctl(to, FICLONE, from);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : 0;
}

/*
 * Returns how many bytes the kernel copied, 0 if it copies none between these
 * two, or -errno.
 */
static ssize_t copy_by_kernel(const struct copy *copy, uint64_t offset, size_t size)
{
	off_t in = (off_t)offset;
	off_t out = (off_t)offset;
	ssize_t count;

	do
		count = copy_file_range(copy->from, &in, copy->to, &out, size, 0);
	while (count < 0 && errno == EINTR);
	if (count >= 0)
		return count;

	/* EXDEV: before Linux 5.19, and between some file systems. */
	return durable_is_unsupported(-errno) || errno == EXDEV || errno == EPERM ? 0 : -errno;
}

/* Returns how many bytes, -ENODATA at the end of the file, or -errno. */
static ssize_t read_some(const struct copy *copy, uint64_t offset, size_t size)
{
	ssize_t count;

	do
		count = pread(copy->from, copy->buffer, size, (off_t)offset);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;

	return count > 0 ? count : -ENODATA;
}

/* Returns how many bytes, or -errno. */
static ssize_t copy_by_hand(struct copy *copy, uint64_t offset, size_t size)
{
	ssize_t count;
	int err;

	if (!copy->buffer)
		copy->buffer = malloc(BUFFER_SIZE);
	if (!copy->buffer)
		return -ENOMEM;
	count = read_some(copy, offset, size < BUFFER_SIZE ? size : BUFFER_SIZE);
	if (count < 0)
		return count;
	err = range_write(copy->to, offset, copy->buffer, (size_t)count);

	return err ? err : count;
}

static ssize_t copy_some(struct copy *copy, uint64_t offset, size_t size)
{
	ssize_t count;

	if (copy->by_hand)
		return copy_by_hand(copy, offset, size);
	count = copy_by_kernel(copy, offset, size);
	/* It is the end of the file, or the kernel cannot: reading will tell. */
	copy->by_hand = count == 0;

	return copy->by_hand ? copy_by_hand(copy, offset, size) : count;
}

static int copy_range(struct copy *copy, uint64_t offset, uint64_t end)
{
	const struct copy_file_watch *watch = copy->watch;

	while (offset < end) {
		const uint64_t left = end - offset;
		ssize_t count;

		if (interrupt_wanted())
			return -ECANCELED;
		count = copy_some(copy, offset, left < INTERRUPT_PIECE ? left : INTERRUPT_PIECE);
		if (count < 0)
			return (int)count;
		offset += (uint64_t)count;
		if (watch && watch->progress)
			watch->progress(watch->context, offset);
	}

	return 0;
}

/*
 * The next data at or behind @offset; the size if there is none. All is data
 * where the file system does not say.
 */
static int find_data(const struct copy *copy, uint64_t offset, uint64_t *begin, uint64_t *end)
{
	off_t found = lseek(copy->from, (off_t)offset, SEEK_DATA);

	*begin = *end = copy->size;
	if (found < 0 && errno == ENXIO)
		return 0;
	if (found < 0 && !durable_is_unsupported(-errno))
		return -errno;
	*begin = found < 0 ? offset : (uint64_t)found;
	if (found < 0)
		return 0;
	if (*begin > copy->size)
		*begin = copy->size;
	found = lseek(copy->from, found, SEEK_HOLE);
	if (found < 0)
		return -errno;
	if ((uint64_t)found < copy->size)
		*end = (uint64_t)found;

	return 0;
}

static int copy_data(struct copy *copy)
{
	uint64_t offset = 0;
	int err = range_set_end(copy->to, copy->size);

	if (err)
		return err;
	while (offset < copy->size) {
		uint64_t begin;

		err = find_data(copy, offset, &begin, &offset);
		if (!err)
			err = copy_range(copy, begin, offset);
		if (err)
			return err;
	}

	return 0;
}

int copy_file(int from, int to, uint64_t size, const struct copy_file_watch *watch)
{
	struct copy copy = { .from = from, .to = to, .size = size, .watch = watch };
	int err;

	/* Whatever prevents it: copying finds out whether it matters. */
	if (copy_file_share(copy.from, copy.to) == 0)
		return 0;
	err = copy_data(&copy);
	free(copy.buffer);

	return err;
}
