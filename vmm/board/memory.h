/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's RAM: one mapping, which outlives every reset of the machine, and which no
 * core dump has. Host and guest addresses agree modulo the size of a huge page, so that
 * KVM can map one as such; they are asked for unless RAM is small beside them.
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
 * Reserve @size bytes, zero and not yet backed. Returns 0, -EINVAL if @size is 0 or
 * no multiple of the host's page size, or another -errno.
 */
int memory_create(struct memory *memory, uint64_t size);

/** Give back what memory_create() made. */
void memory_destroy(struct memory *memory);

/**
 * Make all of it zero again and return the pages to the host, as a cold reset
 * does. Nobody may use it meanwhile. Returns 0 or -errno.
 */
int memory_drop(struct memory *memory);

/**
 * Where @size bytes at guest physical @address are in this process, or NULL if
 * they are not all RAM. Any values are allowed; a @size of 0 is never RAM. From
 * any thread: the mapping never moves. The guest may change the bytes at any
 * time, so copy what must not change between a check and its use.
 */
void *memory_at(const struct memory *memory, uint64_t address, uint64_t size);

#endif
