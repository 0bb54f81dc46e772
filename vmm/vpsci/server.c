/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/server.h"

#include <psci/kvm.h>

#include <errno.h>
#include <string.h>

#include "kvm/smccc-filter.h"
#include "vpsci/suspend.h"
#include "vpsci/test.h"

/* A call with at least so many arguments may start a vCPU somewhere. */
#define ARGUMENTS_OF_AN_ENTRY 2

const struct vpsci_server *vpsci_choose(struct vm *vm)
{
	static const struct vpsci_server *const servers[] = {
		[PSCI_SERVER_USERSPACE] = &vpsci_userspace,
		[PSCI_SERVER_MIXED] = &vpsci_mixed,
		[PSCI_SERVER_KERNEL] = &vpsci_kernel,
	};
	const enum psci_server asked = vm->config->psci;

	if (asked != PSCI_SERVER_ANY)
		return servers[asked];
	vm->psci_fell_back = !smccc_filter_offered(vm->fd);

	return vm->psci_fell_back ? &vpsci_kernel : &vpsci_userspace;
}

/* --- before the first call --- */

/* Check options that need libpsci, since KVM may turn out to be the server. */
static int check_config(const struct vm *vm, struct error *error)
{
	if (vm->config->idle_states && vm->server != &vpsci_userspace)
		return error_set(
			error, -ENOTSUP,
			"%s has idle states, which only libpsci serves, and here KVM serves "
			"PSCI: start it on a host of Linux 6.4 or newer, or without "
			"--idle-states",
			vm->name);

	return vpsci_test_check(vm, error);
}

int vpsci_set_version(struct vm *vm, uint32_t newest, struct error *error)
{
	uint64_t version;
	int err = kvm_get_register(vm->vcpus[0].fd, KVM_REG_ARM_PSCI_VERSION, &version);

	if (err)
		return error_set(error, err, "KVM_REG_ARM_PSCI_VERSION: %s", strerror(-err));
	err = check_config(vm, error);
	if (err)
		return err;
	/* KVM's version has not been lowered yet. */
	vm->psci_kvm_version = (uint32_t)version;
	vm->psci_version = vm->config->psci_version;
	if (!vm->psci_version)
		vm->psci_version = newest ? newest : vm->psci_kvm_version;

	return 0;
}

/* --- libpsci's view of dormouse --- */

void vpsci_on_kick(void *ctx, void *vctx)
{
	vcpu_kick(vctx);
}

bool vpsci_on_entry_ok(void *ctx, uint64_t ipa)
{
	return vpsci_suspend_entry_ok(ctx, ipa);
}

/* --- calls --- */

int vpsci_fetch(const struct vcpu *vcpu, struct psci_regs *regs)
{
	const unsigned int count = psci_arg_count((uint32_t)regs->x[0]);
	int err = 0;

	for (unsigned int i = 1; i <= count && !err; i++)
		err = kvm_get_register(vcpu->fd, kvm_register_x(i), &regs->x[i]);
	if (count >= ARGUMENTS_OF_AN_ENTRY && !err) {
		uint64_t sctlr = 0;

		err = kvm_get_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1, &sctlr);
		regs->big_endian = sctlr & SCTLR_EL1_EE;
	}

	return err;
}

enum vcpu_next vpsci_call_failed(struct vcpu *vcpu, int err)
{
	vm_crash(vcpu->vm, (int)vcpu->index, "cannot serve the call %#llx: %s",
		 (unsigned long long)vcpu->run->hypercall.nr, strerror(-err));

	return VCPU_EXIT;
}

/* --- what all end in --- */

/** The trigger that each event of libpsci or KVM means. */
static const struct {
	enum vm_trigger trigger;
	uint32_t function; /**< For its name. */
} meanings[] = {
	[PSCI_EVENT_OFF] = { VM_TRIGGER_OFF, PSCI_FN32_SYSTEM_OFF },
	[PSCI_EVENT_OFF2] = { VM_TRIGGER_HIBERNATE, PSCI_FN32_SYSTEM_OFF2 },
	[PSCI_EVENT_RESET] = { VM_TRIGGER_RESET, PSCI_FN32_SYSTEM_RESET },
	[PSCI_EVENT_RESET2] = { VM_TRIGGER_RESET, PSCI_FN32_SYSTEM_RESET2 },
};

enum vcpu_next vpsci_report_event(struct vcpu *vcpu, const struct psci_event *event,
				  bool type_known)
{
	struct cause cause;

	cause_set(&cause, meanings[event->kind].trigger, (int)vcpu->index,
		  psci_function_name(meanings[event->kind].function));
	cause.type_known = type_known;
	cause.type = event->type;
	cause.cookie = event->cookie;
	cause.reset2 = event->kind == PSCI_EVENT_RESET2;
	cause.warm = event->kind == PSCI_EVENT_RESET2 && type_known &&
		     event->type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET && !event->overwrite_memory;
	vm_stop(vcpu->vm, &cause);

	return VCPU_EXIT;
}

enum vcpu_next vpsci_system_event(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	const uint64_t flags = run->system_event.ndata > 0 ? run->system_event.data[0] : 0;
	struct psci_event event = {
		.kind = psci_event_kind_from_kvm(run->system_event.type, flags),
	};
	/*
	 * KVM leaves SYSTEM_RESET2's arguments in place, but not SYSTEM_OFF2's.
	 */
	const bool type_known = event.kind == PSCI_EVENT_RESET2;

	if (event.kind == PSCI_EVENT_SUSPEND)
		return vpsci_suspend_on_event(vcpu);
	if (event.kind == PSCI_EVENT_NONE) {
		vm_crash(vcpu->vm, (int)vcpu->index, "KVM reported the system event %u",
			 run->system_event.type);

		return VCPU_EXIT;
	}
	if (type_known) {
		uint64_t type = 0;
		int err = kvm_get_register(vcpu->fd, kvm_register_x(1), &type);

		if (!err)
			err = kvm_get_register(vcpu->fd, kvm_register_x(2), &event.cookie);
		/*
		 * Without the type it is unknown whether memory must be kept.
		 */
		if (err) {
			vm_crash(vcpu->vm, (int)vcpu->index,
				 "cannot read the arguments of SYSTEM_RESET2: %s", strerror(-err));

			return VCPU_EXIT;
		}
		event.type = (uint32_t)type;
	}

	return vpsci_report_event(vcpu, &event, type_known);
}
