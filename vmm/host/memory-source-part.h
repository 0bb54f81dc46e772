/* SPDX-License-Identifier: BSD-3-Clause */
/* The two ways of memory-source.h, which memory-source.c chooses from. */
#ifndef VMM_MEMORY_SOURCE_PART_H
#define VMM_MEMORY_SOURCE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/memory-index.h"

/* --- userfaultfd --- */

/**
 * Make one that serves KVM's accesses, too. Returns it, or -errno with @error
 * set: -EPERM if this user may not.
 */
int user_fault_open(struct error *error);

/**
 * From here on, whatever accesses a page of the index that is not there waits
 * for user_fault_give(). Returns 0, or -errno with @error set.
 */
int user_fault_register(int fd, uint8_t *host, const struct memory_index *index,
			struct error *error);

/** The next address that is waited for, or NULL if there is none. */
uint8_t *user_fault_next(int fd);

/** Let @to have the bytes of one piece, and end the waits for it. Returns 0 or -errno. */
int user_fault_give(int fd, uint8_t *to, const uint8_t *piece);

/** End the waits for the piece @at, which was given or refused before. */
void user_fault_wake(int fd, const uint8_t *at);

/**
 * Let all accesses of the piece @at fail, with SIGBUS or EFAULT, and end the
 * waits for it. @empty is a file of no bytes.
 */
void user_fault_refuse(int fd, uint8_t *at, int empty);

/**
 * Have the host put @size bytes at @at, a huge page's size and place, into one,
 * if it has one to give. Returns false if it cannot do that at all.
 */
bool user_fault_collapse(uint8_t *at, uint64_t size);

/* --- a private mapping --- */

/**
 * Map each extent of @fd at its place. Returns 0, or -errno with @error set, and
 * then some may be mapped.
 */
int source_map(int fd, uint8_t *host, const struct memory_index *index, struct error *error);

/**
 * Replace @size bytes of a mapping at @at, at most SOURCE_DETACH_MAX, by anonymous memory
 * with their contents. @huge_pages: it shall be in huge pages where it fills them. @buffer
 * has room for the bytes. No other thread may access them. Returns 0 or -errno.
 */
int source_detach(uint8_t *at, size_t size, bool huge_pages, uint8_t *buffer);

/** What is detached at once: a huge page, where a page has 4 KiB. */
#define SOURCE_DETACH_MAX ((size_t)2 << 20)

#endif
