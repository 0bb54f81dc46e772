/* SPDX-License-Identifier: BSD-3-Clause */
#include "hibernation/swap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- finding --- */

/* What is searched: a partition, or the disk as a whole. */
struct area {
	const struct source *source;
	unsigned int partition;
	uint64_t offset;
	uint64_t size;
	uint64_t resume_offset; /* In pages, or 0. */
};

static void add(struct swap_places *places, const struct swap_place *place)
{
	if (places->count < SWAP_PLACES_MAX)
		places->list[places->count++] = *place;
	else
		places->left_out++;
}

/*
 * LVM's label is in one of the first four sectors. md's superblock is at the
 * start or 4 KiB behind it; what has it at the end is read like any other.
 */
static enum swap_kind kind_of(const uint8_t *start)
{
	static const uint8_t luks[] = { 'L', 'U', 'K', 'S', 0xba, 0xbe };

	if (memcmp(start, luks, sizeof(luks)) == 0)
		return SWAP_ENCRYPTED;
	for (unsigned int i = 0; i < 4; i++) {
		const uint8_t *label = start + (size_t)i * 512;

		if (memcmp(label, "LABELONE", 8) == 0 && memcmp(label + 24, "LVM2 001", 8) == 0)
			return SWAP_LVM;
	}
	if (source_le32(start) == 0xa92b4efc || source_le32(start + 4096) == 0xa92b4efc)
		return SWAP_RAID;

	return SWAP_SPACE;
}

/* Returns whether the area is, or seems to be, something that cannot be read. */
static bool add_unreadable(const struct area *area, struct swap_places *places)
{
	struct swap_place place = { .partition = area->partition, .offset = area->offset };
	uint8_t start[4096 + 4];

	if (area->size < sizeof(start))
		return true;
	place.err = source_read(area->source, area->offset, start, sizeof(start));
	place.kind = place.err ? SWAP_UNREADABLE : kind_of(start);
	if (place.kind == SWAP_SPACE)
		return false;
	add(places, &place);

	return true;
}

/* Returns whether a header is at a page of the area: 1 or 0, or -errno. */
static int look(const struct area *area, uint64_t page, uint32_t page_size,
		struct swap_place *place)
{
	if (page >= area->size / page_size)
		return 0;

	memset(place, 0, sizeof(*place));
	place->partition = area->partition;
	place->in_file = page > 0;
	place->offset = area->offset + page * page_size;
	place->err = swap_header_read(area->source, place->offset, page_size, &place->header);
	if (place->err <= 0)
		return place->err;
	place->err = 0;
	place->kind = place->header.has_image ? SWAP_IMAGE : SWAP_SPACE;

	return 1;
}

/*
 * A header of swap space may be left over from a kernel with other pages; an
 * image is what matters.
 */
static void look_at(const struct area *area, uint64_t page, struct swap_places *places)
{
	struct swap_place space;
	bool has_space = false;
	bool has_image = false;

	for (size_t i = 0; i < SWAP_PAGE_SIZES; i++) {
		struct swap_place place;
		const int found = look(area, page, swap_page_sizes[i], &place);

		if (found < 0) {
			place.kind = SWAP_UNREADABLE;
			add(places, &place);

			return;
		}
		if (found && place.kind == SWAP_IMAGE) {
			add(places, &place);
			has_image = true;
		} else if (found && !has_space) {
			space = place;
			has_space = true;
		}
	}
	if (has_space && !has_image)
		add(places, &space);
}

static void search(const struct area *area, struct swap_places *places)
{
	if (add_unreadable(area, places))
		return;
	look_at(area, 0, places);
	if (area->resume_offset > 0)
		look_at(area, area->resume_offset, places);
}

/* The value of the last "@name=", as the kernel takes it, or NULL. */
static const char *find_value(const char *command_line, const char *name)
{
	const size_t length = strlen(name);
	const char *value = NULL;

	for (const char *word = command_line; word && *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			value = word + length + 1;
	}

	return value;
}

static uint64_t find_resume_offset(const char *command_line)
{
	const char *value = find_value(command_line, "resume_offset");

	return value && *value >= '0' && *value <= '9' ? strtoull(value, NULL, 0) : 0;
}

int swap_find(const struct source *source, const char *command_line, struct swap_places *places)
{
	struct area area = {
		.source = source,
		.size = source->size,
		.resume_offset = find_resume_offset(command_line),
	};
	struct partitions partitions;
	int err;

	memset(places, 0, sizeof(*places));
	err = partitions_read(source, &partitions);
	if (err)
		return err;
	places->table = partitions.table;
	search(&area, places);
	for (size_t i = 0; i < partitions.count; i++) {
		area.partition = partitions.list[i].number;
		area.offset = partitions.list[i].offset;
		area.size = partitions.list[i].size;
		search(&area, places);
	}

	return 0;
}

/* --- words --- */

#define WHAT_SIZE 128

static void describe_what(const struct swap_place *place, char what[WHAT_SIZE])
{
	const struct swap_header *header = &place->header;
	const unsigned int pages = header->page_size / 1024;

	switch (place->kind) {
	case SWAP_IMAGE:
		if (header->wants_signature)
			snprintf(what, WHAT_SIZE,
				 "a hibernation image, in pages of %u KiB, that wants the hardware "
				 "signature 0x%08" PRIx32,
				 pages, header->hardware_signature);
		else
			snprintf(what, WHAT_SIZE,
				 "a hibernation image, in pages of %u KiB, that wants no hardware "
				 "signature",
				 pages);
		break;
	case SWAP_SPACE:
		snprintf(what, WHAT_SIZE,
			 "swap space without a hibernation image, in pages of %u KiB", pages);
		break;
	case SWAP_ENCRYPTED:
		snprintf(what, WHAT_SIZE, "unreadable: encrypted");
		break;
	case SWAP_LVM:
		snprintf(what, WHAT_SIZE, "unreadable: LVM");
		break;
	case SWAP_RAID:
		snprintf(what, WHAT_SIZE, "unreadable: a member of a RAID");
		break;
	case SWAP_UNREADABLE:
		snprintf(what, WHAT_SIZE, "unreadable: %s", strerror(-place->err));
		break;
	}
}

void swap_describe(const struct swap_place *place, char text[SWAP_TEXT_SIZE])
{
	const char *file = place->in_file ? "a swap file: " : "";
	char what[WHAT_SIZE];

	describe_what(place, what);
	if (place->partition > 0)
		snprintf(text, SWAP_TEXT_SIZE, "partition %u: %s%s", place->partition, file, what);
	else
		snprintf(text, SWAP_TEXT_SIZE, "the whole disk: %s%s", file, what);
}
