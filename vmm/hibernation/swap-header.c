/* SPDX-License-Identifier: BSD-3-Clause */
#include "hibernation/swap-header.h"

#include <string.h>

#include "base/hash.h"

#define PIECE_SIZE 4096
#define FLAG_HARDWARE_SIGNATURE 8

/* Offsets from the end of the page. */
enum {
	SIGNATURE = 10,
	ORIGINAL = 20,
	FLAGS = 24,
	HARDWARE_SIGNATURE = 40,
};

/* From the page's start: what mkswap(8) writes there, 32 bits each. */
enum {
	VERSION = 1024,
	LAST_PAGE = 1028,
};

const uint32_t swap_page_sizes[SWAP_PAGE_SIZES] = { 4096, 16384, 65536 };

/* Signatures are 10 bytes, some of which end in a NUL. */
static bool is_swap(const char *signature)
{
	return memcmp(signature, "SWAPSPACE2", SWAP_SIGNATURE_SIZE) == 0 ||
	       memcmp(signature, "SWAP-SPACE", SWAP_SIGNATURE_SIZE) == 0;
}

static bool is_image(const char *signature)
{
	/* Linux's, uswsusp's, and those of kernels that are long gone. */
	static const char known[][SWAP_SIGNATURE_SIZE + 1] = {
		"S1SUSPEND",
		"S2SUSPEND",
		"ULSUSPEND",
		"LINHIB0001",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(signature, known[i], SWAP_SIGNATURE_SIZE) == 0)
			return true;
	}

	return false;
}

/* Only the kernel's own header has flags: in uswsusp's there is the image. */
static bool has_flags(const char *signature)
{
	return memcmp(signature, "S1SUSPEND", SWAP_SIGNATURE_SIZE) == 0;
}

/* @end is the end of the page. Returns whether it is a header. */
static bool interpret(struct swap_header *header, const uint8_t *end)
{
	memcpy(header->signature, end - SIGNATURE, SWAP_SIGNATURE_SIZE);
	header->has_image = is_image(header->signature);
	if (!header->has_image)
		return is_swap(header->signature);

	memcpy(header->original, end - ORIGINAL, SWAP_SIGNATURE_SIZE);
	if (!is_swap(header->original))
		memset(header->original, 0, sizeof(header->original));
	header->wants_signature = has_flags(header->signature) &&
				  (source_le32(end - FLAGS) & FLAG_HARDWARE_SIGNATURE) != 0;
	if (header->wants_signature)
		header->hardware_signature = source_le32(end - HARDWARE_SIGNATURE);

	return true;
}

/* @start is the first piece of the page. uswsusp has its image there. */
static uint32_t count_pages(const uint8_t *start)
{
	const uint32_t last = source_le32(start + LAST_PAGE);

	return source_le32(start + VERSION) == 1 && last < UINT32_MAX ? last + 1 : 0;
}

int swap_header_read(const struct source *source, uint64_t offset, uint32_t page_size,
		     struct swap_header *header)
{
	const uint32_t last = page_size - PIECE_SIZE;
	struct swap_header found = { .page_size = page_size, .id = HASH_BEGIN };
	uint8_t end[PIECE_SIZE];
	uint8_t piece[PIECE_SIZE];
	int err;

	/* It says whether the rest is worth reading. */
	err = source_read(source, offset + last, end, sizeof(end));
	if (err)
		return err;
	if (!interpret(&found, end + sizeof(end)))
		return 0;

	for (uint32_t at = 0; at < last; at += PIECE_SIZE) {
		err = source_read(source, offset + at, piece, sizeof(piece));
		if (err)
			return err;
		if (at == 0)
			found.pages = count_pages(piece);
		found.id = hash_add(found.id, piece, sizeof(piece));
	}
	if (last == 0)
		found.pages = count_pages(end);
	found.id = hash_add(found.id, end, sizeof(end) - SIGNATURE);
	*header = found;

	return 1;
}
