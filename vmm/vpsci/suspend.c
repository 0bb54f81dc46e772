/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/suspend.h"

#include "vpsci/vpsci.h"

#include <psci/abi.h>
#include <psci/smccc.h>

#include <errno.h>
#include <string.h>

#include "machine/devices.h"

#define INSTRUCTION_SIZE 4

bool vpsci_suspend_entry_ok(const struct vm *vm, uint64_t ipa)
{
	return memory_at(&vm->memory, ipa, INSTRUCTION_SIZE) ||
	       devices_have_rom(vm->devices, ipa, INSTRUCTION_SIZE);
}

static enum vcpu_next crash(struct vcpu *vcpu, const char *what, int err)
{
	vm_crash(vcpu->vm, (int)vcpu->index, "%s vCPU %u: %s", what, vcpu->index, strerror(-err));

	return VCPU_EXIT;
}

uint32_t vpsci_suspend_functions(uint32_t version)
{
	/* It came with 1.0. */
	return version < PSCI_VERSION_1_0 ? 0 : PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND);
}

/* vcpu->suspend has the call's arguments. */
static enum vcpu_next ask(struct vcpu *vcpu)
{
	struct psci_machine *machine = vpsci_machine(vcpu->vm);
	int answer;
	int err;

	/*
	 * Left from a former sleep: the main thread does not set it before it
	 * answers.
	 */
	atomic_store(&vcpu->woken, false);
	if (!gate_ask(&vcpu->vm->gate, &vcpu->request, VCPU_MAY_SUSPEND, &answer))
		return VCPU_EXIT;
	if (answer == PSCI_RET_SUCCESS) {
		vcpu->suspended = true;

		return VCPU_SLEEP;
	}
	/* NULL if KVM keeps power states. */
	if (machine) {
		/* DENIED is in its x0 since the call. */
		psci_machine_deny(machine);

		return VCPU_RUN;
	}
	err = kvm_set_register(vcpu->fd, kvm_register_x(0), (uint64_t)(int64_t)answer);

	return err ? crash(vcpu, "cannot answer SYSTEM_SUSPEND of", err) : VCPU_RUN;
}

/* The arguments, whose upper halves are no part of an SMC32 call. */
static void set_arguments(struct vcpu_suspend *suspend, uint64_t fid, uint64_t entry,
			  uint64_t context)
{
	const bool wide = fid & SMCCC_SMC64_MASK;

	suspend->entry = wide ? entry : (uint32_t)entry;
	suspend->context = wide ? context : (uint32_t)context;
}

enum vcpu_next vpsci_suspend_on_call(struct vcpu *vcpu, const struct psci_regs *regs)
{
	set_arguments(&vcpu->suspend, vcpu->run->hypercall.nr, regs->x[1], regs->x[2]);
	vcpu->suspend.big_endian = regs->big_endian;

	return ask(vcpu);
}

bool vpsci_suspend_report_wake(struct vcpu *vcpu)
{
	int answer;

	return gate_ask(&vcpu->vm->gate, &vcpu->request, VCPU_HAS_WOKEN, &answer);
}

enum vcpu_next vpsci_suspend_on_event(struct vcpu *vcpu)
{
	uint64_t x[3] = { 0 };
	uint64_t sctlr = 0;
	int err = 0;

	for (unsigned int i = 0; i < 3 && !err; i++)
		err = kvm_get_register(vcpu->fd, kvm_register_x(i), &x[i]);
	if (!err)
		err = kvm_get_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1, &sctlr);
	if (err)
		return crash(vcpu, "cannot read SYSTEM_SUSPEND's arguments from", err);
	set_arguments(&vcpu->suspend, x[0], x[1], x[2]);
	vcpu->suspend.big_endian = sctlr & SCTLR_EL1_EE;

	return ask(vcpu);
}

static enum vcpu_next resume_at_entry(struct vcpu *vcpu)
{
	const struct vcpu_suspend *suspend = &vcpu->suspend;
	const int err = vcpu_resume_at(vcpu, suspend->entry, suspend->context, suspend->big_endian);

	return err ? crash(vcpu, "cannot wake", err) : VCPU_RUN;
}

enum vcpu_next vpsci_suspend_kvm_poll(struct vcpu *vcpu)
{
	if (atomic_load(&vcpu->vm->stopping))
		return VCPU_EXIT;
	if (!vcpu->suspended)
		return VCPU_RUN;
	if (!atomic_load(&vcpu->woken))
		return VCPU_SLEEP;
	vcpu->suspended = false;

	return resume_at_entry(vcpu);
}

enum vcpu_next vpsci_suspend_kvm_wake(struct vcpu *vcpu)
{
	if (vcpu->suspended && !vpsci_suspend_report_wake(vcpu))
		return VCPU_EXIT;
	vcpu->suspended = false;

	return resume_at_entry(vcpu);
}

void vpsci_suspend_kvm_resume(struct vm *vm, struct vcpu *sleeper)
{
	atomic_store(&sleeper->woken, true);
	vcpu_kick(sleeper);
}

int32_t vpsci_suspend_kvm_may(struct vm *vm, const struct vcpu *caller)
{
	const uint64_t entry = caller->suspend.entry;

	/* In libpsci's order: the others, then the entry point. */
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		uint32_t state;

		if (&vm->vcpus[i] == caller)
			continue;
		if (kvm_get_mp_state(vm->vcpus[i].fd, &state) < 0 || state != KVM_MP_STATE_STOPPED)
			return PSCI_RET_DENIED;
	}
	if (entry % INSTRUCTION_SIZE || !vpsci_suspend_entry_ok(vm, entry))
		return PSCI_RET_INVALID_ADDRESS;

	return PSCI_RET_SUCCESS;
}
