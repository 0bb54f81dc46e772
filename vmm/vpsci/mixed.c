/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpsci beside KVM's own PSCI: the server of --psci mixed.
 *
 * KVM keeps every vCPU's power state and serves all calls except PSCI_VERSION,
 * PSCI_FEATURES and SYSTEM_OFF2, none of which asks what another vCPU does. So
 * in libpsci each vCPU is a machine of its own, always on: nothing is shared,
 * nothing needs a lock, and a call is carried out on the vCPU that makes it.
 *
 * KVM is held at PSCI 1.1, or at the guest's version if that is older: all that
 * KVM's 1.2 and 1.3 add is forwarded. Every KVM with the filter has 1.1, and a
 * version that is held means the same on every kernel, so PSCI_FEATURES can
 * announce what KVM does without asking it, and a guest finds the same on any
 * host.
 */
#include "vpsci/server.h"

#include <psci/smccc.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "kvm/smccc-filter.h"
#include "vpsci/suspend.h"

/** A vCPU and its machine. */
struct vcpu_machine {
	struct psci_machine machine;
	struct psci_vcpu vcpu;
	struct psci_vcpu *index[1];
};

/* Without a lock, since a machine of one vCPU is called by one thread. */
static const struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = vpsci_on_kick,
	.entry_ok = vpsci_on_entry_ok,
};

/** Functions that are optional in PSCI and missing in KVM's PSCI 1.1. */
static const struct {
	uint32_t fid;
	uint32_t since;
} absent[] = {
	{ PSCI_FN32_MIGRATE, PSCI_VERSION_0_2 },
	{ PSCI_FN32_MIGRATE_INFO_UP_CPU, PSCI_VERSION_0_2 },
	{ PSCI_FN32_CPU_FREEZE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_CPU_DEFAULT_SUSPEND, PSCI_VERSION_1_0 },
	{ PSCI_FN32_NODE_HW_STATE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_SET_SUSPEND_MODE, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_STAT_RESIDENCY, PSCI_VERSION_1_0 },
	{ PSCI_FN32_PSCI_STAT_COUNT, PSCI_VERSION_1_0 },
	{ PSCI_FN32_MEM_PROTECT, PSCI_VERSION_1_1 },
	{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, PSCI_VERSION_1_1 },
};

static uint32_t disabled(uint32_t version)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (absent[i].since <= version)
			bits |= PSCI_FN_BIT(absent[i].fid);
	}

	return bits;
}

static int begin_vcpu(struct vcpu_machine *own, struct vcpu *vcpu, uint32_t version,
		      struct error *error)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.version = version,
		.disable_functions = disabled(version),
		.enable_functions = vpsci_suspend_functions(version),
		.index = own->index,
		.index_size = 1,
		.host = &host,
		.ctx = vcpu->vm,
	};
	struct psci_entry entry = { 0 };
	int err = psci_machine_init(&own->machine, &config);

	if (err)
		return error_set(error, -EINVAL, "PSCI %#x: %s", version,
				 psci_config_problem(&config));
	err = psci_vcpu_init(&own->vcpu, &own->machine, vcpu->mpidr, vcpu);
	/* On from here to the end: the guest and KVM decide where it starts. */
	if (!err)
		err = psci_machine_boot(&own->vcpu, &entry);
	if (err)
		return error_set(error, -EINVAL, "PSCI %#x: vCPU %u: %s", version, vcpu->index,
				 psci_strerror(err));
	psci_vcpu_poll(&own->vcpu, &entry);
	vcpu->psci = &own->vcpu;

	return 0;
}

/* Hold KVM at a version that every KVM with the filter has. */
static uint32_t kvm_version(uint32_t version)
{
	return version < PSCI_VERSION_1_1 ? version : PSCI_VERSION_1_1;
}

static int mixed_begin(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	struct vcpu_machine *machines;
	int err = vpsci_set_version(vm, PSCI_VERSION_1_3, error);

	if (!err)
		err = smccc_filter_forward_mixed(vm->kvm, vm->fd, error);
	if (err)
		return err;
	machines = calloc(vm->vcpu_count, sizeof(*machines));
	if (!machines)
		return error_set(error, -ENOMEM, "out of memory");
	vm->vpsci = machines;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		err = begin_vcpu(&machines[i], &vm->vcpus[i], vm->psci_version, error);
		if (err)
			return err;
	}

	return vpsci_begin_kvm(vm, pc, x0, kvm_version(vm->psci_version), error);
}

static void mixed_end(struct vm *vm)
{
	free(vm->vpsci);
	vm->vpsci = NULL;
}

/*
 * Whether the call asks PSCI_FEATURES about a function that libpsci would
 * announce and that KVM, which would have to serve it, does not support: one
 * with SVE's hint.
 */
static bool is_unserved(const struct psci_regs *regs)
{
	const uint32_t fid = (uint32_t)regs->x[0] & ~(uint32_t)SMCCC_SVE_HINT_MASK;
	const uint32_t asked = (uint32_t)regs->x[1];

	return fid == PSCI_FN32_PSCI_FEATURES && asked & SMCCC_SVE_HINT_MASK &&
	       !smccc_filter_forwards_in_mixed(asked);
}

/* None of the forwarded calls suspends, starts or stops a single vCPU. */
static enum vcpu_next mixed_call(struct vcpu *vcpu)
{
	struct psci_regs regs = { .x = { vcpu->run->hypercall.nr } };
	int err = vpsci_fetch(vcpu, &regs);

	if (err)
		return vpsci_call_failed(vcpu, err);
	if (is_unserved(&regs)) {
		regs.x[0] = (uint64_t)PSCI_RET_NOT_SUPPORTED;
	} else if (psci_call(vcpu->psci, &regs) != PSCI_NEXT_RUN) {
		struct vcpu_machine *machines = vcpu->vm->vpsci;
		const struct psci_event event = psci_machine_event(&machines[vcpu->index].machine);

		return vpsci_report_event(vcpu, &event, true);
	}
	err = kvm_set_register(vcpu->fd, kvm_register_x(0), regs.x[0]);

	return err ? vpsci_call_failed(vcpu, err) : VCPU_RUN;
}

const struct vpsci_server vpsci_mixed = {
	.name = PSCI_SERVER_MIXED,
	.kvm_keeps_power = true,
	.begin = mixed_begin,
	.end = mixed_end,
	.may_suspend = vpsci_suspend_kvm_may,
	.resume = vpsci_suspend_kvm_resume,
	.poll = vpsci_suspend_kvm_poll,
	.call = mixed_call,
	.wake = vpsci_suspend_kvm_wake,
	.system_event = vpsci_system_event,
};
