/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's fw_cfg: the kernel, the initrd and the command line that its user
 * gave.
 */
#ifndef EL3_FW_CFG_H
#define EL3_FW_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_SIZE = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
};

/** Whether there is one that has DMA. */
bool fw_cfg_present(void);

/** An item that is a number of 32 bits. */
uint32_t fw_cfg_number(uint16_t key);

/**
 * Read the begin of an item to RAM of the non-secure state; false if it could
 * not be.
 */
bool fw_cfg_read(uint16_t key, uint64_t to, uint32_t size);

#endif
