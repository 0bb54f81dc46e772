/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where dormouse meets PSCI: libpsci behind KVM's SMCCC filter, KVM's own, or
 * both, see psci-mixed.h. All ways end in vm_stop() with the same causes.
 */
#ifndef VMM_PSCI_HOST_H
#define VMM_PSCI_HOST_H

#include "base/error.h"
#include "machine/vcpu.h"
#include "machine/vm.h"

/**
 * Decide who will serve PSCI to a VM that exists in KVM but has no vCPUs yet: the
 * one that its configuration names; if it names none, libpsci if this KVM can
 * forward the calls, else KVM. Sets vm->psci_server and vm->psci_fell_back.
 */
void psci_host_choose(struct vm *vm);

/**
 * Arrange who serves PSCI to the vCPUs of a VM, all created and none run yet;
 * sets vm->psci_version and vm->psci_kvm_version. vCPU 0 boots at @pc with @x0. Returns 0, or -errno with
 * @error set.
 */
int psci_host_begin(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error);

struct psci_machine;

/** libpsci's machine if it alone serves, to be saved and restored; else NULL. */
struct psci_machine *psci_host_machine(struct vm *vm);

/** Undo it, once no vCPU runs. */
void psci_host_end(struct vm *vm);

/**
 * What PSCI says to a SYSTEM_SUSPEND that @caller asks about (VCPU_MAY_SUSPEND):
 * PSCI_RET_SUCCESS or its answer. On the main thread, while all vCPUs are held up.
 */
int32_t psci_host_may_suspend(struct vm *vm, const struct vcpu *caller);

/**
 * End the SYSTEM_SUSPEND of @sleeper, which was allowed and has not been told of
 * as ended: it goes on at its entry point. An interrupt that shall be its reason
 * is raised after this. On the main thread.
 */
void psci_host_resume(struct vm *vm, struct vcpu *sleeper);

/* The rest is for a vCPU's own thread, which does what the answer says. */

/** After a kick, and before it first runs. */
enum vcpu_next psci_host_poll(struct vcpu *vcpu);

/** KVM_EXIT_HYPERCALL. */
enum vcpu_next psci_host_call(struct vcpu *vcpu);

/** An interrupt has ended VCPU_SLEEP. */
enum vcpu_next psci_host_wake(struct vcpu *vcpu);

/** KVM_EXIT_SYSTEM_EVENT. */
enum vcpu_next psci_host_system_event(struct vcpu *vcpu);

#endif
