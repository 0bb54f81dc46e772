/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM's own PSCI, where it keeps the vCPUs' power states: --psci kernel and mixed. */
#ifndef VMM_PSCI_KVM_H
#define VMM_PSCI_KVM_H

#include <stdint.h>

#include "base/error.h"
#include "machine/vm.h"

/**
 * Hold it at @version, let it pass SYSTEM_SUSPEND on, and let vCPU 0 boot at @pc
 * with @x0. All vCPUs are created and none has run. Returns 0, or -errno with @error
 * set.
 */
int psci_kvm_begin(struct vm *vm, uint64_t pc, uint64_t x0, uint32_t version, struct error *error);

#endif
