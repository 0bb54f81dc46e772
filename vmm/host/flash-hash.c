/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/flash-hash.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/uniform.h"

#define ERASED 0xff

uint64_t flash_hash_add(uint64_t hash, size_t number, const uint8_t *block)
{
	if (uniform(block, FLASH_HASH_BLOCK_SIZE, ERASED))
		return hash;
	hash = hash_add_u64(hash, number);

	return uniform(block, FLASH_HASH_BLOCK_SIZE, 0)
		       ? hash
		       : hash_add(hash, block, FLASH_HASH_BLOCK_SIZE);
}

int flash_hash_file(const struct flash_file *file, uint64_t *hash)
{
	uint8_t *block = malloc(FLASH_HASH_BLOCK_SIZE);
	int err = block ? 0 : -ENOMEM;

	*hash = HASH_BEGIN;
	for (size_t i = 0; i * FLASH_HASH_BLOCK_SIZE < file->size && !err; i++) {
		err = flash_file_read(file, i * FLASH_HASH_BLOCK_SIZE, block,
				      FLASH_HASH_BLOCK_SIZE);
		if (!err)
			*hash = flash_hash_add(*hash, i, block);
	}
	free(block);

	return err;
}
