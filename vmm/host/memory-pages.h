/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which parts of a mapping of this process the host has pages for, in memory or
 * in swap space. What it has none for has never been written, and is zero. The
 * host says so without reading any of it: by PAGEMAP_SCAN since Linux 6.7, which
 * skips what has no page tables, and else by /proc/self/pagemap, which has a
 * number for each page. Without /proc, all counts as used.
 */
#ifndef VMM_MEMORY_PAGES_H
#define VMM_MEMORY_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/** Private. */
struct memory_pages {
	int fd;
	bool can_scan;
	uint64_t page_size;
	const uint8_t *host;
	uint64_t size;
};

/**
 * Begin to look at @size bytes of anonymous memory at @host, of which no page
 * may appear meanwhile.
 */
void memory_pages_begin(struct memory_pages *pages, const uint8_t *host, uint64_t size);

/**
 * Find the next range that has pages, at or behind the offset @from, as offsets
 * @begin and @end; both are the size if there is none. A range may go on where
 * it ends. @begin may be where @from is.
 */
void memory_pages_next(struct memory_pages *pages, uint64_t from, uint64_t *begin, uint64_t *end);

void memory_pages_end(struct memory_pages *pages);

/**
 * Whether the host says that it has no page for @size bytes of anonymous memory at
 * @host. If it can only say so of each page, it is not asked.
 */
bool memory_pages_are_none(const uint8_t *host, uint64_t size);

#endif
