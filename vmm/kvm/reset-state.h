/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What KVM_ARM_VCPU_INIT leaves in a vCPU's registers, to bring a vCPU that has run
 * back to it without INIT.
 *
 * Of a vCPU that has run, INIT does more than reset it: for a guest that
 * restarts as a whole, KVM unmaps all of the VM's RAM where the host lacks
 * FEAT_S2FWB, and cleans the data cache for every block that any vCPU touches
 * afterwards. KVM's own CPU_ON does not do so, and neither need ours.
 *
 * What is written back are the system registers that KVM lists, the timers'
 * controls among them, whatever the kernel and the features of its vCPUs: a
 * register that a newer kernel adds is in its list. Not written are those that
 * identify, which no guest changes; the counters, which are the machine's; and the
 * values of breakpoints and watchpoints, which MDSCR_EL1 turns off.
 *
 * x1 to x30, SP_EL0 and all of FP and SIMD become zero. The architecture leaves them
 * UNKNOWN after a reset; INIT and KVM's own CPU_ON clear them, so that a guest finds
 * the same whoever serves its PSCI. SP_EL1, ELR_EL1 and the SPSRs keep what they have,
 * as they do there. dormouse gives its guests no SVE; its registers would not be in
 * here.
 */
#ifndef VMM_RESET_STATE_H
#define VMM_RESET_STATE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Linux 7.2 has about 30. */
#define RESET_STATE_MAX 160

/** Of all vCPUs of a VM, which share it; count does not change once it is not 0. */
struct reset_state {
	pthread_mutex_t lock;
	size_t count; /**< 0 while unknown. */
	struct {
		uint64_t id;
		uint64_t value;
	} registers[RESET_STATE_MAX];
};

void reset_state_create(struct reset_state *state);
void reset_state_destroy(struct reset_state *state);

/**
 * Learn it, if it is unknown, from a vCPU that has not run since INIT. What
 * cannot be learnt stays unknown. For the thread that owns it.
 */
void reset_state_learn(struct reset_state *state, int vcpu_fd);

/**
 * Write it to a vCPU. Returns 0; or -errno, -ENOENT if it is unknown, and INIT has
 * to do it. For the thread that owns it.
 */
int reset_state_restore(struct reset_state *state, int vcpu_fd);

#endif
