/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices of a machine, as dormouse makes them, without a VM. */
#ifndef TESTS_UNIT_SUPPORT_BOARD_H
#define TESTS_UNIT_SUPPORT_BOARD_H

#include "board/bus.h"
#include "board/memory.h"
#include "config/config.h"
#include "machine/devices.h"

struct board {
	struct config config;
	/** Its size is 0: creating devices does not need the memory. */
	struct memory memory;
	struct bus bus;
	struct devices devices;
	int vm_fd;
	unsigned int panics; /**< How often the guest said that it panicked. */
	char paths[CONFIG_DISKS_MAX][64]; /**< Of disks that are made. */
};

/**
 * Make those of @config, which need not name its disks: they are files of one sector each
 * in the folder of scratch_make(). The console is none.
 */
void board_create(struct board *board, const struct config *config);

void board_destroy(struct board *board);

#endif
