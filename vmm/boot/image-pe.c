/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/image-pe.h"

#include <endian.h>
#include <string.h>

/* Offsets of the PE format, from Microsoft's specification. */
#define OFFSET_OF_PE 0x3c
#define SIGNATURE_SIZE 4
#define COFF_SECTIONS 2
#define COFF_OPTIONAL_SIZE 16
#define COFF_SIZE 20
#define SECTION_SIZE 40
#define SECTION_RAW_SIZE 16
#define SECTION_RAW_OFFSET 20

static uint16_t load16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));

	return le16toh(value);
}

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));

	return le32toh(value);
}

uint64_t image_pe_end(const void *start, size_t size)
{
	static const uint8_t signature[SIGNATURE_SIZE] = { 'P', 'E', 0, 0 };
	const uint8_t *bytes = start;
	uint64_t end = 0;
	uint64_t at;

	if (size < OFFSET_OF_PE + sizeof(uint32_t))
		return 0;
	at = load32(bytes + OFFSET_OF_PE);
	if (at + SIGNATURE_SIZE + COFF_SIZE > size ||
	    memcmp(bytes + at, signature, SIGNATURE_SIZE) != 0)
		return 0;
	at += SIGNATURE_SIZE;

	const unsigned int count = load16(bytes + at + COFF_SECTIONS);

	at += COFF_SIZE + load16(bytes + at + COFF_OPTIONAL_SIZE);
	for (unsigned int i = 0; i < count && at + SECTION_SIZE <= size; i++, at += SECTION_SIZE) {
		const uint64_t section_end = (uint64_t)load32(bytes + at + SECTION_RAW_OFFSET) +
					     load32(bytes + at + SECTION_RAW_SIZE);

		if (section_end > end)
			end = section_end;
	}

	return end;
}
