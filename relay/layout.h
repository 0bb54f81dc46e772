/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the monitor and what it starts are, and what C and assembly must agree on.
 *
 *	0x000000  the monitor's image and its memory: absent for EL1
 *	image_end the device tree that the OS gets, up to 2 MiB
 *	0x200000  the OS: a kernel's Image
 */
#ifndef RELAY_LAYOUT_H
#define RELAY_LAYOUT_H

/* What the monitor takes: an aligned block of this size, see flat.ld and start.S. */
#define MONITOR_SIZE 0x200000

#define CPU_MAX 256
#define STACK_SHIFT 12

/* struct smc: what the OS had when it called. */
#define SMC_X4 40
#define SMC_X18 152
#define SMC_ELR 168
#define SMC_SIZE 192

#endif
