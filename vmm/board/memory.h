/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's RAM: one mapping, which persists across resets of the machine,
 * and which core dumps do not contain. Host and guest addresses agree modulo
 * the size of a huge page, so KVM can map huge pages; they are requested unless
 * RAM is small in comparison.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_BASE 0x40000000ULL

struct memory {
	uint8_t *host; /**< Where guest physical MEMORY_BASE is in this process. */
	uint64_t size; /**< In bytes, from MEMORY_BASE on. */
};

/**
 * Reserve @size bytes, zero and not yet backed. Returns 0, -EINVAL if @size is
 * 0 or no multiple of the host's page size, or another -errno.
 */
int memory_create(struct memory *memory, uint64_t size);

/** Release the mapping. */
void memory_destroy(struct memory *memory);

/**
 * Make all of it zero again and return the pages to the host, as in a cold
 * reset. No thread may use it meanwhile. Returns 0 or -errno.
 */
int memory_drop(struct memory *memory);

/**
 * Likewise, if files are mapped in it: map all of it anew. Returns 0 or -errno.
 */
int memory_renew(struct memory *memory);

/**
 * The size of the huge pages that were requested for it, if the host lets
 * processes request them; 0 otherwise.
 */
uint64_t memory_huge_page(const struct memory *memory);

/**
 * The address in this process of @size bytes at guest physical @address, or
 * NULL if they are not all RAM. Any values are allowed; a @size of 0 is never
 * RAM. From any thread: the mapping never moves. The guest may change the bytes
 * at any time, so copy data that must not change between a check and its use.
 */
void *memory_at(const struct memory *memory, uint64_t address, uint64_t size);

#endif
