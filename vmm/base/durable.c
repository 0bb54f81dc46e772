/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/durable.h"

#include <errno.h>
#include <unistd.h>

bool durable_is_unsupported(int err)
{
	/*
	 * ENOTSUP is EOPNOTSUPP in Linux. NFS's ENOTSUPP (524) has no name in
	 * userspace.
	 */
	return err == -EINVAL || err == -EOPNOTSUPP || err == -ENOSYS || err == -ENOTTY ||
	       err == -524;
}

int durable_sync(int fd)
{
	int ret;

	do
		ret = fsync(fd);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : 0;
}

int durable_sync_data(int fd)
{
	int ret;

	do
		ret = fdatasync(fd);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : 0;
}

int durable_sync_directory(int fd)
{
	const int err = durable_sync(fd);

	return durable_is_unsupported(err) ? 0 : err;
}
