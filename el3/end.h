/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a power cycle that the lower levels asked for. */
#ifndef EL3_END_H
#define EL3_END_H

#include <psci/psci.h>

#include "cpu.h"

/**
 * On each CPU: the one that called ends the machine once all others are here.
 */
_Noreturn void end(const struct cpu *cpu, struct psci_machine *psci);

#endif
