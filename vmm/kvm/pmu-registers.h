/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a vCPU's PMU that come in pairs: one sets bits of a state
 * and the other clears them, and both read as the state. What a write of
 * KVM_SET_ONE_REG does depends on the kernel: until Linux 6.6 and since 6.15
 * either of them replaces the state, and in between they set and clear bits, as
 * they do for a guest. So what is read from a pair and written back to both is
 * lost on some kernels. To write UINT64_MAX to the one that clears, and then the
 * state to the one that sets, leaves the state on all of them.
 */
#ifndef VMM_PMU_REGISTERS_H
#define VMM_PMU_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/registers.h"

#define KVM_REGISTER_PMCR_EL0 ARM64_SYS_REG(3, 3, 9, 12, 0)
#define PMCR_EL0_E (1ULL << 0) /**< Enabled counters count. */
#define KVM_REGISTER_PMCNTENSET_EL0 ARM64_SYS_REG(3, 3, 9, 12, 1)

/** Whether it is the one of a pair that clears: the other is all of the state. */
bool kvm_register_clears(uint64_t id);

/** The one of its pair that clears, or 0 if @id does not set. */
uint64_t kvm_register_that_clears(uint64_t id);

/** How many event counters there are, from the value of PMCR_EL0: up to 31. */
unsigned int kvm_pmu_counters(uint64_t pmcr);

/** Whether it is a count, or what an event counter counts. */
bool kvm_register_is_pmu_count(uint64_t id);

/**
 * Whether it is of an event counter that a guest with @counters of them does not have:
 * KVM lists all 31, and lets none access the others.
 */
bool kvm_register_is_of_no_counter(uint64_t id, unsigned int counters);

#endif
