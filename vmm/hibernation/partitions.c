/* SPDX-License-Identifier: BSD-3-Clause */
#include "hibernation/partitions.h"

#include <stdbool.h>
#include <string.h>

#include "hibernation/gpt.h"

#define SECTOR_SIZE 512
#define SLOTS 4
#define FIRST_LOGICAL 5

/* Offsets in an MBR, and in one of its slots. */
enum {
	TABLE = 446,
	TABLE_SIGNATURE = 510,
	SLOT_SIZE = 16,
	SLOT_BOOT = 0,
	SLOT_TYPE = 4,
	SLOT_FIRST = 8,
	SLOT_SECTORS = 12,
};

enum {
	TYPE_UNUSED = 0x00,
	TYPE_EXTENDED = 0x05,
	TYPE_EXTENDED_LBA = 0x0f,
	TYPE_EXTENDED_LINUX = 0x85,
	TYPE_PROTECTIVE = 0xee,
};

struct slot {
	uint8_t type;
	/* In sectors. */
	uint64_t first;
	uint64_t sectors;
};

static struct slot slot_of(const uint8_t *sector, unsigned int i)
{
	const uint8_t *slot = sector + TABLE + (size_t)i * SLOT_SIZE;

	return (struct slot){
		.type = slot[SLOT_TYPE],
		.first = source_le32(slot + SLOT_FIRST),
		.sectors = source_le32(slot + SLOT_SECTORS),
	};
}

static bool has_signature(const uint8_t *sector)
{
	return source_le16(sector + TABLE_SIGNATURE) == 0xaa55;
}

/* File systems' first sectors have the signature, too, and other bytes here. */
static bool is_mbr(const uint8_t *sector)
{
	if (!has_signature(sector))
		return false;
	for (unsigned int i = 0; i < SLOTS; i++) {
		const uint8_t boot = sector[TABLE + i * SLOT_SIZE + SLOT_BOOT];

		if (boot != 0 && boot != 0x80)
			return false;
	}

	return true;
}

static bool is_protective(const uint8_t *sector)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (slot_of(sector, i).type == TYPE_PROTECTIVE)
			return true;
	}

	return false;
}

static bool is_extended(const struct slot *slot)
{
	return slot->sectors > 0 &&
	       (slot->type == TYPE_EXTENDED || slot->type == TYPE_EXTENDED_LBA ||
		slot->type == TYPE_EXTENDED_LINUX);
}

static bool is_data(const struct slot *slot)
{
	return slot->sectors > 0 && slot->type != TYPE_UNUSED && !is_extended(slot);
}

/* One that reaches beyond the end of the disk is truncated, as in Linux. */
static void add(const struct source *source, struct partitions *partitions, unsigned int number,
		uint64_t first, uint64_t sectors)
{
	const uint64_t disk = source->size / SECTOR_SIZE;

	if (partitions->count == PARTITIONS_MAX || first >= disk)
		return;
	if (sectors > disk - first)
		sectors = disk - first;
	partitions->list[partitions->count++] = (struct partition){
		.number = number,
		.offset = first * SECTOR_SIZE,
		.size = sectors * SECTOR_SIZE,
	};
}

/* The tables of extended partitions that were followed so far. */
struct chain {
	unsigned int number; /* Of the next logical partition. */
	size_t count;
	uint64_t tables[PARTITIONS_MAX];
};

static bool was_followed(struct chain *chain, uint64_t table)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (chain->tables[i] == table)
			return true;
	}
	chain->tables[chain->count++] = table;

	return false;
}

/*
 * An extended partition is a chain of tables, each with a partition relative to
 * itself, and the next table relative to the extended partition. The last two
 * slots are unused, unless they are inside of it.
 */
static void follow(const struct source *source, struct partitions *partitions, struct chain *chain,
		   const struct slot *extended)
{
	uint64_t table = extended->first;
	uint8_t sector[SECTOR_SIZE];
	bool more = true;

	while (more && chain->count < PARTITIONS_MAX && !was_followed(chain, table)) {
		const uint64_t end = extended->first + extended->sectors;
		uint64_t next = 0;

		if (source_read(source, table * SECTOR_SIZE, sector, sizeof(sector)) < 0 ||
		    !has_signature(sector))
			return;
		more = false;
		for (unsigned int i = 0; i < SLOTS; i++) {
			const struct slot slot = slot_of(sector, i);

			if (is_data(&slot) && (i < 2 || table + slot.first + slot.sectors <= end)) {
				add(source, partitions, chain->number++, table + slot.first,
				    slot.sectors);
			} else if (is_extended(&slot) && !more) {
				next = extended->first + slot.first;
				more = true;
			}
		}
		table = next;
	}
}

static void read_mbr(const struct source *source, const uint8_t *sector,
		     struct partitions *partitions)
{
	struct chain chain = { .number = FIRST_LOGICAL };

	partitions->table = PARTITION_TABLE_MBR;
	for (unsigned int i = 0; i < SLOTS; i++) {
		const struct slot slot = slot_of(sector, i);

		if (is_data(&slot))
			add(source, partitions, i + 1, slot.first, slot.sectors);
	}
	for (unsigned int i = 0; i < SLOTS; i++) {
		const struct slot slot = slot_of(sector, i);

		if (is_extended(&slot))
			follow(source, partitions, &chain, &slot);
	}
}

int partitions_read(const struct source *source, struct partitions *partitions)
{
	uint8_t sector[SECTOR_SIZE];
	int err;

	memset(partitions, 0, sizeof(*partitions));
	err = source_read(source, 0, sector, sizeof(sector));
	if (err)
		return err;

	if (is_mbr(sector) && is_protective(sector))
		gpt_read(source, partitions);
	else if (is_mbr(sector))
		read_mbr(source, sector, partitions);

	return 0;
}
