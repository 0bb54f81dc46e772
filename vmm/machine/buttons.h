/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The buttons of a machine, by which its guest is asked to sleep or to power off;
 * see devices/ged.h. For the main thread.
 */
#ifndef VMM_MACHINE_BUTTONS_H
#define VMM_MACHINE_BUTTONS_H

#include <stdbool.h>

#include "machine/devices.h"

enum button {
	BUTTON_POWER,
	BUTTON_SLEEP,
};

/** Whether a machine of this configuration has buttons. */
bool buttons_are_in(const struct config *config);

/** Whether it has buttons. The functions below do nothing without. */
bool buttons_exist(const struct devices *devices);

/** Press @button. */
void button_press(const struct devices *devices, enum button button);

/** Find out whether the guest takes the buttons' interrupt: see ged_probe(). */
void buttons_probe(const struct devices *devices);

/** Whether the guest has not yet taken that @button was pressed, or a probe. */
bool button_waits(const struct devices *devices, enum button button);

/** Take back a press of @button, and a probe, that still waits. */
void button_withdraw(const struct devices *devices, enum button button);

#endif
