/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash of what flash holds, block by block. It is the same however a block
 * came to be erased or zero: by a hole of its file, or written. A whole bank has
 * mostly such blocks, whose bytes need not be hashed.
 */
#ifndef VMM_HOST_FLASH_HASH_H
#define VMM_HOST_FLASH_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "host/flash-file.h"

#define FLASH_HASH_BLOCK_SIZE 0x40000U

/**
 * Add a block of FLASH_HASH_BLOCK_SIZE bytes, the @number'th of the bank, to the
 * hash of those before it, which begins with HASH_BEGIN.
 */
uint64_t flash_hash_add(uint64_t hash, size_t number, const uint8_t *block);

/**
 * Hash the bank that is in a file. Returns 0, or -errno: -ENOMEM, or one of
 * reading the file.
 */
int flash_hash_file(const struct flash_file *file, uint64_t *hash);

#endif
