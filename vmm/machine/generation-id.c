/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/generation-id.h"

#include <string.h>

#include "base/message.h"
#include "base/random.h"
#include "board/board.h"
#include "board/irq.h"
#include "boot/efi.h"
#include "devices/fw-cfg.h"
#include "machine/devices.h"

int generation_id_make(struct config *config, struct error *error)
{
	const int err = random_fill(config->generation_id, sizeof(config->generation_id));

	return err ? error_set(error, err, "cannot make a generation ID: %s", strerror(-err)) : 0;
}

/* Where dormouse has put it. */
static uint8_t *find_of_kernel(const struct vm *vm)
{
	uint8_t *present = efi_find_generation_id(&vm->image, &vm->memory);

	if (!present)
		message("%s: its guest cannot be given a generation ID, since %s is not the kernel "
			"that it was started with",
			vm->name, vm->config->kernel);

	return present;
}

/*
 * Where its firmware has put it, and has said so. One that has not said so, such
 * as U-Boot, has given its guest no ID.
 */
static uint8_t *find_of_firmware(const struct vm *vm)
{
	const struct fw_cfg *fw_cfg = devices_fw_cfg(vm->devices);
	const uint64_t address = fw_cfg ? fw_cfg_answer(fw_cfg) : 0;

	return memory_at(&vm->memory, address, CONFIG_GENERATION_ID_SIZE);
}

void generation_id_update(struct vm *vm)
{
	const struct irq_line line = { .vm_fd = &vm->fd, .spi = BOARD_GENERATION_ID_SPI };
	const uint8_t *wanted = vm->config->generation_id;
	uint8_t *present;

	if (!config_has_acpi(vm->config))
		return;
	present = vm->config->firmware ? find_of_firmware(vm) : find_of_kernel(vm);
	if (!present || memcmp(present, wanted, CONFIG_GENERATION_ID_SIZE) == 0)
		return;
	memcpy(present, wanted, CONFIG_GENERATION_ID_SIZE);
	/* Its edge stays pending while the guest has it masked. */
	irq_line_set(&line, true);
	irq_line_set(&line, false);
	message("%s: its guest is notified that its generation ID is another one", vm->name);
}
