/* SPDX-License-Identifier: BSD-3-Clause */
#include "board/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A guest that touches a byte of a huge page has all of it. To ask for them is worth
 * that if RAM is at least so many: any RAM where they have 2 MiB, but not 4 GiB where a
 * page has 64 KiB and a huge one 512 MiB.
 */
#define HUGE_PAGES_MIN 32

/* What an entry of the last table but one maps: a page full of entries of 8 bytes. */
static uint64_t huge_page_size(uint64_t page_size)
{
	return page_size / 8 * page_size;
}

static uint8_t *map(uint64_t size, int protection)
{
	/* Guests touch what they use; only that need ever be there. */
	void *host =
		mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return host == MAP_FAILED ? NULL : host;
}

/* Returns NULL, and errno says why. Linux aligns by itself since 6.7, but not every size. */
static uint8_t *map_aligned(uint64_t size, uint64_t alignment)
{
	uint8_t *host = map(size, PROT_READ | PROT_WRITE);
	uint64_t before;

	if (!host || (uintptr_t)host % alignment == 0)
		return host;
	munmap(host, size);
	/* What cannot be used is no memory that the host has to promise. */
	host = map(size + alignment, PROT_NONE);
	if (!host)
		return NULL;
	before = alignment - (uintptr_t)host % alignment;
	munmap(host, before);
	host += before;
	if (before < alignment)
		munmap(host + size, alignment - before);
	if (mprotect(host, size, PROT_READ | PROT_WRITE) < 0) {
		const int err = errno;

		munmap(host, size);
		errno = err;

		return NULL;
	}

	return host;
}

int memory_create(struct memory *memory, uint64_t size)
{
	const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t huge = huge_page_size(page_size);
	uint8_t *host;

	if (size == 0 || size > SIZE_MAX || size % page_size != 0)
		return -EINVAL;

	/* KVM maps a huge page only where it begins in both address spaces. */
	_Static_assert(MEMORY_BASE % (512ULL << 20) == 0, "aligned to the largest huge page");
	host = map_aligned(size, size < huge ? page_size : huge);
	if (!host)
		return -errno;

	/* The host may have none, or its owner may have turned them off. */
	if (size / HUGE_PAGES_MIN >= huge)
		(void)madvise(host, size, MADV_HUGEPAGE);
	if (madvise(host, size, MADV_DONTDUMP) < 0) {
		const int err = -errno;

		munmap(host, size);

		return err;
	}

	memory->host = host;
	memory->size = size;

	return 0;
}

void memory_destroy(struct memory *memory)
{
	munmap(memory->host, memory->size);
	*memory = (struct memory){ 0 };
}

int memory_drop(struct memory *memory)
{
	return madvise(memory->host, memory->size, MADV_DONTNEED) < 0 ? -errno : 0;
}

void *memory_at(const struct memory *memory, uint64_t address, uint64_t size)
{
	uint64_t offset = address - MEMORY_BASE;

	if (address < MEMORY_BASE || offset >= memory->size || size == 0 ||
	    size > memory->size - offset)
		return NULL;

	return memory->host + offset;
}
