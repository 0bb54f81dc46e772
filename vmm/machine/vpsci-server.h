/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server that answers the PSCI calls of a VM's vCPUs, as the machine calls
 * it. vpsci/ has all three: libpsci, KVM, and KVM with libpsci for what it may
 * lack. All end in vm_stop() with the same causes.
 */
#ifndef VMM_VPSCI_SERVER_H
#define VMM_VPSCI_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "machine/vcpu-next.h"

struct vcpu;
struct vm;

struct vpsci_server {
	enum psci_server name; /**< Never PSCI_SERVER_ANY. */

	/**
	 * KVM starts and stops vCPUs, so all but the first are off at first.
	 */
	bool kvm_keeps_power;

	/**
	 * Set PSCI up for a VM whose vCPUs are all created and have not run.
	 * Sets vm->psci_version and vm->psci_kvm_version. vCPU 0 boots at @pc
	 * with @x0. Returns 0, or -errno with @error set, after which end() is
	 * called too.
	 */
	int (*begin)(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error);

	/** Undo begin(), once no vCPU runs. */
	void (*end)(struct vm *vm);

	/* On the main thread, while all vCPUs are paused at the gate: */

	/**
	 * The answer to a SYSTEM_SUSPEND that @caller asks about
	 * (VCPU_MAY_SUSPEND): PSCI_RET_SUCCESS or the call's error.
	 */
	int32_t (*may_suspend)(struct vm *vm, const struct vcpu *caller);

	/**
	 * End the SYSTEM_SUSPEND of @sleeper, which was allowed and has not
	 * been reported as ended: the vCPU continues at its entry point. An
	 * interrupt that is to be the reason is raised after this.
	 */
	void (*resume)(struct vm *vm, struct vcpu *sleeper);

	/* On the vCPU's own thread, which does next what they return: */

	/** After a kick, and before the vCPU first runs. */
	enum vcpu_next (*poll)(struct vcpu *vcpu);

	/** KVM_EXIT_HYPERCALL. */
	enum vcpu_next (*call)(struct vcpu *vcpu);

	/** An interrupt has ended VCPU_SLEEP. */
	enum vcpu_next (*wake)(struct vcpu *vcpu);

	/** KVM_EXIT_SYSTEM_EVENT. */
	enum vcpu_next (*system_event)(struct vcpu *vcpu);
};

/**
 * Chooses for a VM that exists in KVM and has no vCPUs yet. See vpsci_choose().
 */
typedef const struct vpsci_server *vpsci_chooser(struct vm *vm);

#endif
