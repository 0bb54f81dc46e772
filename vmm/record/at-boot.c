/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/at-boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"

#define AT_BOOT_FILE "resume-at-boot"

bool at_boot_is_set(int dir_fd)
{
	struct stat status;

	return fstatat(dir_fd, AT_BOOT_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

int at_boot_clear(int dir_fd, const char *name, struct error *error)
{
	int err = unlinkat(dir_fd, AT_BOOT_FILE, 0) < 0 ? -errno : 0;

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = durable_sync_directory(dir_fd);

	return err ? error_set(error, err,
			       "%s: cannot remove the mark " AT_BOOT_FILE ", by which it starts at "
			       "the next boot of the host: %s",
			       name, strerror(-err))
		   : 0;
}
