/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of the lower levels, as vectors.S saves them. */
#ifndef EL3_SMC_H
#define EL3_SMC_H

#include <psci/psci.h>

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/**
 * What a function in C may change, of an AArch64 caller. The library takes the
 * begin as it is.
 */
struct smc_frame {
	struct psci_regs regs;
	uint64_t x4_to_x17[14];
	uint64_t x18;
	uint64_t x30;
};

_Static_assert(offsetof(struct smc_frame, x4_to_x17) == SMC_FRAME_X4, "vectors.S has this offset");
_Static_assert(sizeof(struct smc_frame) <= SMC_FRAME_SIZE, "vectors.S has this size");

/** Before the first call: what the CPU says of workarounds. */
void smc_begin(void);

/**
 * From vectors.S: carry out a call, whose registers begin a struct smc_frame.
 */
void smc_call(struct psci_regs *regs);

#endif
