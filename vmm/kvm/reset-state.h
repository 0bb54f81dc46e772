/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values that KVM_ARM_VCPU_INIT leaves in a vCPU's registers, to reset a
 * vCPU that has run without INIT.
 *
 * For a vCPU that has run, INIT does more than a reset: as if the whole guest
 * restarted, KVM unmaps all of the VM's RAM where the host lacks FEAT_S2FWB,
 * and cleans the data cache for every block that any vCPU accesses afterwards.
 * KVM's own CPU_ON does not do so, and ours need not.
 *
 * The system registers that KVM lists are written back, including the timers'
 * controls, whatever the kernel and the features of its vCPUs: a register that
 * a newer kernel adds is in its list. Not written are the ID registers, which
 * no guest changes; the counters, which belong to the machine; the values of
 * breakpoints and watchpoints, which MDSCR_EL1 disables; and the counts and
 * events of the PMU's counters, which PMCR_EL0 disables.
 *
 * x1 to x30, SP_EL0 and all of FP, SIMD and SVE become zero. The architecture
 * leaves them UNKNOWN after a reset; INIT and KVM's own CPU_ON clear them, so a
 * guest finds the same with every server of its PSCI. SP_EL1, ELR_EL1 and the
 * SPSRs keep their values, as with KVM.
 *
 * A counter of the PMU that counts has an event of the host's perf, which only
 * INIT stops on every kernel. Such a vCPU needs INIT.
 */
#ifndef VMM_RESET_STATE_H
#define VMM_RESET_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Linux 7.2 has about 30, and another 20 with a PMU, pointer authentication and
 * SVE.
 */
#define RESET_STATE_MAX 160

/** One for all vCPUs of a VM; it does not change once count is not 0. */
struct reset_state {
	pthread_mutex_t lock;
	size_t count; /**< 0 while unknown. */
	bool has_pmu;
	bool has_sve;
	struct {
		uint64_t id;
		uint64_t value;
	} registers[RESET_STATE_MAX];
};

void reset_state_create(struct reset_state *state);
void reset_state_destroy(struct reset_state *state);

/**
 * Read the state, if it is unknown, from a vCPU that has not run since INIT. On
 * failure it stays unknown. Call it from the thread that owns the vCPU.
 */
void reset_state_capture(struct reset_state *state, int vcpu_fd);

/**
 * Write it to a vCPU. Returns 0; or -errno, -ENOENT if it is unknown, -EBUSY if
 * a counter of its PMU counts, and INIT has to be used. Call it from the
 * thread that owns the vCPU.
 */
int reset_state_restore(struct reset_state *state, int vcpu_fd);

#endif
