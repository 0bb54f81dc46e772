/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "host/memory-source-part.h"

int source_map(int fd, uint8_t *host, const struct memory_index *index, struct error *error)
{
	for (size_t i = 0; i < index->extent_count; i++) {
		const struct memory_extent *extent = &index->extents[i];
		uint8_t *at = host + extent->offset;

		if (mmap(at, extent->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
			 (off_t)memory_index_position(index, extent, extent->first)) == MAP_FAILED)
			return error_set(error, -errno, "mmap: %s", strerror(errno));
		/* As board/memory.h promises. */
		if (madvise(at, extent->size, MADV_DONTDUMP) < 0)
			return error_set(error, -errno, "madvise: %s", strerror(errno));
	}

	return 0;
}

int source_detach(uint8_t *at, size_t size)
{
	const size_t room = size + SOURCE_DETACH_MAX;
	uint8_t *made = mmap(NULL, room, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *copy;
	int err = 0;

	if (made == MAP_FAILED)
		return -errno;
	/* A huge page moves as one if it is aligned at both places. */
	copy = made + ((uintptr_t)at - (uintptr_t)made) % SOURCE_DETACH_MAX;
	(void)madvise(made, room, MADV_HUGEPAGE);
	if (madvise(made, room, MADV_DONTDUMP) < 0)
		err = -errno;
	if (!err) {
		memcpy(copy, at, size);
		if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED)
			err = -errno;
	}
	munmap(made, room);

	return err;
}
