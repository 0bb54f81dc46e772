/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic event device of ACPI, as QEMU has it: one register of 32 bits, which
 * has a bit for each event that has happened since it was read last.
 *
 *	bit 1	The power button was pressed.
 *	bit 4	The sleep button was pressed.
 *	bit 31	A probe: nothing was pressed, and the guest does nothing. QEMU has none.
 *
 * Its interrupt is level-triggered, unlike QEMU's: it is high until the guest has
 * read the register. So a press waits for a driver that is not there yet, or that
 * has masked its interrupt. Pressing a button again that still waits changes
 * nothing.
 *
 * Functions of this header belong to the main thread; vCPUs may run.
 */
#ifndef VMM_DEVICES_GED_H
#define VMM_DEVICES_GED_H

#include <stdbool.h>

#include "board/device.h"

struct ged;

enum ged_button {
	GED_POWER_BUTTON,
	GED_SLEEP_BUTTON,
};

/** Press @button. */
void ged_press(struct ged *ged, enum ged_button button);

/**
 * Raise the interrupt although nothing was pressed: once ged_waits() is false, the guest
 * takes the interrupt. It does not wake the guest, and is not saved.
 */
void ged_probe(struct ged *ged);

/** Whether the guest has not yet read that @button was pressed, or a probe. */
bool ged_waits(struct ged *ged, enum ged_button button);

/** Take back what still waits of a press of @button and a probe. */
void ged_withdraw(struct ged *ged, enum ged_button button);

/** The board's device, since version 4; only with ACPI. */
extern const struct device_ops ged_ops;

#endif
