/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND, with each server. libpsci checks the other vCPUs and the
 * entry point before it reports one; KVM does not, and leaves both checks to
 * dormouse.
 *
 * The vCPU that called asks the main thread, which knows what its user allows
 * (gate.h), and sleeps in KVM_MP_STATE_SUSPENDED if it may. The sleep ends with
 * an interrupt, which the vCPU reports to the main thread, or with a wake
 * request of the host.
 */
#ifndef VMM_PSCI_SUSPEND_H
#define VMM_PSCI_SUSPEND_H

#include <psci/psci.h>

#include <stdbool.h>
#include <stdint.h>

#include "machine/vcpu.h"
#include "machine/vm.h"

/** For psci_config.enable_functions, if the guest sees PSCI @version. */
uint32_t vpsci_suspend_functions(uint32_t version);

/**
 * Call it after PSCI_NEXT_SYSTEM_SUSPEND from psci_call(), with x0 written: the
 * main thread decides whether the machine is suspended. On the vCPU's thread.
 * Returns what the vCPU does next.
 */
enum vcpu_next vpsci_suspend_on_call(struct vcpu *vcpu, const struct psci_regs *regs);

/**
 * An interrupt has ended VCPU_SLEEP: report it to the main thread. Returns
 * false if the power cycle ends.
 */
bool vpsci_suspend_report_wake(struct vcpu *vcpu);

/** KVM_SYSTEM_EVENT_SUSPEND, on the vCPU's thread. */
enum vcpu_next vpsci_suspend_on_event(struct vcpu *vcpu);

/* --- struct vpsci_server, where KVM keeps power states --- */

enum vcpu_next vpsci_suspend_kvm_poll(struct vcpu *vcpu);
enum vcpu_next vpsci_suspend_kvm_wake(struct vcpu *vcpu);
int32_t vpsci_suspend_kvm_may(struct vm *vm, const struct vcpu *caller);
void vpsci_suspend_kvm_resume(struct vm *vm, struct vcpu *sleeper);

/* --- For both --- */

/** Whether the guest may start executing at @ipa. */
bool vpsci_suspend_entry_ok(const struct vm *vm, uint64_t ipa);

#endif
