/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

/* Its bits reversed, as all of this arithmetic has them. */
#define POLYNOMIAL 0x82f63b78U

#define WORD sizeof(uint64_t)

/* --- by table --- */

/* tables[i][b] is what a byte b does to the checksum of i more bytes of zero. */
static uint32_t tables[WORD][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte;

		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? POLYNOMIAL : 0);
		tables[0][byte] = sum;
	}
	for (size_t i = 1; i < WORD; i++)
		for (size_t byte = 0; byte < 256; byte++)
			tables[i][byte] =
				tables[i - 1][byte] >> 8 ^ tables[0][tables[i - 1][byte] & 0xff];
}

static uint32_t add_byte(uint32_t sum, uint8_t byte)
{
	return sum >> 8 ^ tables[0][(sum ^ byte) & 0xff];
}

/* Eight bytes at once, which is independent of the host's order of bytes. */
static uint32_t add_word(uint32_t sum, const uint8_t *bytes)
{
	uint32_t result = 0;

	for (size_t i = 0; i < WORD; i++) {
		const uint32_t mixed = i < sizeof(sum) ? sum >> 8 * i & 0xff : 0;

		result ^= tables[WORD - 1 - i][bytes[i] ^ mixed];
	}

	return result;
}

uint32_t crc32c_by_table(uint32_t sum, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	(void)pthread_once(&once, make_tables);
	sum = ~sum;
	for (; size >= WORD; size -= WORD, at += WORD)
		sum = add_word(sum, at);
	for (; size > 0; size--)
		sum = add_byte(sum, *at++);

	return ~sum;
}

/* --- by instruction --- */

#ifdef __aarch64__

#include <asm/hwcap.h>
#include <sys/auxv.h>

static uint64_t word(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));

	return value;
}

/*
 * Four words in a turn: the loop itself costs little then. In assembly, since
 * the compiler is not to use the instruction elsewhere, where the CPU may lack
 * it.
 */
static uint32_t by_instruction(uint32_t sum, const uint8_t *at, size_t size)
{
	sum = ~sum;
	for (; size >= 4 * WORD; size -= 4 * WORD, at += 4 * WORD)
		__asm__(".arch_extension crc\n\t"
			"crc32cx %w0, %w0, %x1\n\t"
			"crc32cx %w0, %w0, %x2\n\t"
			"crc32cx %w0, %w0, %x3\n\t"
			"crc32cx %w0, %w0, %x4"
			: "+r"(sum)
			: "r"(word(at)), "r"(word(at + WORD)), "r"(word(at + 2 * WORD)),
			  "r"(word(at + 3 * WORD)));
	for (; size > 0; size--, at++)
		__asm__(".arch_extension crc\n\t"
			"crc32cb %w0, %w0, %w1"
			: "+r"(sum)
			: "r"((uint32_t)*at));

	return ~sum;
}

uint32_t crc32c(uint32_t sum, const void *bytes, size_t size)
{
	return getauxval(AT_HWCAP) & HWCAP_CRC32 ? by_instruction(sum, bytes, size)
						 : crc32c_by_table(sum, bytes, size);
}

#else

uint32_t crc32c(uint32_t sum, const void *bytes, size_t size)
{
	return crc32c_by_table(sum, bytes, size);
}

#endif
