/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/server.h"

#include <psci/psci.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/smccc-filter.h"
#include "vpsci/power.h"
#include "vpsci/suspend.h"
#include "vpsci/test.h"

/** The state of one power cycle of the VM. */
struct userspace {
	struct psci_machine machine;
	pthread_mutex_t lock;
	struct psci_vcpu **index;
	struct psci_vcpu *vcpus;
	struct vpsci_power *power;
};

/* --- libpsci's view of dormouse --- */

static uint64_t on_now(void *ctx)
{
	return guest_clock_now(ctx);
}

/*
 * Every start except a warm reset clears all RAM (vm_restart()), so any of it
 * may be protected.
 */
static bool on_memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	const struct vm *vm = ctx;

	return memory_at(&vm->memory, base, length);
}

/*
 * A vendor-specific reset is accepted only if an option says what follows it
 * (--on-reset2).
 */
static int32_t on_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	const struct vm *vm = ctx;

	if (vm->config->psci_test.vendor_reset)
		return vm->config->psci_test.vendor_reset;

	return vm->config->on_reset2 == RESET_POLICY_NONE ? PSCI_RET_INVALID_PARAMETERS
							  : PSCI_RET_SUCCESS;
}

static void on_lock(void *ctx)
{
	struct userspace *userspace = ((struct vm *)ctx)->vpsci;

	pthread_mutex_lock(&userspace->lock);
}

static void on_unlock(void *ctx)
{
	struct userspace *userspace = ((struct vm *)ctx)->vpsci;

	pthread_mutex_unlock(&userspace->lock);
}

static const struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = vpsci_on_kick,
	.entry_ok = vpsci_on_entry_ok,
	.now = on_now,
	.memory_ok = on_memory_ok,
	.vendor_reset = on_vendor_reset,
	.lock = on_lock,
	.unlock = on_unlock,
};

/* --- libpsci as the server --- */

/* Twice as many slots as vCPUs keep every search short. */
static size_t index_size(unsigned int vcpu_count)
{
	size_t size = 2;

	while (size < 2ULL * vcpu_count)
		size *= 2;

	return size;
}

static int add_vcpus(struct vm *vm, struct userspace *userspace, struct error *error)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];
		const int err = psci_vcpu_init(&userspace->vcpus[i], &userspace->machine,
					       vcpu->mpidr, vcpu);

		if (err)
			return error_set(error, -EINVAL, "vCPU %u with MPIDR %#llx: %s", i,
					 (unsigned long long)vcpu->mpidr, psci_strerror(err));
		vcpu->psci = &userspace->vcpus[i];
	}

	const int err =
		vpsci_power_connect(userspace->power, vm, &userspace->machine, userspace->vcpus);

	return err ? error_set(error, -EINVAL, "power domains: %s", psci_strerror(err)) : 0;
}

/* On failure end() frees the allocations. */
static int begin_machine(struct vm *vm, struct userspace *userspace, uint64_t pc, uint64_t x0,
			 struct error *error)
{
	const struct psci_entry entry = { .pc = pc, .x0 = x0 };
	const size_t slots = index_size(vm->vcpu_count);
	struct psci_host own = host;
	int err;

	userspace->index = calloc(slots, sizeof(struct psci_vcpu *));
	userspace->vcpus = calloc(vm->vcpu_count, sizeof(struct psci_vcpu));

	struct psci_config config = {
		.size = sizeof(config),
		.version = vm->psci_version,
		.enable_functions = vpsci_suspend_functions(vm->psci_version),
		/*
		 * Guests of KVM's own PSCI never see it, and some cannot handle
		 * it.
		 */
		.hide_on_pending = true,
		.index = userspace->index,
		.index_size = slots,
		.host = &own,
		.ctx = vm,
	};

	vpsci_test_prepare(vm, &own, &config);

	userspace->power = vpsci_power_create(vm, &config);
	if (!userspace->index || !userspace->vcpus || !userspace->power)
		return error_set(error, -ENOMEM, "out of memory");
	err = psci_machine_init(&userspace->machine, &config);
	if (err)
		return error_set(error, -EINVAL, "PSCI %#x: %s", vm->psci_version,
				 psci_config_problem(&config));
	err = add_vcpus(vm, userspace, error);
	if (!err) {
		vpsci_test_set_availability(vm);
		err = smccc_filter_forward_all(vm->kvm, vm->fd, error);
	}
	if (err)
		return err;
	err = psci_machine_boot(&userspace->vcpus[0], &entry);

	return err ? error_set(error, -EINVAL, "vCPU 0 cannot start at %#llx: %s",
			       (unsigned long long)pc, psci_strerror(err))
		   : 0;
}

static int userspace_begin(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	int err = vpsci_set_version(vm, PSCI_VERSION_1_3, error);
	struct userspace *userspace;

	if (err)
		return err;
	userspace = calloc(1, sizeof(*userspace));
	if (!userspace)
		return error_set(error, -ENOMEM, "out of memory");
	pthread_mutex_init(&userspace->lock, NULL);
	vm->vpsci = userspace;

	return begin_machine(vm, userspace, pc, x0, error);
}

static void userspace_end(struct vm *vm)
{
	struct userspace *userspace = vm->vpsci;

	if (!userspace)
		return;
	vm->vpsci = NULL;
	pthread_mutex_destroy(&userspace->lock);
	vpsci_power_destroy(userspace->power);
	free(userspace->vcpus);
	free(userspace->index);
	free(userspace);
}

struct psci_machine *vpsci_machine(struct vm *vm)
{
	struct userspace *userspace = vm->vpsci;

	return vm->server == &vpsci_userspace ? &userspace->machine : NULL;
}

/* --- what a vCPU does next --- */

/* The machine has stopped: the first vCPU to learn of it reports it. */
static enum vcpu_next report_stop(struct vcpu *vcpu)
{
	const struct psci_event event = psci_machine_event(vpsci_machine(vcpu->vm));

	return vpsci_report_event(event.vctx, &event,
				  event.kind == PSCI_EVENT_OFF2 || event.kind == PSCI_EVENT_RESET2);
}

static enum vcpu_next start(struct vcpu *vcpu, const struct psci_entry *entry)
{
	int err;

	if (entry->wake)
		err = vcpu_resume_at(vcpu, entry->pc, entry->x0, entry->big_endian);
	else
		err = vcpu_reset(vcpu, entry->pc, entry->x0, entry->big_endian);
	if (!err)
		return VCPU_RUN;
	vm_crash(vcpu->vm, (int)vcpu->index, "cannot start vCPU %u: %s", vcpu->index,
		 strerror(-err));

	return VCPU_EXIT;
}

static enum vcpu_next translate(struct vcpu *vcpu, enum psci_next next,
				const struct psci_entry *entry)
{
	switch (next) {
	case PSCI_NEXT_RUN:
		return VCPU_RUN;
	case PSCI_NEXT_START:
		return start(vcpu, entry);
	case PSCI_NEXT_WAIT:
		return VCPU_WAIT;
	case PSCI_NEXT_SLEEP:
	case PSCI_NEXT_SYSTEM_SUSPEND:
		return VCPU_SLEEP;
	case PSCI_NEXT_EXIT:
		return report_stop(vcpu);
	}

	return VCPU_EXIT;
}

static enum vcpu_next userspace_poll(struct vcpu *vcpu)
{
	struct psci_entry entry = { 0 };
	enum psci_next next;

	if (atomic_load(&vcpu->vm->stopping))
		return VCPU_EXIT;
	if (vpsci_test_holds(vcpu))
		return VCPU_WAIT;
	next = psci_vcpu_poll(vcpu->psci, &entry);
	vcpu->suspended = vcpu->suspended && next == PSCI_NEXT_SYSTEM_SUSPEND;

	return translate(vcpu, next, &entry);
}

static enum vcpu_next userspace_wake(struct vcpu *vcpu)
{
	struct psci_entry entry = { 0 };

	if (vcpu->suspended && !vpsci_suspend_report_wake(vcpu))
		return VCPU_EXIT;
	vcpu->suspended = false;

	return translate(vcpu, psci_vcpu_wake(vcpu->psci, &entry), &entry);
}

static enum vcpu_next userspace_call(struct vcpu *vcpu)
{
	struct psci_regs regs = { .x = { vcpu->run->hypercall.nr } };
	const struct psci_entry entry = { 0 };
	enum psci_next next;
	int err = vpsci_fetch(vcpu, &regs);

	if (err)
		return vpsci_call_failed(vcpu, err);
	next = psci_call(vcpu->psci, &regs);
	if (next != PSCI_NEXT_WAIT && next != PSCI_NEXT_EXIT)
		err = kvm_set_register(vcpu->fd, kvm_register_x(0), regs.x[0]);
	if (err)
		return vpsci_call_failed(vcpu, err);
	if (next == PSCI_NEXT_SYSTEM_SUSPEND)
		return vpsci_suspend_on_call(vcpu, &regs);

	return translate(vcpu, next, &entry);
}

/* libpsci has checked this before it reports that the machine is suspended. */
static int32_t userspace_may_suspend(struct vm *vm, const struct vcpu *caller)
{
	return PSCI_RET_SUCCESS;
}

static void userspace_resume(struct vm *vm, struct vcpu *sleeper)
{
	psci_machine_wake(vpsci_machine(vm));
}

const struct vpsci_server vpsci_userspace = {
	.name = PSCI_SERVER_USERSPACE,
	.begin = userspace_begin,
	.end = userspace_end,
	.may_suspend = userspace_may_suspend,
	.resume = userspace_resume,
	.poll = userspace_poll,
	.call = userspace_call,
	.wake = userspace_wake,
	.system_event = vpsci_system_event,
};
