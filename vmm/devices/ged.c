/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/ged.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "base/stream.h"
#include "board/board.h"
#include "board/irq.h"
#include "config/config.h"
#include "devices/ged.asl.h"

/* Bits of the register; ged.asl has them, too. */
#define POWER UINT32_C(0x02)
#define SLEEP UINT32_C(0x10)
#define BUTTONS (POWER | SLEEP)
#define PROBE UINT32_C(0x80000000)

static const uint32_t events[] = {
	[GED_POWER_BUTTON] = POWER,
	[GED_SLEEP_BUTTON] = SLEEP,
};

struct ged {
	pthread_mutex_t lock; /* For what follows. */
	struct irq_line irq;
	uint32_t selected; /* The register. */
	bool taken; /* The host has woken the guest for it. */
};

/* The line is high while an event waits. */
static void set_events(struct ged *ged, uint32_t selected)
{
	const bool was_high = ged->selected != 0;

	ged->selected = selected;
	if (was_high != (selected != 0))
		irq_line_set(&ged->irq, selected != 0);
}

/* --- the host's side --- */

void ged_press(struct ged *ged, enum ged_button button)
{
	pthread_mutex_lock(&ged->lock);
	ged->taken = false;
	set_events(ged, ged->selected | events[button]);
	pthread_mutex_unlock(&ged->lock);
}

void ged_probe(struct ged *ged)
{
	pthread_mutex_lock(&ged->lock);
	set_events(ged, ged->selected | PROBE);
	pthread_mutex_unlock(&ged->lock);
}

bool ged_waits(struct ged *ged, enum ged_button button)
{
	bool waits;

	pthread_mutex_lock(&ged->lock);
	waits = (ged->selected & (events[button] | PROBE)) != 0;
	pthread_mutex_unlock(&ged->lock);

	return waits;
}

void ged_withdraw(struct ged *ged, enum ged_button button)
{
	pthread_mutex_lock(&ged->lock);
	set_events(ged, ged->selected & ~(events[button] | PROBE));
	pthread_mutex_unlock(&ged->lock);
}

/* --- the guest's accesses --- */

static uint64_t ged_read(void *self, uint64_t offset, unsigned int size)
{
	struct ged *ged = self;
	uint32_t selected;

	if (offset != 0)
		return 0;

	pthread_mutex_lock(&ged->lock);
	selected = ged->selected;
	set_events(ged, 0);
	pthread_mutex_unlock(&ged->lock);

	return selected;
}

/* As on QEMU, nothing can be written. */
static void ged_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
}

/* --- as a device of the machine --- */

static size_t count(const struct config *config)
{
	return config_has_acpi(config) ? 1 : 0;
}

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct ged *ged = malloc(sizeof(*ged));

	if (!ged)
		return error_set(error, -ENOMEM, "out of memory");
	*ged = (struct ged){ .irq = { .vm_fd = setup->vm_fd, .spi = BOARD_GED_SPI } };
	pthread_mutex_init(&ged->lock, NULL);
	device->self = ged;
	device->base = BOARD_GED_BASE;
	device->size = BOARD_GED_SIZE;
	device->spi = BOARD_GED_SPI;

	return 0;
}

static void destroy(void *self)
{
	struct ged *ged = self;

	pthread_mutex_destroy(&ged->lock);
	free(ged);
}

static void describe_acpi(const struct device *device, struct aml *aml)
{
	uint8_t terms[sizeof(ged_aml)];

	memcpy(terms, ged_aml, sizeof(terms));
	aml_set_dword(terms + GED_GED1_BASE_DWORD, (uint32_t)device->base);
	aml_set_interrupt(terms + GED_GED1_GEDR_INTERRUPT, device->spi);
	aml_add(aml, terms, sizeof(terms));
}

static bool is_raised(void *self)
{
	struct ged *ged = self;
	bool raised;

	pthread_mutex_lock(&ged->lock);
	raised = (ged->selected & BUTTONS) != 0 && !ged->taken;
	pthread_mutex_unlock(&ged->lock);

	return raised;
}

static void take(void *self)
{
	struct ged *ged = self;

	pthread_mutex_lock(&ged->lock);
	ged->taken = true;
	pthread_mutex_unlock(&ged->lock);
}

static void ged_reset(void *self)
{
	struct ged *ged = self;

	pthread_mutex_lock(&ged->lock);
	ged->taken = false;
	set_events(ged, 0);
	pthread_mutex_unlock(&ged->lock);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	struct ged *ged = self;
	uint32_t selected;

	pthread_mutex_lock(&ged->lock);
	selected = ged->selected & BUTTONS;
	stream_serialize_u32(stream, &selected);
	/* What wakes the guest during a save wakes the one that is restored. */
	if (stream_is_loading(stream))
		set_events(ged, selected & BUTTONS);
	pthread_mutex_unlock(&ged->lock);

	return 0;
}

const struct device_ops ged_ops = {
	.name = "acpi-ged",
	.read = ged_read,
	.write = ged_write,
	.since = BOARD_VERSION_4,
	.count = count,
	.create = create,
	.destroy = destroy,
	.describe_acpi = describe_acpi,
	.wakes = "a button",
	.is_raised = is_raised,
	.take = take,
	.reset = ged_reset,
	.serialize = serialize,
};
