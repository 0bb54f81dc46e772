/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A synchronous exception that a lower level takes as if its CPU had found it there
 * (DDI0487, D1.3). Levels are as SPSR has them, SPSR_EL_EL1 and SPSR_EL_EL2.
 */
#ifndef ARCH_ARM64_EXCEPTION_H
#define ARCH_ARM64_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

/** Whether @spsr is the state of a level below @level. */
bool exception_is_from_lower(uint64_t spsr, uint64_t level);

/** The offset from VBAR of the vector for an exception from the state @spsr to @level. */
uint64_t exception_vector(uint64_t spsr, uint64_t level);

/** The state in which @level, whose SCTLR is @sctlr, takes an exception from @spsr. */
uint64_t exception_state(uint64_t spsr, uint64_t level, uint64_t sctlr);

#endif
