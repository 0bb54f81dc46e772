/* SPDX-License-Identifier: BSD-3-Clause */
/* UEFI Specification 2.10, 5.3 "GUID Partition Table (GPT) Disk Layout". */
#include "hibernation/gpt.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#define HEADER_SIZE_MIN 92
#define SECTOR_SIZE_MAX 4096
#define ENTRY_SIZE_MIN 128
#define ENTRY_SIZE_MAX 4096
/* 128 entries of 128 bytes are usual. */
#define TABLE_SIZE_MAX (1U << 20)

/* Offsets in the header, and in an entry. */
enum {
	HEADER_SIGNATURE = 0,
	HEADER_SIZE = 12,
	HEADER_CRC = 16,
	HEADER_MY_LBA = 24,
	HEADER_ENTRIES_LBA = 72,
	HEADER_ENTRY_COUNT = 80,
	HEADER_ENTRY_SIZE = 84,
	HEADER_ENTRIES_CRC = 88,
	ENTRY_TYPE = 0,
	ENTRY_TYPE_SIZE = 16,
	ENTRY_FIRST_LBA = 32,
	ENTRY_LAST_LBA = 40,
	ENTRY_SIZE_USED = 48,
};

struct gpt {
	const struct source *source;
	uint32_t sector_size;
	uint64_t sectors; /* Of the disk. */
	/* What the header says. */
	uint64_t entries; /* Their offset in bytes. */
	uint32_t entry_count;
	uint32_t entry_size;
	uint32_t entries_crc;
};

static bool is_header_valid(uint8_t *header, uint64_t lba, uint32_t sector_size)
{
	const uint32_t size = source_le32(header + HEADER_SIZE);
	const uint32_t crc = source_le32(header + HEADER_CRC);

	if (memcmp(header + HEADER_SIGNATURE, "EFI PART", 8) != 0)
		return false;
	if (size < HEADER_SIZE_MIN || size > sector_size)
		return false;
	if (source_le64(header + HEADER_MY_LBA) != lba)
		return false;
	/* It is of a header in which it is 0. */
	memset(header + HEADER_CRC, 0, 4);

	return crc32(0, header, size) == crc;
}

static bool are_entries_valid(const struct gpt *gpt)
{
	uint8_t bytes[4096];
	uint32_t left = gpt->entry_count * gpt->entry_size;
	uint64_t offset = gpt->entries;
	uLong crc = 0;

	while (left > 0) {
		const uint32_t size = left < sizeof(bytes) ? left : (uint32_t)sizeof(bytes);

		if (source_read(gpt->source, offset, bytes, size) < 0)
			return false;
		crc = crc32(crc, bytes, size);
		offset += size;
		left -= size;
	}

	return crc == gpt->entries_crc;
}

/* Whether there is a valid table whose header is in a sector. */
static bool find_table(struct gpt *gpt, uint64_t lba)
{
	uint8_t header[SECTOR_SIZE_MAX];
	uint64_t entries_lba;

	if (lba >= gpt->sectors ||
	    source_read(gpt->source, lba * gpt->sector_size, header, gpt->sector_size) < 0 ||
	    !is_header_valid(header, lba, gpt->sector_size))
		return false;

	gpt->entry_count = source_le32(header + HEADER_ENTRY_COUNT);
	gpt->entry_size = source_le32(header + HEADER_ENTRY_SIZE);
	gpt->entries_crc = source_le32(header + HEADER_ENTRIES_CRC);
	entries_lba = source_le64(header + HEADER_ENTRIES_LBA);
	if (gpt->entry_size < ENTRY_SIZE_MIN || gpt->entry_size > ENTRY_SIZE_MAX ||
	    gpt->entry_count > TABLE_SIZE_MAX / gpt->entry_size || entries_lba >= gpt->sectors)
		return false;
	gpt->entries = entries_lba * gpt->sector_size;

	return are_entries_valid(gpt);
}

static bool is_used(const uint8_t *entry)
{
	static const uint8_t unused[ENTRY_TYPE_SIZE];

	return memcmp(entry + ENTRY_TYPE, unused, sizeof(unused)) != 0;
}

static void list(const struct gpt *gpt, struct partitions *partitions)
{
	for (uint32_t i = 0; i < gpt->entry_count && partitions->count < PARTITIONS_MAX; i++) {
		uint8_t entry[ENTRY_SIZE_USED];
		uint64_t first;
		uint64_t last;

		/* The guest may write to it meanwhile. */
		if (source_read(gpt->source, gpt->entries + (uint64_t)i * gpt->entry_size, entry,
				sizeof(entry)) < 0)
			return;
		first = source_le64(entry + ENTRY_FIRST_LBA);
		last = source_le64(entry + ENTRY_LAST_LBA);
		if (!is_used(entry) || first > last || last >= gpt->sectors)
			continue;
		partitions->list[partitions->count++] = (struct partition){
			.number = i + 1,
			.offset = first * gpt->sector_size,
			.size = (last - first + 1) * gpt->sector_size,
		};
	}
}

void gpt_read(const struct source *source, struct partitions *partitions)
{
	static const uint32_t sector_sizes[] = { 512, 4096 };

	for (size_t i = 0; i < sizeof(sector_sizes) / sizeof(sector_sizes[0]); i++) {
		struct gpt gpt = {
			.source = source,
			.sector_size = sector_sizes[i],
			.sectors = source->size / sector_sizes[i],
		};

		if (find_table(&gpt, 1))
			partitions->table = PARTITION_TABLE_GPT;
		else if (gpt.sectors > 2 && find_table(&gpt, gpt.sectors - 1))
			partitions->table = PARTITION_TABLE_GPT_BACKUP;
		else
			continue;
		list(&gpt, partitions);

		return;
	}
}
