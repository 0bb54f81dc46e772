/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flash memory that only a programmer could write: a bank that holds a firmware
 * and 0xff behind it, as erased flash does, and one that holds nothing but
 * 0xff.
 *
 * KVM maps both for the guest, which executes and reads there as from RAM. Its
 * writes are reported here and have no effect; nor do the commands of a flash
 * chip, which is why the device tree does not describe one.
 *
 * The firmware's pages are the file's, read when they are needed. All of 0xff
 * is one small piece of memory, mapped again and again.
 */
#ifndef VMM_DEVICES_FLASH_H
#define VMM_DEVICES_FLASH_H

#include "base/error.h"
#include "board/board.h"
#include "board/device.h"

#include <stdint.h>

struct flash {
	uint8_t *host; /**< All banks, one after the other; NULL if there is no flash. */
};

#define FLASH_SIZE (BOARD_FLASH_BANK_SIZE * BOARD_FLASH_BANKS)

/** The board's device. It receives a guest's writes, and drops them. */
extern const struct device_ops flash_ops;

/**
 * Map the banks, with the firmware of @path in the first. Returns 0, or -errno
 * with @error set: -EFBIG if it is larger than a bank.
 */
int flash_create(struct flash *flash, const char *path, struct error *error);

/** Free what flash_create() took. Allowed for a flash that is all zero. */
void flash_destroy(struct flash *flash);

#endif
