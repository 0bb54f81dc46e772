/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM's SMCCC filter for PSCI: which calls KVM forwards. */
#ifndef VMM_PSCI_FILTER_H
#define VMM_PSCI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kvm/kvm.h"

/** Whether the KVM of a VM has the filter, which came with Linux 6.4. */
bool smccc_filter_offered(int vm_fd);

/**
 * Forward every PSCI call. Before any vCPU has run. Returns 0, or -errno with
 * @error set.
 */
int smccc_filter_forward_all(const struct kvm *kvm, int vm_fd, struct error *error);

/**
 * Forward the calls that announce functions, or that KVM may lack:
 * PSCI_VERSION, PSCI_FEATURES and SYSTEM_OFF2. Like smccc_filter_forward_all().
 */
int smccc_filter_forward_mixed(const struct kvm *kvm, int vm_fd, struct error *error);

/** Whether smccc_filter_forward_mixed() forwards @fid. */
bool smccc_filter_forwards_in_mixed(uint32_t fid);

#endif
