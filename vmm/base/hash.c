/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hash.h"

#define PRIME 0x100000001b3ULL

uint64_t hash_add(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * PRIME;

	return hash;
}

uint64_t hash_add_u64(uint64_t hash, uint64_t number)
{
	uint8_t bytes[sizeof(number)];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (8 * i));

	return hash_add(hash, bytes, sizeof(bytes));
}
