/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/buttons.h"

#include "devices/ged.h"

static const enum ged_button ged_buttons[] = {
	[BUTTON_POWER] = GED_POWER_BUTTON,
	[BUTTON_SLEEP] = GED_SLEEP_BUTTON,
};

bool buttons_are_in(const struct config *config)
{
	return devices_count(&ged_ops, config) > 0;
}

bool buttons_exist(const struct devices *devices)
{
	return devices_ged(devices) != NULL;
}

void button_press(const struct devices *devices, enum button button)
{
	struct ged *ged = devices_ged(devices);

	if (ged)
		ged_press(ged, ged_buttons[button]);
}

void buttons_probe(const struct devices *devices)
{
	struct ged *ged = devices_ged(devices);

	if (ged)
		ged_probe(ged);
}

bool button_waits(const struct devices *devices, enum button button)
{
	struct ged *ged = devices_ged(devices);

	return ged && ged_waits(ged, ged_buttons[button]);
}

void button_withdraw(const struct devices *devices, enum button button)
{
	struct ged *ged = devices_ged(devices);

	if (ged)
		ged_withdraw(ged, ged_buttons[button]);
}
