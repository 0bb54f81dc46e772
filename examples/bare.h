/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare.h - what the bare-metal examples use of their board
 *
 * The board is QEMU's virt, or dormouse's: a PL011, a GICv3, the virtual timer.
 * Addresses and interrupts are those of both; a real program asks its device tree.
 */
#ifndef EXAMPLES_BARE_H
#define EXAMPLES_BARE_H

#include <stdbool.h>
#include <stdint.h>

/** Interrupts of each CPU's own. */
enum { SGI_KICK = 0, PPI_VIRTUAL_TIMER = 27, INTID_NONE = 1023 };

/** Write a text to the console; a number follows, in the given base of 10 or 16. */
void print(const char *text);
void print_number(int64_t number, unsigned int base);

/**
 * Let one of the caller's private interrupts become pending at it. PSTATE.I stays
 * set: it wakes from WFI, and is never taken. @cpu counts from 0 as the GIC does.
 */
void gic_enable(unsigned int cpu, unsigned int intid);

/** Send SGI_KICK to a CPU of this number. */
void gic_kick(unsigned int cpu);

/** Which interrupt is pending, INTID_NONE if none is; it becomes active. */
unsigned int gic_acknowledge(void);

/** Let others in again; but not this one before gic_deactivate(), see ICC_CTLR_EL1.EOImode. */
void gic_drop_priority(unsigned int intid);
void gic_deactivate(unsigned int intid);

#endif
