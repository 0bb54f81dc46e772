/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/memory-pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/range.h"

/* Linux 6.7; Debian 12's headers are older. */
#ifndef PAGEMAP_SCAN
#define PAGE_IS_PRESENT (1ULL << 3)
#define PAGE_IS_SWAPPED (1ULL << 4)
#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
struct page_region {
	uint64_t start, end, categories;
};
struct pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#endif

#define PAGE_IS_USED (PAGE_IS_PRESENT | PAGE_IS_SWAPPED)

/* Of an entry of /proc/self/pagemap. */
#define ENTRY_SIZE sizeof(uint64_t)
#define ENTRY_IS_USED (3ULL << 62)
#define ENTRIES 512

void memory_pages_begin(struct memory_pages *pages, const uint8_t *host, uint64_t size)
{
	*pages = (struct memory_pages){
		.fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
		.can_scan = true,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.host = host,
		.size = size,
	};
}

/* Returns whether the host can. */
static bool scan(const struct memory_pages *pages, uint64_t from, uint64_t *begin, uint64_t *end)
{
	const uint64_t base = (uint64_t)(uintptr_t)pages->host;
	struct page_region region = { 0 };
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = base + from,
		.end = base + pages->size,
		.vec = (uint64_t)(uintptr_t)&region,
		.vec_len = 1,
		.category_anyof_mask = PAGE_IS_USED,
		.return_mask = PAGE_IS_USED,
	};
	int count;

	do
		count = ioctl(pages->fd, PAGEMAP_SCAN, &arg);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return false;
	*begin = count > 0 ? region.start - base : pages->size;
	*end = count > 0 ? region.end - base : pages->size;

	return true;
}

/* How many of @count entries from @first on are, or are not, those of used pages. */
static size_t run_of(const uint64_t *entries, size_t first, size_t count, bool used)
{
	size_t at = first;

	while (at < count && ((entries[at] & ENTRY_IS_USED) != 0) == used)
		at++;

	return at - first;
}

/* Likewise. A range ends where what is read at once does, at the latest. */
static bool read_entries(const struct memory_pages *pages, uint64_t from, uint64_t *begin,
			 uint64_t *end)
{
	const uint64_t first = (uint64_t)(uintptr_t)pages->host / pages->page_size;
	uint64_t page = from / pages->page_size;
	const uint64_t last = pages->size / pages->page_size;
	uint64_t entries[ENTRIES];

	while (page < last) {
		const size_t count = last - page < ENTRIES ? (size_t)(last - page) : ENTRIES;
		size_t unused;

		if (range_read(pages->fd, (first + page) * ENTRY_SIZE, entries,
			       count * ENTRY_SIZE) < 0)
			return false;
		unused = run_of(entries, 0, count, false);
		page += unused;
		if (unused == count)
			continue;
		*begin = page * pages->page_size;
		*end = *begin + run_of(entries, unused, count, true) * pages->page_size;

		return true;
	}
	*begin = *end = pages->size;

	return true;
}

void memory_pages_next(struct memory_pages *pages, uint64_t from, uint64_t *begin, uint64_t *end)
{
	*begin = from;
	*end = pages->size;
	if (pages->fd < 0 || from >= pages->size)
		return;
	pages->can_scan = pages->can_scan && scan(pages, from, begin, end);
	if (!pages->can_scan && !read_entries(pages, from, begin, end)) {
		*begin = from;
		*end = pages->size;
	}
}

void memory_pages_end(struct memory_pages *pages)
{
	if (pages->fd >= 0)
		close(pages->fd);
}

bool memory_pages_are_none(const uint8_t *host, uint64_t size)
{
	struct memory_pages pages;
	uint64_t begin = 0;
	uint64_t end;
	bool none;

	memory_pages_begin(&pages, host, size);
	none = pages.fd >= 0 && scan(&pages, 0, &begin, &end) && begin == size;
	memory_pages_end(&pages);

	return none;
}
