/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine of the library and one of the reference side by side, with a host whose
 * threads follow the answers. Both take one step at a time, and every difference is
 * reported.
 *
 * The library takes its lock once in each of its functions, so a step is what threads can
 * interleave: every order of steps is an execution, and there is no other. After the lock
 * there are only kicks; an eager host answers a kick at once, another one later.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "reference.h"

#include <psci/psci.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORLD_INDEX_SIZE 4
#define WORLD_REFUSED_ENTRY UINT64_C(0xdead0000)

/** The last answer to a vCPU's thread. */
enum doing {
	DOING_NOTHING, /**< It has not polled yet. */
	DOING_RUN,
	DOING_WAIT,
	DOING_SLEEP,
	DOING_SYSTEM_SUSPEND,
	DOING_EXIT,
};

/** All that a step can change. Comparable and copied as bytes; must not move. */
struct world_state {
	struct psci_machine machine;
	struct psci_vcpu vcpus[REF_VCPU_MAX];
	struct psci_vcpu *index[WORLD_INDEX_SIZE];
	struct psci_domain domains[REF_DOMAIN_COUNT];
	struct ref_machine ref;
	uint8_t doing[REF_VCPU_MAX];
	bool kicked[REF_VCPU_MAX]; /**< Since it last polled. */
};

/** The parts of a world. MPIDRs are the first ones of world_mpidrs. */
struct world_kind {
	unsigned int vcpu_count;
	uint32_t version;
	uint32_t disabled;
	uint32_t enabled;
	unsigned int first_state; /**< Of world_states. */
	unsigned int state_count; /**< 0: none are described. */
	bool extended; /**< Of world_extended_states instead. */
	bool domains;
	bool memory;
	bool vendor_reset;
	bool refuses; /**< As ref_platform. */
	bool hide_on_pending;
	enum psci_vcpu_availability availability; /**< Of vCPU 1. */
	enum psci_trusted_os trusted_os; /**< On vCPU 0 first. */
	bool eager;
	bool no_lock; /**< The host gives no lock. */
};

struct world {
	struct world_state now;
	struct ref_platform platform;
	struct psci_host host;
	struct seat {
		struct world *world;
		unsigned int number;
	} seats[REF_VCPU_MAX];
	bool eager; /**< Poll at once when kicked. */
	bool locked;
	unsigned int nesting; /**< Of library calls, for kicks that are answered at once. */
	const char *wrong; /**< The first difference of this step, or NULL. */
};

enum step_kind {
	STEP_CALL,
	STEP_POLL,
	STEP_WAKE,
	STEP_BOOT,
	STEP_WAKE_MACHINE, /**< psci_machine_wake() */
	STEP_DENY, /**< psci_machine_deny() */
	STEP_RESTORE, /**< The machine is saved, made anew, and restored. */
};

struct step {
	enum step_kind kind;
	unsigned int vcpu;
	bool anytime; /**< STEP_CALL: also by a thread that does not run its guest. */
	struct psci_regs regs; /**< STEP_CALL */
	struct psci_entry entry; /**< STEP_BOOT */
};

/** Machines of version 0.1 have these ids. */
/* Versions of clang-format disagree about this. */
/* clang-format off */
#define WORLD_FIDS_0_1                                                                  \
	{                                                                               \
		.cpu_suspend = 0x95c1ba5e, .cpu_off = 0x95c1ba5f, .cpu_on = 0x95c1ba60, \
		.migrate = 0x95c1ba61                                                   \
	}
/* clang-format on */

#define WORLD_STATE_MAX 6
extern const struct psci_idle_state world_states[WORLD_STATE_MAX];
extern const struct psci_idle_state world_extended_states[2];

extern const uint64_t world_mpidrs[REF_VCPU_MAX];

/** Compare as bytes, with padding: code that writes one of these writes all of it. */
static inline bool same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

/** Set up both machines, no vCPU of which has booted. */
void world_init(struct world *w, const struct world_kind *kind);

/** Take a step. Returns NULL, or what is wrong. */
const char *world_step(struct world *w, const struct step *step);

/** Describe a step in one line. */
void world_print_step(const struct step *step);

#endif
