/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk-identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/random.h"

#define ATTRIBUTE "user.dormouse"
#define NO_GENERATION "none"
/* In hexadecimal. */
#define GENERATION_LENGTH 32

/*
 * File systems without such attributes say EOPNOTSUPP, servers and sandboxes
 * also EPERM or ENOSYS; what another program wrote there is no
 * generation.
 */
static void read_generation(int fd, char text[GENERATION_LENGTH + 1])
{
	const ssize_t length = fgetxattr(fd, ATTRIBUTE, text, GENERATION_LENGTH);

	text[GENERATION_LENGTH] = '\0';
	if (length != GENERATION_LENGTH ||
	    strspn(text, "0123456789abcdef") != (size_t)GENERATION_LENGTH)
		memcpy(text, NO_GENERATION, sizeof(NO_GENERATION));
}

int disk_identity(const struct disk *disk, char text[DISK_IDENTITY_SIZE], struct error *error)
{
	char generation[GENERATION_LENGTH + 1];
	struct stat status;

	if (fstat(disk->fd, &status) < 0)
		return error_set(error, -errno, "cannot examine disk %s: %s", disk->path,
				 strerror(errno));
	if (!S_ISREG(status.st_mode)) {
		snprintf(text, DISK_IDENTITY_SIZE, "device size:%" PRIu64, disk->size);

		return 0;
	}
	read_generation(disk->fd, generation);
	snprintf(text, DISK_IDENTITY_SIZE,
		 "inode:%" PRIuMAX " size:%" PRIu64 " written:%" PRIdMAX ".%09ld generation:%s",
		 (uintmax_t)status.st_ino, disk->size, (intmax_t)status.st_mtim.tv_sec,
		 status.st_mtim.tv_nsec, generation);

	return 0;
}

/*
 * Returns 0, also where there can be no generation, or the -errno of a disk
 * that fails.
 */
static int write_generation(int fd)
{
	uint8_t bits[GENERATION_LENGTH / 2];
	char text[GENERATION_LENGTH + 1];

	if (random_fill(bits, sizeof(bits)) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(text + 2 * i, 3, "%02x", bits[i]);

	return fsetxattr(fd, ATTRIBUTE, text, GENERATION_LENGTH, 0) < 0 && errno == EIO ? -EIO : 0;
}

int disk_renew(struct disk *disk, struct error *error)
{
	struct stat status;
	int err;

	if (disk->read_only || fstat(disk->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	err = write_generation(disk->fd);
	/*
	 * Also without a generation: a flush by fdatasync() does not make
	 * durable when the image was last written.
	 */
	if (!err)
		err = durable_sync(disk->fd);
	(void)disk_fail(disk, err);

	return err ? error_set(error, err, "disk %s: what was written is not durable: %s",
			       disk->path, strerror(-err))
		   : 0;
}
