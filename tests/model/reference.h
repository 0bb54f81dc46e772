/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second PSCI implementation, for machines of a few vCPUs: what the library
 * is held against. It is written from the specification, says everything in the
 * plainest way, and shares numbers and types with the library, never code.
 */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stdint.h>

#define REF_VCPU_MAX 3

/** What a vCPU is. */
enum ref_state {
	REF_OFF,
	REF_PENDING,
	REF_ON,
	REF_STANDBY,
};

/** A machine. Only what counts is kept: all else is zero, so that equal machines are equal bytes. */
struct ref_machine {
	uint32_t version;
	uint32_t withheld; /**< Bit n: function number n is not there. */
	uint64_t refused_entry; /**< The one address without memory. */
	uint64_t mpidr[REF_VCPU_MAX];
	unsigned int vcpu_count;
	enum ref_state state[REF_VCPU_MAX];
	struct psci_entry entry[REF_VCPU_MAX]; /**< Of those that are REF_PENDING. */
	struct psci_event event; /**< Its vctx stays NULL, the caller is below. */
	unsigned int event_caller;
};

/** What becomes of the vCPU that called, polled or woke up. */
struct ref_answer {
	enum psci_next next;
	uint64_t x0; /**< On PSCI_NEXT_RESUME and PSCI_NEXT_SLEEP after a call. */
	bool has_x0; /**< Whether x0 is written. */
	struct psci_entry entry; /**< On PSCI_NEXT_START. */
};

struct ref_answer ref_call(struct ref_machine *m, unsigned int caller,
			   const struct psci_regs *regs);
struct ref_answer ref_poll(struct ref_machine *m, unsigned int vcpu);
struct ref_answer ref_wake(struct ref_machine *m, unsigned int vcpu);
void ref_boot(struct ref_machine *m, unsigned int vcpu, const struct psci_entry *entry);

#endif
