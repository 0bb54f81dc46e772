/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpsci beside KVM's own PSCI: what --psci mixed is made of.
 *
 * KVM keeps every vCPU's power state and serves all calls but PSCI_VERSION,
 * PSCI_FEATURES and SYSTEM_OFF2, none of which asks what another vCPU does. So
 * to libpsci each vCPU is a machine of its own, always on: nothing is shared,
 * nothing needs a lock, and a call is carried out on whichever vCPU makes it.
 *
 * KVM is held at PSCI 1.1, or at the guest's version if that is older: all that
 * KVM's 1.2 and 1.3 add is forwarded. Every KVM with the filter has 1.1, and a
 * version that is held means the same on every kernel, so that PSCI_FEATURES can
 * say what KVM does without asking it, and a guest finds the same on any host.
 */
#ifndef VMM_PSCI_MIXED_H
#define VMM_PSCI_MIXED_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "machine/vm.h"

struct psci_mixed;

/**
 * Make libpsci's side for all vCPUs of @vm, which shows its guest PSCI @version,
 * and connect each with its part. @host: its lock is not needed. Returns 0
 * with @created set, for psci_mixed_destroy(), or -errno with @error set.
 */
int psci_mixed_create(struct vm *vm, uint32_t version, const struct psci_host *host,
		      struct psci_mixed **created, struct error *error);

/** NULL is allowed. */
void psci_mixed_destroy(struct psci_mixed *mixed);

/** The version at which KVM is held for a guest that is shown @version. */
uint32_t psci_mixed_kvm_version(uint32_t version);

/**
 * Whether the call is a question for a function that libpsci would announce and
 * KVM, which would have to serve it, does not know: one with SVE's hint.
 */
bool psci_mixed_is_unserved(const struct psci_regs *regs);

/** What the vCPU with this index asked for, after PSCI_NEXT_EXIT. */
struct psci_event psci_mixed_event(struct psci_mixed *mixed, unsigned int vcpu);

#endif
