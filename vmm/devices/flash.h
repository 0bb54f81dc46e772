/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flash memory that only a programmer could write: a bank that holds a firmware
 * and 0xff behind it, as erased flash does. In machines before version 3 there
 * is another one that holds nothing but 0xff; from then on that is a chip,
 * flash-chip.h.
 *
 * KVM maps them for the guest, which executes and reads there as from RAM. Its
 * writes are reported here and have no effect; nor do the commands of a flash
 * chip.
 *
 * The firmware's pages are the file's, read when they are needed. All of 0xff
 * is one small piece of memory, mapped again and again.
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
	uint64_t size;
	bool describes_chip; /**< Its node of the device tree has the chips' bank, too. */
};

/** The board's device. It receives a guest's writes, and drops them. */
extern const struct device_ops flash_ops;

/**
 * Map as many banks, with the firmware of @path in the first. Returns 0, or
 * -errno with @error set: -EFBIG if it is larger than a bank.
 */
int flash_create(struct flash *flash, const char *path, unsigned int banks, struct error *error);

/** Free what flash_create() took. Allowed for a flash that is all zero. */
void flash_destroy(struct flash *flash);

#endif
