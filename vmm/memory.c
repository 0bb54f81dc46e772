/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int memory_create(struct memory *memory, uint64_t size)
{
	void *host;

	if (size == 0 || size > SIZE_MAX || size % (uint64_t)sysconf(_SC_PAGESIZE) != 0)
		return -EINVAL;

	/* Guests touch what they use; only that need ever be there. */
	host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (host == MAP_FAILED)
		return -errno;

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
