/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_RUN of a vCPU that waits until the test ends the call. */
#ifndef TESTS_KVM_VCPU_RUN_H
#define TESTS_KVM_VCPU_RUN_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * KVM_RUN of the vCPU @fd: ask @leaves() each millisecond, which returns false, or fills in an
 * exit and returns true. Returns 0 then; -1 with errno set to EINTR if the vCPU is kicked.
 */
int vcpu_run(int fd, bool (*leaves)(struct kvm_run *shared));

/** An exit by the call @function of PSCI. */
void vcpu_exit_by_call(struct kvm_run *shared, uint32_t function);

#endif
