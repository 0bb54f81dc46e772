/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/range.h"
#include "host/disk-lock.h"

#define BLOCK_SIZE_MAX (1 << 20)

/* Refuse, by its name, anything but a regular file or a block device. */
static int check_type(const char *path, mode_t mode, struct error *error)
{
	const char *what;

	if (S_ISREG(mode) || S_ISBLK(mode))
		return 0;

	if (S_ISDIR(mode))
		what = "a directory";
	else if (S_ISFIFO(mode))
		what = "a FIFO";
	else if (S_ISCHR(mode))
		what = "a character device";
	else
		what = "a socket";

	return error_set(error, -EINVAL, "disk %s is %s, not an image", path, what);
}

/*
 * Attempted, instead of access(), which checks for another user; and servers
 * may decide otherwise.
 */
static bool is_readable(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		close(fd);

	return fd >= 0;
}

static int open_image(const char *path, bool read_only, struct error *error)
{
	struct stat status;
	int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd;
	int err;

	/* Examined first, since opening a device may already start it. */
	if (stat(path, &status) < 0) {
		err = -errno;
		return error_set(error, err, "cannot open disk %s: %s", path, strerror(-err));
	}
	err = check_type(path, status.st_mode, error);
	if (err)
		return err;

	flags |= read_only ? O_RDONLY : O_RDWR;
	/*
	 * On a block device: refuses one that is mounted or part of another
	 * device.
	 */
	if (S_ISBLK(status.st_mode) && !read_only)
		flags |= O_EXCL;

	fd = open(path, flags);
	if (fd >= 0)
		return fd;

	err = -errno;
	if (err == -EBUSY)
		return error_set(error, err, "disk %s is in use by the system or another VM", path);
	if (!read_only && (err == -EACCES || err == -EROFS || err == -EPERM) && is_readable(path))
		return error_set(error, err, "disk %s is read-only; give it as %s,ro", path, path);

	return error_set(error, err, "cannot open disk %s: %s", path, strerror(-err));
}

/* Some file systems name sizes that make no sense for a disk. */
static uint32_t check_block_size(blksize_t size)
{
	return size >= DISK_SECTOR_SIZE && size <= BLOCK_SIZE_MAX && size % DISK_SECTOR_SIZE == 0
		       ? (uint32_t)size
		       : DISK_SECTOR_SIZE;
}

static int find_size(int fd, const char *path, struct disk *disk, struct error *error)
{
	struct stat status;
	uint64_t found;
	int err;

	if (fstat(fd, &status) < 0)
		goto err_size;

	/* Again: the name may now refer to another file. */
	err = check_type(path, status.st_mode, error);
	if (err)
		return err;

	found = (uint64_t)status.st_size;
	if (S_ISBLK(status.st_mode) && ioctl(fd, BLKGETSIZE64, &found) < 0)
		goto err_size;

	if (found == 0)
		return error_set(error, -EINVAL, "disk %s is empty", path);
	if (found % DISK_SECTOR_SIZE != 0)
		return error_set(error, -EINVAL,
				 "disk %s is %llu bytes long, which is not a multiple of %d", path,
				 (unsigned long long)found, DISK_SECTOR_SIZE);
	disk->size = found;
	disk->block_size = check_block_size(status.st_blksize);

	return 0;

err_size:
	err = -errno;
	return error_set(error, err, "cannot determine the size of disk %s: %s", path,
			 strerror(-err));
}

/* The formats that keep a disk in a file, by their first bytes. */
static const char *find_format(int fd)
{
	static const struct {
		const char *bytes;
		const char *name;
	} formats[] = {
		{ "QFI\373", "QCOW" },
		{ "KDMV", "VMDK" },
		{ "vhdxfile", "VHDX" },
	};
	char start[8] = "";

	/*
	 * If a sector cannot be read, the guest gets an error when it reads it.
	 */
	if (pread(fd, start, sizeof(start), 0) != sizeof(start))
		return NULL;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (memcmp(start, formats[i].bytes, strlen(formats[i].bytes)) == 0)
			return formats[i].name;
	}

	return NULL;
}

int disk_open(struct disk *disk, const char *path, bool read_only, struct error *error)
{
	const char *slash = strrchr(path, '/');
	struct disk found = { .path = path, .read_only = read_only };
	int fd;
	int err;

	fd = open_image(path, read_only, error);
	if (fd < 0)
		return fd;

	err = disk_lock(fd, path, read_only, &found.aliases, error);
	if (err)
		goto err_close;
	/* Under the lock: its former holder may have changed the size. */
	err = find_size(fd, path, &found, error);
	if (err)
		goto err_close_aliases;

	found.fd = fd;
	found.format = find_format(fd);
	snprintf(found.name, sizeof(found.name), "%s", slash ? slash + 1 : path);
	*disk = found;
	pthread_mutex_init(&disk->sync_lock, NULL);

	return 0;

err_close_aliases:
	disk_close_aliases(&found.aliases);
err_close:
	close(fd);
	return err;
}

/* The host's file system or device does not support it, or not here. */
static bool is_unsupported(int err)
{
	return durable_is_unsupported(err) || err == -ENODEV || err == -EPERM;
}

static int change_storage(const struct disk *disk, int mode, uint64_t offset, uint64_t size)
{
	int ret;

	/*
	 * This never extends a file, and a block device accepts the same modes.
	 */
	do
		ret = fallocate(disk->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : 0;
}

int disk_discard(const struct disk *disk, uint64_t offset, uint64_t size)
{
	const int err = change_storage(disk, FALLOC_FL_PUNCH_HOLE, offset, size);

	return is_unsupported(err) ? 0 : err;
}

int disk_write_zeroes(const struct disk *disk, uint64_t offset, uint64_t size, bool unmap)
{
	int err = -EOPNOTSUPP;

	if (unmap)
		err = change_storage(disk, FALLOC_FL_PUNCH_HOLE, offset, size);
	if (is_unsupported(err))
		err = change_storage(disk, FALLOC_FL_ZERO_RANGE, offset, size);

	return is_unsupported(err) ? range_write_zeros(disk->fd, offset, size) : err;
}

int disk_sync(struct disk *disk)
{
	int err;

	/*
	 * One at a time: the host reports an error to only one of two
	 * concurrent calls.
	 */
	pthread_mutex_lock(&disk->sync_lock);
	/*
	 * Also after a loss: otherwise the next program that opens the image
	 * would get the error of an unreported failure, as if it were its own.
	 */
	err = durable_sync_data(disk->fd);
	if (!disk->sync_error)
		disk->sync_error = err;
	err = disk->sync_error;
	pthread_mutex_unlock(&disk->sync_lock);

	return err;
}

int disk_fail(struct disk *disk, int err)
{
	pthread_mutex_lock(&disk->sync_lock);
	if (!disk->sync_error)
		disk->sync_error = err;
	pthread_mutex_unlock(&disk->sync_lock);

	return err;
}

void disk_close(struct disk *disk)
{
	pthread_mutex_destroy(&disk->sync_lock);
	disk_close_aliases(&disk->aliases);
	close(disk->fd);
	disk->fd = -1;
}
