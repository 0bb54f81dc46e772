/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/pvpanic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "board/board.h"
#include "boot/tree-writer.h"
#include "devices/pvpanic.asl.h"

#define PANICKED (1U << 0)
#define CRASH_LOADED (1U << 1)

/* Constant. */
struct pvpanic {
	void (*panicked)(void *context);
	void *context;
};

static uint64_t pvpanic_read(void *self, uint64_t offset, unsigned int size)
{
	return offset == 0 ? PANICKED | CRASH_LOADED : 0;
}

static void pvpanic_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	const struct pvpanic *pvpanic = self;

	if (offset == 0 && (value & PANICKED))
		pvpanic->panicked(pvpanic->context);
}

static void pvpanic_reset(void *self)
{
}

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct pvpanic *pvpanic = malloc(sizeof(*pvpanic));

	if (!pvpanic)
		return error_set(error, -ENOMEM, "out of memory");
	*pvpanic = (struct pvpanic){ setup->panicked, setup->context };
	device->self = pvpanic;
	device->base = BOARD_PVPANIC_BASE;
	device->size = BOARD_PVPANIC_SIZE;

	return 0;
}

static void destroy(void *self)
{
	free(self);
}

static void describe(const struct device *device, struct tree_writer *tree)
{
	tree_begin_at(tree, "pvpanic", device->base);
	tree_text(tree, "compatible", "qemu,pvpanic-mmio");
	TREE_CELLS(tree, "reg", TREE_PAIR(device->base), TREE_PAIR(device->size));
	tree_end(tree);
}

static void describe_acpi(const struct device *device, struct aml *aml)
{
	uint8_t terms[sizeof(pvpanic_aml)];

	memcpy(terms, pvpanic_aml, sizeof(terms));
	aml_set_memory(terms + PVPANIC_PEVT_REGS_MEMORY32, device);
	aml_add(aml, terms, sizeof(terms));
}

const struct device_ops pvpanic_ops = {
	.name = "pvpanic",
	.read = pvpanic_read,
	.write = pvpanic_write,
	.since = BOARD_VERSION_3,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.describe_acpi = describe_acpi,
	.reset = pvpanic_reset,
};
