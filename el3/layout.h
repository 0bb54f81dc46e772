/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory map of QEMU's virt with secure=on, and what of it the monitor
 * uses. C, assembly and the linker script must agree on it; docs/el3.md
 * describes it.
 */
#ifndef EL3_LAYOUT_H
#define EL3_LAYOUT_H

/* The CPUs start at the begin of the secure flash. The code runs there. */
#define FLASH_BASE 0x00000000
#define FLASH_SIZE 0x04000000

/* RAM that only the secure state can access: all that the monitor writes. */
#define SECURE_RAM_BASE 0x0e000000
#define SECURE_RAM_SIZE 0x01000000

/* The GIC, the UARTs, the clock, fw_cfg and the GPIOs. */
#define DEVICES_BASE 0x08000000
#define DEVICES_END 0x09200000

#define CONSOLE_UART 0x09000000 /* The next stage's, and ours while we boot. */
#define SECURE_UART 0x09040000
#define FW_CFG_BASE 0x09020000
#define SECURE_GPIO_BASE 0x090b0000

/* The device tree is where QEMU puts it; the next stage follows. */
#define RAM_BASE 0x40000000
#define TREE_SIZE_MAX 0x00200000
#define NEXT_BASE (RAM_BASE + TREE_SIZE_MAX)

/* As many as virt has with a GICv3. */
#define CPU_MAX 512

/* Below each stack a page is unmapped. */
#define STACK_SIZE 0x1000
#define STACK_STRIDE 0x2000

/* What an SMC saves: struct smc_frame, see smc.h. */
#define SMC_FRAME_X4 40
#define SMC_FRAME_SIZE 176

/* Group 0: only EL3 gets it, at once, whatever the lower levels mask. */
#define KICK_SGI 15

#endif
