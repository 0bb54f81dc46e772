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

/* Map anonymous memory in place of the file, with the flags that memory_create() uses. */
static int replace(uint8_t *at, size_t size)
{
	if (mmap(at, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		return -errno;

	return madvise(at, size, MADV_DONTDUMP) < 0 ? -errno : 0;
}

/*
 * The bytes are copied twice, and not moved as pages: what is mapped at its place from the
 * beginning becomes one mapping with what is beside it, and a process may have only so many
 * mappings.
 */
int source_detach(uint8_t *at, size_t size, bool huge_pages, uint8_t *buffer)
{
	const bool is_whole = size == SOURCE_DETACH_MAX;
	int err;

	memcpy(buffer, at, size);
	err = replace(at, size);
	if (err)
		return err;
	/* A few pages shall not become a huge one, most of which nothing would use. */
	if (huge_pages)
		(void)madvise(at, size, is_whole ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memcpy(at, buffer, size);
	if (huge_pages && !is_whole)
		(void)madvise(at, size, MADV_HUGEPAGE);

	return 0;
}
