/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes what a guest can write to its disk: partition tables, whose checksums are
 * made right, and headers of swap space. Reading them ends, stays inside the disk, and
 * finds what can be described, and found again.
 */
#include "input.h"

#include "hibernation/swap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SECTORS 512U
#define SIZE (SECTORS * 512U)
/* Of both GPTs by pieces and by entries, of chains of tables, and of what partitions hold. */
#define READS_MAX 20000

static uint8_t bytes[SIZE];
static unsigned int reads;

static int read_bytes(const struct source *source, uint64_t offset, void *to, size_t size)
{
	reads++;
	if (offset > source->size || size > source->size - offset)
		abort();
	memcpy(to, bytes + offset, size);

	return 0;
}

static void put(uint64_t at, uint64_t number, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[(at + i) % SIZE] = (uint8_t)(number >> 8 * i);
}

static uint64_t get(uint64_t at, unsigned int size)
{
	uint64_t number = 0;

	for (unsigned int i = 0; i < size; i++)
		number |= (uint64_t)bytes[(at + i) % SIZE] << 8 * i;

	return number;
}

/* Make the checksums of a GPT right, as far as it is inside the disk. */
static void sign(uint64_t header, uint64_t sector_size)
{
	const uint64_t size = get(header + 12, 4);
	const uint64_t entries = get(header + 72, 8);
	const uint64_t count = get(header + 80, 4);
	const uint64_t entry_size = get(header + 84, 4);
	const uint64_t length = count * entry_size;

	if (entries < SIZE / sector_size && count <= SIZE && entry_size <= SIZE &&
	    length <= SIZE - entries * sector_size)
		put(header + 88, crc32(0, bytes + entries * sector_size, (uInt)length), 4);
	put(header + 16, 0, 4);
	if (size <= SIZE - header)
		put(header + 16, crc32(0, bytes + header, (uInt)size), 4);
}

static void put_gpt(struct input *in)
{
	const uint64_t sector_size = take_byte(in) % 2 ? 4096 : 512;
	const uint64_t lba = take_byte(in) % 2 ? SIZE / sector_size - 1 : 1;
	const uint64_t header = lba * sector_size;

	memcpy(bytes + header, "EFI PART", 8);
	put(header + 12, 92, 4);
	put(header + 24, lba, 8);
	put(header + 72, take_byte(in), 8);
	put(header + 80, take_word(in, 2), 4);
	put(header + 84, 128, 4);
	/* A field that may be anything. */
	put(header + take_byte(in) % 92, take_word(in, 4), take_byte(in) % 5);
	sign(header, sector_size);
}

static void put_slot(struct input *in)
{
	static const uint8_t types[] = { 0xee, 0x82, 0x05, 0x0f, 0x85, 0 };
	const uint64_t table = take_word(in, 2) % SECTORS * 512;
	const uint64_t slot = table + 446 + take_byte(in) % 4 * 16;

	put(table + 510, 0xaa55, 2);
	put(slot + 4, types[take_byte(in) % sizeof(types)], 1);
	put(slot + 8, take_word(in, 2), 4);
	put(slot + 12, take_word(in, 3), 4);
}

static void put_swap(struct input *in)
{
	static const char *const signatures[] = { "S1SUSPEND", "SWAPSPACE2", "SWAP-SPACE",
						  "ULSUSPEND", "S2SUSPEND",  "LINHIB0001" };
	const uint32_t page_size = swap_page_sizes[take_byte(in) % SWAP_PAGE_SIZES];
	const uint64_t end = take_word(in, 2) % SECTORS * 512 + page_size;

	if (end > SIZE)
		return;
	memcpy(bytes + end - 10, signatures[take_byte(in) % 6], 10);
	memcpy(bytes + end - 20, signatures[take_byte(in) % 6], 10);
	put(end - 24, take_byte(in), 4);
}

static void put_anything(struct input *in)
{
	put(take_word(in, 3), take_word(in, 4), take_byte(in) % 9);
}

static void check(const struct source *source, const struct swap_place *place)
{
	char text[SWAP_TEXT_SIZE];

	swap_describe(place, text);
	if (place->offset >= source->size || strlen(text) >= sizeof(text) - 1)
		abort();
	if (place->kind == SWAP_IMAGE) {
		const struct swap_image image = swap_remember(place);

		if (swap_fate(source, &image) != SWAP_FATE_KEPT)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct swap_places places;
	struct input in = { data, size };
	struct source source = { .read = read_bytes, .size = SIZE };
	char command_line[32];

	memset(bytes, 0, sizeof(bytes));
	while (in.left > 0) {
		switch (take_byte(&in) % 6) {
		case 0:
			put_gpt(&in);
			break;
		case 1:
			put_slot(&in);
			break;
		case 2:
			put_swap(&in);
			break;
		case 3:
			put_anything(&in);
			break;
		case 4:
			source.size = take_word(&in, 3) % (SIZE + 1);
			break;
		default:
			/* An entry of a GPT, which the next sign() covers. */
			put(1024 + (uint64_t)take_byte(&in) * 128, 1, 1);
			put(1056 + (uint64_t)take_byte(&in) * 128, take_word(&in, 2), 8);
			put(1064 + (uint64_t)take_byte(&in) * 128, take_word(&in, 2), 8);
			break;
		}
	}
	snprintf(command_line, sizeof(command_line), "resume_offset=%u", size ? data[0] : 0);
	reads = 0;
	if (swap_find(&source, command_line, &places) == 0) {
		for (size_t i = 0; i < places.count; i++)
			check(&source, &places.list[i]);
	}
	if (reads > READS_MAX)
		abort();

	return 0;
}
