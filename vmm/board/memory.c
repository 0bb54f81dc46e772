/* SPDX-License-Identifier: BSD-3-Clause */
#include "board/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A guest that accesses a byte of a huge page allocates all of it. Requesting
 * huge pages is useful if RAM has at least this many: any RAM where they have 2
 * MiB, but not 4 GiB where a page has 64 KiB and a huge page 512 MiB.
 */
#define HUGE_PAGES_MIN 32

/*
 * The range of an entry of the last table but one: a page full of entries of 8
 * bytes.
 */
static uint64_t huge_page_size(uint64_t page_size)
{
	return page_size / 8 * page_size;
}

static uint8_t *map(uint64_t size, int protection)
{
	/* Guests access what they use; only that is allocated. */
	void *host =
		mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return host == MAP_FAILED ? NULL : host;
}

/*
 * Returns NULL with errno set. Linux aligns by itself since 6.7, but not every
 * size.
 */
static uint8_t *map_aligned(uint64_t size, uint64_t alignment)
{
	uint8_t *host = map(size, PROT_READ | PROT_WRITE);
	uint64_t before;

	if (!host || (uintptr_t)host % alignment == 0)
		return host;
	munmap(host, size);
	/* Inaccessible memory need not be reserved by the host. */
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

/* Of the huge pages that RAM of this size is to have; 0: none. */
static uint64_t wanted_huge_page(uint64_t size)
{
	const uint64_t huge = huge_page_size((uint64_t)sysconf(_SC_PAGESIZE));

	return size / HUGE_PAGES_MIN >= huge ? huge : 0;
}

/* What a new mapping is advised of. Returns 0 or -errno. */
static int advise(uint8_t *host, uint64_t size)
{
	/* The host may have none, or they may be disabled. */
	if (wanted_huge_page(size))
		(void)madvise(host, size, MADV_HUGEPAGE);

	return madvise(host, size, MADV_DONTDUMP) < 0 ? -errno : 0;
}

int memory_create(struct memory *memory, uint64_t size)
{
	const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t huge = huge_page_size(page_size);
	uint8_t *host;
	int err;

	if (size == 0 || size > SIZE_MAX || size % page_size != 0)
		return -EINVAL;

	/* KVM maps a huge page only where one begins in both address spaces. */
	_Static_assert(MEMORY_BASE % (512ULL << 20) == 0, "aligned to the largest huge page");
	host = map_aligned(size, size < huge ? page_size : huge);
	if (!host)
		return -errno;

	err = advise(host, size);
	if (err) {
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

int memory_renew(struct memory *memory)
{
	if (mmap(memory->host, memory->size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;

	return advise(memory->host, memory->size);
}

/* "always [madvise] never", for example. */
static bool host_has_huge_pages(void)
{
	const int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY | O_CLOEXEC);
	char words[64] = "";
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, words, sizeof(words) - 1);
	close(fd);

	return length > 0 && !strstr(words, "[never]");
}

uint64_t memory_huge_page(const struct memory *memory)
{
	return host_has_huge_pages() ? wanted_huge_page(memory->size) : 0;
}

void *memory_at(const struct memory *memory, uint64_t address, uint64_t size)
{
	uint64_t offset = address - MEMORY_BASE;

	if (address < MEMORY_BASE || offset >= memory->size || size == 0 ||
	    size > memory->size - offset)
		return NULL;

	return memory->host + offset;
}
