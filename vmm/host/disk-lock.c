/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/durable.h"

/*
 * QEMU has a byte for each permission: a shared lock on 100 and up for
 * permissions that a process uses, on 200 and up for those that it denies to
 * others. A process takes its own locks, then looks for conflicting ones of
 * others; so either of two sees the other.
 */
#define QEMU_DOES 100
#define QEMU_FORBIDS 200
#define QEMU_READ 0
#define QEMU_WRITE 1
#define QEMU_RESIZE 3

static int take(int fd, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length,
	};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;

	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* Whether another process has a lock on a byte, shared or not. */
static int look_for(int fd, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;

	return lock.l_type == F_UNLCK ? 0 : -EBUSY;
}

static int lock_for_reading(int fd)
{
	/*
	 * From 0 on, so that a writer of dormouse detects it whatever the
	 * file's size.
	 */
	int err = take(fd, F_RDLCK, 0, QEMU_DOES + QEMU_READ + 1);

	if (!err)
		err = take(fd, F_RDLCK, QEMU_FORBIDS + QEMU_WRITE, 1);
	if (!err)
		err = take(fd, F_RDLCK, QEMU_FORBIDS + QEMU_RESIZE, 1);
	if (!err)
		err = look_for(fd, QEMU_DOES + QEMU_WRITE);
	if (!err)
		err = look_for(fd, QEMU_DOES + QEMU_RESIZE);

	return err;
}

static int lock_one(int fd, bool read_only)
{
	return read_only ? lock_for_reading(fd) : take(fd, F_WRLCK, 0, 0);
}

/* What sysfs says of a block device, or NULL. */
static FILE *open_attribute(dev_t device, const char *attribute)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device),
		 attribute);

	return fopen(path, "re");
}

/*
 * The kernel's name for a block device in /dev. Returns false if there is none.
 */
static bool find_node(dev_t device, char path[PATH_MAX])
{
	char line[PATH_MAX];
	bool found = false;
	FILE *file = open_attribute(device, "uevent");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, "DEVNAME=", 8) == 0 &&
			snprintf(path, PATH_MAX, "/dev/%s", line + 8) < PATH_MAX;
	}
	(void)fclose(file);

	return found;
}

/* Opened like an image, and examined; or -1. */
static int open_alias(const char *path, bool read_only, struct stat *status)
{
	const int fd =
		open(path, (read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, status) < 0) {
		close(fd);
		return -1;
	}

	return fd;
}

/* The device's own node, opened, if @fd is another inode; else -1. */
static int open_node(int fd, bool read_only)
{
	char path[PATH_MAX];
	struct stat ours;
	struct stat node;
	int node_fd;

	if (fstat(fd, &ours) < 0 || !S_ISBLK(ours.st_mode) || !find_node(ours.st_rdev, path) ||
	    stat(path, &node) < 0 || !S_ISBLK(node.st_mode) || node.st_rdev != ours.st_rdev ||
	    (node.st_dev == ours.st_dev && node.st_ino == ours.st_ino))
		return -1;
	node_fd = open_alias(path, read_only, &node);
	if (node_fd >= 0 && node.st_rdev != ours.st_rdev) {
		close(node_fd);
		return -1;
	}

	return node_fd;
}

/*
 * What the kernel says of a loop device, or of a partition of one. Returns
 * false if @device is none.
 */
static bool find_backing(dev_t device, char path[PATH_MAX])
{
	FILE *file = open_attribute(device, "loop/backing_file");
	bool found;

	if (!file)
		file = open_attribute(device, "../loop/backing_file");
	if (!file)
		return false;
	found = fgets(path, PATH_MAX, file) != NULL;
	path[strcspn(path, "\n")] = '\0';
	(void)fclose(file);

	return found;
}

/* The file of a loop device, opened; or -1 if there is none, or not here. */
static int open_backing(int fd, bool read_only)
{
	char path[PATH_MAX];
	struct loop_info64 loop;
	struct stat device;
	struct stat file;
	int backing_fd;

	if (fstat(fd, &device) < 0 || !S_ISBLK(device.st_mode) ||
	    !find_backing(device.st_rdev, path) || ioctl(fd, LOOP_GET_STATUS64, &loop) < 0)
		return -1;
	backing_fd = open_alias(path, read_only, &file);
	/* The path may lead elsewhere by now, or here. */
	if (backing_fd >= 0 && (file.st_dev != loop.lo_device || file.st_ino != loop.lo_inode)) {
		close(backing_fd);
		return -1;
	}

	return backing_fd;
}

void disk_close_aliases(const struct disk_aliases *aliases)
{
	if (aliases->node_fd >= 0)
		close(aliases->node_fd);
	if (aliases->backing_fd >= 0)
		close(aliases->backing_fd);
}

static int lock_all(int fd, bool read_only, struct disk_aliases *aliases)
{
	int err = lock_one(fd, read_only);

	*aliases = (struct disk_aliases){ .node_fd = -1, .backing_fd = -1 };
	if (err)
		return err;
	aliases->node_fd = open_node(fd, read_only);
	aliases->backing_fd = open_backing(fd, read_only);
	if (aliases->node_fd >= 0)
		err = lock_one(aliases->node_fd, read_only);
	if (!err && aliases->backing_fd >= 0)
		err = lock_one(aliases->backing_fd, read_only);
	if (err)
		disk_close_aliases(aliases);

	return err;
}

int disk_lock(int fd, const char *path, bool read_only, struct disk_aliases *aliases,
	      struct error *error)
{
	const int err = lock_all(fd, read_only, aliases);

	if (!err)
		return 0;
	if (err == -EBUSY)
		return error_set(error, err, "disk %s is in use by another VM, or given twice",
				 path);
	/* A lock is the promise that two machines do not write here. */
	if (err == -ENOLCK || durable_is_unsupported(err))
		return error_set(error, err,
				 "cannot lock disk %s: its file system has no locks: %s", path,
				 strerror(-err));

	return error_set(error, err, "cannot lock disk %s: %s", path, strerror(-err));
}
