/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/erased.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int erased_create(void)
{
	const int fd = memfd_create("erased-flash", MFD_CLOEXEC);
	void *bytes;
	int err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)ERASED_SIZE) < 0)
		goto err_close;
	bytes = mmap(NULL, ERASED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		goto err_close;
	memset(bytes, 0xff, ERASED_SIZE);
	munmap(bytes, ERASED_SIZE);

	return fd;

err_close:
	err = -errno;
	close(fd);

	return err;
}

int erased_map(int fd, uint8_t *host, uint64_t size)
{
	while (size > 0) {
		/*
		 * Where less than the whole piece is wanted, its end is mapped.
		 */
		const uint64_t part = size % ERASED_SIZE ? size % ERASED_SIZE : ERASED_SIZE;

		if (mmap(host, part, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			return -errno;
		host += part;
		size -= part;
	}

	return 0;
}
