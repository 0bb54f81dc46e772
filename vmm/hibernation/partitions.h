/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The partitions of a guest's disk, numbered as Linux numbers them.
 *
 *	GPT: sectors of 512 or 4096 bytes; the backup counts if the primary
 *	table is damaged, and neither without a protective MBR, as in Linux
 *
 *	MBR: sectors of 512 bytes, which is what guests see; with logical
 *	partitions
 *
 * A table is at most a mistake: whatever is in it, reading it ends, after a
 * bounded number of reads.
 */
#ifndef VMM_HIBERNATION_PARTITIONS_H
#define VMM_HIBERNATION_PARTITIONS_H

#include <stddef.h>
#include <stdint.h>

#include "hibernation/source.h"

#define PARTITIONS_MAX 128

struct partition {
	unsigned int number; /**< From 1. */
	/* In bytes, inside the disk. */
	uint64_t offset;
	uint64_t size; /**< Not 0. */
};

enum partition_table {
	PARTITION_TABLE_NONE, /**< There is none that is valid. */
	PARTITION_TABLE_GPT,
	PARTITION_TABLE_GPT_BACKUP, /**< The primary table is damaged. */
	PARTITION_TABLE_MBR,
};

struct partitions {
	enum partition_table table;
	size_t count;
	struct partition list[PARTITIONS_MAX]; /**< In the order of the table. */
};

/**
 * Read a disk's partitions, of which those after the first PARTITIONS_MAX are
 * left out. Returns 0, or -errno of reading the disk's first sector. What
 * cannot be read elsewhere is damaged.
 */
int partitions_read(const struct source *source, struct partitions *partitions);

#endif
