/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flash memory that only a programmer could write: a bank that holds a firmware
 * and 0xff behind it, as erased flash does, and one that holds nothing but 0xff.
 *
 * KVM maps both for the guest, so that it runs and reads there as from RAM. What
 * it writes comes here and has no effect; nor do the commands that a flash chip
 * would know, which is why the device tree names none.
 *
 * The firmware's pages are the file's, read when they are needed. All of 0xff is
 * one small piece of memory, mapped again and again.
 */
#ifndef VMM_DEVICES_FLASH_H
#define VMM_DEVICES_FLASH_H

#include "base/error.h"
#include "board/board.h"
#include "board/device.h"

#include <stdbool.h>
#include <stdint.h>

struct flash {
	uint8_t *host; /**< All banks, one after the other; NULL if there is no flash. */
};

#define FLASH_SIZE (BOARD_FLASH_BANK_SIZE * BOARD_FLASH_BANKS)

/** The board's. A guest's writes come here, and are dropped. */
extern const struct device_ops flash_ops;

/**
 * Map the banks, with the firmware of @path in the first. Returns 0, or -errno with
 * @error set: -EFBIG if it is larger than a bank.
 */
int flash_create(struct flash *flash, const char *path, struct error *error);

/** Give back what flash_create() took; fine for a flash that is all zero. */
void flash_destroy(struct flash *flash);

#endif
