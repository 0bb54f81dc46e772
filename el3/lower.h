/* SPDX-License-Identifier: BSD-3-Clause */
/* The levels below EL3: what they may use of the CPU, and where they start. */
#ifndef EL3_LOWER_H
#define EL3_LOWER_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stdint.h>

/** On each CPU, once: let the lower levels use all that this CPU has. */
void lower_begin(void);

/**
 * Whether the CPU has EL2, which is then where the next stage starts; else it
 * is EL1.
 */
bool lower_has_el2(void);

/** Whether the caller of this moment has big-endian data accesses. */
bool lower_is_big_endian(void);

/** Start or wake the lower levels of this CPU, whose stack is empty then. */
_Noreturn void lower_start(const struct psci_entry *entry);

#endif
