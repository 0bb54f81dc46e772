/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three servers of PSCI, and the functions that they share. Only for
 * vpsci/.
 */
#ifndef VMM_VPSCI_INTERNAL_H
#define VMM_VPSCI_INTERNAL_H

#include <psci/psci.h>

#include "base/error.h"
#include "machine/vcpu.h"
#include "vpsci/vpsci.h"

/** libpsci, through KVM's SMCCC filter, in userspace.c. */
extern const struct vpsci_server vpsci_userspace;

/** KVM, and libpsci for the calls that KVM may lack, in mixed.c. */
extern const struct vpsci_server vpsci_mixed;

/** KVM, in kernel.c. */
extern const struct vpsci_server vpsci_kernel;

/**
 * The first step of begin(): determine KVM's version, check that the server
 * supports the configuration, and set vm->psci_version, to @newest unless the
 * configuration names one; 0 stands for KVM's own. Returns 0, or -errno with
 * @error set.
 */
int vpsci_set_version(struct vm *vm, uint32_t newest, struct error *error);

/* struct psci_host, of a machine whose ctx is the VM. */
void vpsci_on_kick(void *ctx, void *vctx);
bool vpsci_on_entry_ok(void *ctx, uint64_t ipa);

/**
 * Stop the machine from this vCPU: call vm_stop() with the cause that @event
 * means. Returns VCPU_EXIT.
 */
enum vcpu_next vpsci_report_event(struct vcpu *vcpu, const struct psci_event *event,
				  bool type_known);

/** struct vpsci_server, system_event: an event of KVM's own PSCI. */
enum vcpu_next vpsci_system_event(struct vcpu *vcpu);

/**
 * Read the registers that the call in x0 uses, and no others, since each is a
 * system call.
 */
int vpsci_fetch(const struct vcpu *vcpu, struct psci_regs *regs);

/** The call cannot be served: end the machine as crashed. Returns VCPU_EXIT. */
enum vcpu_next vpsci_call_failed(struct vcpu *vcpu, int err);

/**
 * Hold KVM's PSCI at @version, enable SYSTEM_SUSPEND exits, and boot vCPU 0 at
 * @pc with @x0. Returns 0, or -errno with @error set.
 */
int vpsci_begin_kvm(struct vm *vm, uint64_t pc, uint64_t x0, uint32_t version, struct error *error);

#endif
