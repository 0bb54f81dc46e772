/* SPDX-License-Identifier: BSD-3-Clause */
/* fw_cfg as a device of the machine. */
#include "devices/fw-cfg.h"

#include <string.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "board/board.h"
#include "boot/tree-writer.h"
#include "config/config.h"
#include "devices/fw-cfg.asl.h"

static size_t count(const struct config *config)
{
	return config->firmware ? 1 : 0;
}

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct fw_cfg *fw_cfg;
	const int err = fw_cfg_create(&fw_cfg, setup->memory);

	if (err)
		return error_set(error, err, "out of memory");
	device->self = fw_cfg;
	device->base = BOARD_FW_CFG_BASE;
	device->size = BOARD_FW_CFG_SIZE;

	return 0;
}

static void destroy(void *self)
{
	fw_cfg_destroy(self);
}

static void describe(const struct device *device, struct tree_writer *tree)
{
	tree_begin_at(tree, "fw-cfg", device->base);
	tree_text(tree, "compatible", "qemu,fw-cfg-mmio");
	TREE_CELLS(tree, "reg", TREE_PAIR(device->base), TREE_PAIR(device->size));
	tree_flag(tree, "dma-coherent");
	tree_end(tree);
}

static void describe_acpi(const struct device *device, struct aml *aml)
{
	uint8_t terms[sizeof(fw_cfg_aml)];

	memcpy(terms, fw_cfg_aml, sizeof(terms));
	aml_set_memory(terms + FW_CFG_FWCF_REGS_MEMORY32, device);
	aml_add(aml, terms, sizeof(terms));
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	fw_cfg_serialize(self, stream);

	return 0;
}

const struct device_ops fw_cfg_ops = {
	.name = "fw_cfg",
	.read = fw_cfg_read,
	.write = fw_cfg_write,
	.since = BOARD_VERSION_3,
	.count = count,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.describe_acpi = describe_acpi,
	.reset = fw_cfg_reset,
	.serialize = serialize,
};
