/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The features of board/cpu-features.h in KVM. They are requested by
 * KVM_ARM_VCPU_INIT, each time with the same set; SVE is finalized after that,
 * before KVM lists registers or runs the vCPU; the PMU is initialised once the
 * GIC is. A vCPU's own thread calls these, or its creator before there is one.
 */
#ifndef VMM_KVM_CPU_FEATURES_H
#define VMM_KVM_CPU_FEATURES_H

#include <stdint.h>

#include <linux/kvm.h>

#include "board/cpu-features.h"

/** Those that the host's KVM has for the vCPUs of a VM, as a set. */
unsigned int kvm_cpu_features_offered(int vm_fd);

/** Request a set of them in the argument of kvm_init_vcpu(). */
void kvm_request_cpu_features(struct kvm_vcpu_init *init, unsigned int features);

/**
 * Finalize SVE, with the vector lengths @wanted if KVM accepts them, or with
 * all that it has if it does not or @wanted is NULL. Sets @lengths to those
 * that the vCPU has. Returns 0 or -errno.
 */
int kvm_finalize_sve(int vcpu_fd, const uint64_t *wanted, uint64_t lengths[SVE_LENGTH_WORDS]);

/** Connect the PMU's interrupt and initialise it. Returns 0 or -errno. */
int kvm_init_pmu(int vcpu_fd);

#endif
