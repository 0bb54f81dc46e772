/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's disk in memory, of which reads are counted and may fail. */
#ifndef TESTS_HIBERNATION_DISK_RIG_H
#define TESTS_HIBERNATION_DISK_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hibernation/source.h"

#define SECTOR 512U
#define MIB (1U << 20)

struct disk_rig {
	struct source source; /**< It refers to the rig, which stays where it is. */
	uint8_t *bytes;
	unsigned int reads;
	/** Reads of this byte fail with -EIO, if is_bad. */
	bool is_bad;
	uint64_t bad;
};

/** A disk of zeros, freed by disk_rig_free(). */
void disk_rig_make(struct disk_rig *rig, size_t size);

/** A disk that is a file. */
void disk_rig_load(struct disk_rig *rig, const char *path);

void disk_rig_free(struct disk_rig *rig);

void put_le16(uint8_t *at, uint16_t number);
void put_le32(uint8_t *at, uint32_t number);
void put_le64(uint8_t *at, uint64_t number);

/** Fill in a slot of an MBR, or of an extended partition's table, in sector @table. */
void put_slot(struct disk_rig *rig, uint64_t table, unsigned int slot, uint8_t type, uint32_t first,
	      uint32_t sectors);

/** Where the parts of a GPT are, in bytes. */
struct gpt_rig {
	uint32_t sector_size;
	size_t header, entries; /**< The primary ones. */
	size_t backup, backup_entries;
	uint32_t entry_count;
};

/** A protective MBR, and a GPT of 128 unused entries and its backup. */
struct gpt_rig put_gpt(struct disk_rig *rig, uint32_t sector_size);

/** Fill in the entry @number, from 1, of both tables, and sign them. */
void put_entry(struct disk_rig *rig, const struct gpt_rig *gpt, uint32_t number, uint64_t first,
	       uint64_t last);

/** Correct the checksums of a header, and of the entries that it names, if they are there. */
void sign_gpt(struct disk_rig *rig, size_t header);

/**
 * Fill in the page of swap space at @offset, with a hibernation image if @signature is one:
 * then the swap space's own is @original.
 */
void put_swap(struct disk_rig *rig, uint64_t offset, uint32_t page_size, const char *signature,
	      const char *original);

/** Of such an image: its flags, the hardware signature and where it begins. */
void put_image(struct disk_rig *rig, uint64_t offset, uint32_t page_size, uint32_t flags,
	       uint32_t hardware_signature, uint64_t first_page);

/** Run a program, with a file as its input. It succeeds. */
void run_tool(const char *input, const char *path, const char *argument, const char *second);

#endif
