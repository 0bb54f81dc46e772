/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses and interrupts of the machine: those of QEMU's `virt`, as far
 * as we have its devices, so software made for one runs on the other.
 *
 * What a guest finds has a version, which a machine keeps for as long as a
 * guest may rely on it: a guest that hibernated finds the board that it left,
 * whichever dormouse resumes it. tests/unit/vmm/boot/machine has each version
 * as it was published; a change that a guest can find needs a new version.
 *
 *	1	The device tree is at RAM's base.
 *	2	The device tree is above a kernel or a flat binary, as for
 *		QEMU's -kernel, and has a hypervisor node.
 *	3	Behind a firmware, the second bank of flash is a chip, fw_cfg
 *		has ACPI tables, and the device tree has both. There is pvpanic.
 *		CPUs have KVM's PMU, pointer authentication and SVE.
 *	4	The device tree has the flash chips in a node of their own. With
 *		ACPI there are a power and a sleep button. There are
 *		virtio-console, with a port for an agent, and network devices.
 */
#ifndef VMM_BOARD_H
#define VMM_BOARD_H

#define BOARD_VERSION_1 1
#define BOARD_VERSION_3 3
#define BOARD_VERSION_4 4
#define BOARD_VERSION_NEWEST BOARD_VERSION_4

/* Two banks of flash: one for the firmware, and one for its variables. */
#define BOARD_FLASH_BASE 0x00000000ULL
#define BOARD_FLASH_BANK_SIZE 0x04000000ULL
#define BOARD_FLASH_BANKS 2
/* The second is a chip, of so many bytes side by side. */
#define BOARD_FLASH_CHIP_BASE (BOARD_FLASH_BASE + BOARD_FLASH_BANK_SIZE)
#define BOARD_FLASH_CHIP_WIDTH 4

#define BOARD_GIC_DIST_BASE 0x08000000ULL
#define BOARD_GIC_DIST_SIZE 0x00010000ULL
#define BOARD_GIC_REDIST_BASE 0x080a0000ULL
#define BOARD_GIC_REDIST_SIZE 0x00020000ULL /* For each vCPU. */

#define BOARD_UART_BASE 0x09000000ULL
#define BOARD_UART_SIZE 0x1000ULL
#define BOARD_UART_SPI 1
#define BOARD_RTC_BASE 0x09010000ULL
#define BOARD_RTC_SIZE 0x1000ULL
#define BOARD_RTC_SPI 2
#define BOARD_FW_CFG_BASE 0x09020000ULL
#define BOARD_FW_CFG_SIZE 0x18ULL
/*
 * In QEMU's `virt` it is a PCI device. This is the last address in front of the
 * virtio slots, and QEMU's own devices come from the other end.
 */
#define BOARD_PVPANIC_BASE 0x09ff0000ULL
#define BOARD_PVPANIC_SIZE 2ULL

/* The generic event device of ACPI, which has the buttons. */
#define BOARD_GED_BASE 0x09080000ULL
#define BOARD_GED_SIZE 4ULL
#define BOARD_GED_SPI 9

/* With ACPI: the guest's generation ID has changed. */
#define BOARD_GENERATION_ID_SPI 3

#define BOARD_VIRTIO_BASE 0x0a000000ULL
#define BOARD_VIRTIO_SIZE 0x200ULL
#define BOARD_VIRTIO_SPI 16
#define BOARD_VIRTIO_SLOTS 32
/* Disks begin at slot 0, in the order in which they were given. */
#define BOARD_VIRTIO_RNG_SLOT (BOARD_VIRTIO_SLOTS - 1)
#define BOARD_VIRTIO_CONSOLE_SLOT (BOARD_VIRTIO_SLOTS - 2)
/* Network devices are below that, downwards in the order in which they were given. */
#define BOARD_VIRTIO_NET_SLOT (BOARD_VIRTIO_SLOTS - 3)

/* GIC_CREATE sizes the distributor for these; a multiple of 32. */
#define BOARD_INTERRUPTS 96

/* Private peripheral interrupts of the generic timer, as INTID - 16. */
#define BOARD_TIMER_SECURE_PPI 13
#define BOARD_TIMER_PHYSICAL_PPI 14
#define BOARD_TIMER_VIRTUAL_PPI 11
#define BOARD_TIMER_HYP_PPI 10
/* And of the performance monitors. */
#define BOARD_PMU_PPI 7

#endif
