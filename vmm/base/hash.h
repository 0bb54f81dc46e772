/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FNV-1a of 64 bits: tells apart what differs by accident, and no more. Its
 * values are in records and in guests' images: it never changes.
 */
#ifndef VMM_HASH_H
#define VMM_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN 0xcbf29ce484222325ULL

/** The hash of what @hash is of, and @size more bytes. */
uint64_t hash_add(uint64_t hash, const void *bytes, size_t size);

/** Likewise of a number, least significant byte first. */
uint64_t hash_add_u64(uint64_t hash, uint64_t number);

#endif
