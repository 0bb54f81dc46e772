/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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

/*
 * The kernel's name for a block device in /dev. Returns false if there is none.
 */
static bool find_node(dev_t device, char path[PATH_MAX])
{
	char line[PATH_MAX];
	bool found = false;
	FILE *file;

	snprintf(line, sizeof(line), "/sys/dev/block/%u:%u/uevent", major(device), minor(device));
	file = fopen(line, "re");
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
	node_fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (node_fd >= 0 && fstat(node_fd, &node) == 0 && node.st_rdev == ours.st_rdev)
		return node_fd;
	if (node_fd >= 0)
		close(node_fd);

	return -1;
}

int disk_lock(int fd, const char *path, bool read_only, int *node_fd, struct error *error)
{
	int err = lock_one(fd, read_only);

	*node_fd = err ? -1 : open_node(fd, read_only);
	if (*node_fd >= 0) {
		err = lock_one(*node_fd, read_only);
		if (err)
			close(*node_fd);
	}
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
