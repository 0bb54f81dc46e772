/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/flash-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/range.h"
#include "base/uniform.h"

#define ERASED 0xff
#define PIECE_SIZE 16384U

static int check(int fd, const char *path, uint64_t room, uint64_t *size, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "cannot examine the variables %s: %s", path,
				 strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "the variables %s are no regular file", path);
	if ((uint64_t)status.st_size > room)
		return error_set(error, -EFBIG,
				 "the variables %s are %llu bytes long, and no more than %llu MiB "
				 "have room",
				 path, (unsigned long long)status.st_size,
				 (unsigned long long)room >> 20);
	*size = (uint64_t)status.st_size;

	return 0;
}

static int open_to_write(const char *path, struct error *error)
{
	/* A FIFO that nothing reads is refused at once. */
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const int err = -errno;

	if (fd >= 0)
		return fd;
	if (err == -EACCES || err == -EROFS || err == -EPERM)
		return error_set(error, err,
				 "cannot open the variables %s for reading and writing: %s", path,
				 strerror(-err));

	return error_set(error, err, "cannot open the variables %s: %s", path, strerror(-err));
}

static int lock(int fd, const char *path, struct disk_aliases *aliases, struct error *error)
{
	struct error reason;
	const int err = disk_lock(fd, path, false, aliases, &reason);

	if (!err)
		return 0;
	if (err == -EBUSY)
		return error_set(error, err, "the variables %s are in use by another VM", path);

	return error_set(error, err, "cannot lock the variables %s: %s", path, strerror(-err));
}

int flash_file_open(struct flash_file *file, const char *path, uint64_t room, struct error *error)
{
	struct disk_aliases aliases;
	uint64_t size;
	char *copy;
	const int fd = open_to_write(path, error);
	int err;

	if (fd < 0)
		return fd;
	err = check(fd, path, room, &size, error);
	if (err)
		goto err_close;
	err = lock(fd, path, &aliases, error);
	if (err)
		goto err_close;
	/* Under the lock: its former holder may have changed the size. */
	err = check(fd, path, room, &size, error);
	copy = err ? NULL : strdup(path);
	if (!err && !copy)
		err = error_set(error, -ENOMEM, "out of memory");
	if (err)
		goto err_unlock;
	*file = (struct flash_file){ .fd = fd, .path = copy, .aliases = aliases, .size = size };

	return 0;

err_unlock:
	disk_close_aliases(&aliases);
err_close:
	close(fd);

	return err;
}

int flash_file_read(const struct flash_file *file, uint64_t offset, uint8_t *bytes, uint64_t size)
{
	const uint64_t left = file->size > offset ? file->size - offset : 0;
	const uint64_t there = left < size ? left : size;

	memset(bytes + there, ERASED, size - there);

	return there ? range_read(file->fd, offset, bytes, there) : 0;
}

bool flash_file_is_hole(const struct flash_file *file, uint64_t offset, uint64_t size)
{
	off_t data;

	if (offset + size > file->size)
		return false;
	data = lseek(file->fd, (off_t)offset, SEEK_DATA);

	return data < 0 ? errno == ENXIO : (uint64_t)data >= offset + size;
}

/* What was there may be lost: the owner has to know before more of it is. */
static int check_size(const struct flash_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return -errno;

	return (uint64_t)status.st_size < file->size ? -ESTALE : 0;
}

/* Write 0xff from the file's end to @offset. What of it was written remains. */
static int grow(struct flash_file *file, uint64_t offset)
{
	uint8_t erased[PIECE_SIZE];

	memset(erased, ERASED, sizeof(erased));
	while (file->size < offset) {
		const uint64_t left = offset - file->size;
		const uint64_t size = left < PIECE_SIZE ? left : PIECE_SIZE;
		const int err = range_write(file->fd, file->size, erased, size);

		if (err)
			return err;
		file->size += size;
	}

	return 0;
}

int flash_file_write(struct flash_file *file, uint64_t offset, const uint8_t *bytes, uint64_t size)
{
	int err = check_size(file);

	if (err)
		return err;
	/* What is behind the end is erased already, and the file stays short. */
	if (offset >= file->size && uniform(bytes, size, ERASED))
		return 0;
	err = grow(file, offset);
	if (!err)
		err = range_write(file->fd, offset, bytes, size);
	if (!err && file->size < offset + size)
		file->size = offset + size;
	/* Whatever was written: a sync that came in between has not seen all of it. */
	atomic_store(&file->dirty, true);

	return err;
}

int flash_file_sync(struct flash_file *file)
{
	int none = 0;
	int err = 0;

	/* What is written from here on makes it dirty again. */
	if (atomic_exchange(&file->dirty, false))
		err = durable_sync_data(file->fd);
	if (err)
		(void)atomic_compare_exchange_strong(&file->sync_error, &none, err);

	return atomic_load(&file->sync_error);
}

void flash_file_close(struct flash_file *file)
{
	disk_close_aliases(&file->aliases);
	close(file->fd);
	free(file->path);
}
