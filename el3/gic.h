/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The secure side of the GICv3. One interrupt is ours, KICK_SGI in Group 0; all
 * others are of the non-secure Group 1, for the lower levels to configure.
 */
#ifndef EL3_GIC_H
#define EL3_GIC_H

#include <stdbool.h>

#include "cpu.h"

/**
 * Once: the distributor, and each CPU's redistributor. NULL, or what is wrong.
 */
const char *gic_begin(void);

/** On each CPU: its interface. */
void gic_begin_cpu(void);

/** The interface as a lower level finds it after a reset: nothing enabled. */
void gic_reset_interface(void);

/**
 * Let a CPU come to EL3, or end its wait. From any CPU, and any number of
 * times.
 */
void gic_kick(const struct cpu *cpu);

/** Take the kick of this CPU: whether there was one. */
bool gic_take_kick(void);

/** Wait for a kick; interrupts of lower levels stay pending. */
void gic_wait_for_kick(void);

/**
 * Wait for a kick, or for an interrupt that is pending and enabled for this
 * CPU, whatever the lower levels have made of its interface. Returns whether
 * there is such an interrupt.
 */
bool gic_wait_for_interrupt(void);

#endif
