/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's pvpanic, by MMIO: the guest's kernel writes a byte that says what
 * happened to it. Reads give the bits that there are.
 *
 *	bit 0	It has panicked.
 *	bit 1	It has panicked, and a crash kernel takes over. That is the
 *		guest's own matter, and changes nothing.
 *
 * It has no state.
 */
#ifndef VMM_DEVICES_PVPANIC_H
#define VMM_DEVICES_PVPANIC_H

#include "board/device.h"

/** The board's device, since version 3. */
extern const struct device_ops pvpanic_ops;

#endif
