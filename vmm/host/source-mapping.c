/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "host/memory-source-part.h"

/* Linux 5.14. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int source_map(int fd, uint8_t *host, const struct memory_index *index, struct error *error)
{
	for (size_t i = 0; i < index->extent_count; i++) {
		const struct memory_extent *extent = &index->extents[i];
		uint8_t *at = host + extent->offset;

		if (mmap(at, extent->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
			 (off_t)memory_index_position(index, extent->first)) == MAP_FAILED)
			return error_set(error, -errno, "mmap: %s", strerror(errno));
		/* As board/memory.h promises. */
		if (madvise(at, extent->size, MADV_DONTDUMP) < 0)
			return error_set(error, -errno, "madvise: %s", strerror(errno));
	}

	return 0;
}

int source_populate(uint8_t *at)
{
	int err;

	do
		err = madvise(at, MEMORY_PIECE, MADV_POPULATE_WRITE);
	while (err < 0 && errno == EINTR);

	return err < 0 ? -errno : 0;
}
