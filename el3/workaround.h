/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this CPU needs of its firmware against speculative attacks, and what it
 * gets.
 */
#ifndef EL3_WORKAROUND_H
#define EL3_WORKAROUND_H

#include <psci/smccc-arch.h>

#include <stdbool.h>
#include <stdint.h>

#define WORKAROUND_COUNT 3

/** On each CPU: what is done once for all. */
void workaround_begin_cpu(void);

/**
 * The answers to SMCCC_ARCH_FEATURES of the three workarounds, true of this
 * CPU.
 */
void workaround_describe(struct psci_smccc_feature features[WORKAROUND_COUNT]);

/**
 * Carry out a call of a workaround that has been announced; false if @fid is
 * none.
 */
bool workaround_call(uint32_t fid);

#endif
