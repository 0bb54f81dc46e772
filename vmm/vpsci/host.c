/* SPDX-License-Identifier: BSD-3-Clause */
#include "vpsci/host.h"

#include <psci/kvm.h>
#include <psci/psci.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/smccc-filter.h"
#include "vpsci/kvm.h"
#include "vpsci/mixed.h"
#include "vpsci/power.h"
#include "vpsci/suspend.h"
#include "vpsci/test.h"

/* A call with at least so many arguments may start a vCPU somewhere. */
#define ARGUMENTS_OF_AN_ENTRY 2

/** Where libpsci takes part. */
struct psci_host_machine {
	struct psci_mixed *mixed; /**< Or NULL, and the rest is in use. */
	struct psci_host host;
	struct psci_machine machine;
	pthread_mutex_t lock;
	struct psci_vcpu **index;
	struct psci_vcpu *vcpus;
	struct psci_power *power;
};

/* --- libpsci's view of dormouse --- */

static void on_kick(void *ctx, void *vctx)
{
	vcpu_kick(vctx);
}

static bool on_entry_ok(void *ctx, uint64_t ipa)
{
	return psci_suspend_entry_ok(ctx, ipa);
}

static uint64_t on_now(void *ctx)
{
	return guest_clock_now(ctx);
}

/* RAM is dropped whenever the machine starts again, unless by a warm reset: see run.c. */
static bool on_memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	const struct vm *vm = ctx;

	return memory_at(&vm->memory, base, length);
}

/* Vendor-specific resets are those of whoever runs the VM, if they say what follows. */
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
	struct vm *vm = ctx;

	pthread_mutex_lock(&vm->psci->lock);
}

static void on_unlock(void *ctx)
{
	struct vm *vm = ctx;

	pthread_mutex_unlock(&vm->psci->lock);
}

static const struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = on_kick,
	.entry_ok = on_entry_ok,
	.now = on_now,
	.memory_ok = on_memory_ok,
	.vendor_reset = on_vendor_reset,
	.lock = on_lock,
	.unlock = on_unlock,
};

/* For machines of one vCPU, in which there is nobody to lock out. */
static const struct psci_host solo_host = {
	.size = sizeof(struct psci_host),
	.kick = on_kick,
	.entry_ok = on_entry_ok,
};

/* --- who serves --- */

void psci_host_choose(struct vm *vm)
{
	vm->psci_server = vm->config->psci;
	if (vm->psci_server != PSCI_SERVER_ANY)
		return;
	vm->psci_fell_back = !psci_filter_offered(vm->fd);
	vm->psci_server = vm->psci_fell_back ? PSCI_SERVER_KERNEL : PSCI_SERVER_USERSPACE;
}

/* --- libpsci as the server --- */

/* Twice as many slots as vCPUs keep every search short. */
static size_t index_size(unsigned int vcpu_count)
{
	size_t size = 2;

	while (size < 2ULL * vcpu_count)
		size *= 2;

	return size;
}

static int add_vcpus(struct vm *vm, struct psci_host_machine *psci, struct error *error)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];
		const int err = psci_vcpu_init(&psci->vcpus[i], &psci->machine, vcpu->mpidr, vcpu);

		if (err)
			return error_set(error, -EINVAL, "vCPU %u with MPIDR %#llx: %s", i,
					 (unsigned long long)vcpu->mpidr, psci_strerror(err));
		vcpu->psci = &psci->vcpus[i];
	}

	const int err = psci_power_connect(psci->power, vm, &psci->machine, psci->vcpus);

	return err ? error_set(error, -EINVAL, "power domains: %s", psci_strerror(err)) : 0;
}

/* On failure psci_host_end() frees what there is. */
static int begin_userspace(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	const struct psci_entry entry = { .pc = pc, .x0 = x0 };
	const size_t slots = index_size(vm->vcpu_count);
	struct psci_host_machine *psci = vm->psci;
	int err;

	psci->index = calloc(slots, sizeof(struct psci_vcpu *));
	psci->vcpus = calloc(vm->vcpu_count, sizeof(struct psci_vcpu));

	struct psci_config config = {
		.size = sizeof(config),
		.version = vm->psci_version,
		.offered = psci_suspend_offered(vm->psci_version),
		/* Guests of KVM's own PSCI have never seen it, and some cannot cope with it. */
		.hide_on_pending = true,
		.index = psci->index,
		.index_size = slots,
		.host = &psci->host,
		.ctx = vm,
	};

	psci->host = host;
	psci_test_prepare(vm, &psci->host, &config);

	psci->power = psci_power_create(vm, &config);
	if (!psci->index || !psci->vcpus || !psci->power)
		return error_set(error, -ENOMEM, "out of memory");
	err = psci_machine_init(&psci->machine, &config);
	if (err)
		return error_set(error, -EINVAL, "PSCI %#x: %s", vm->psci_version,
				 psci_strerror(err));
	err = add_vcpus(vm, psci, error);
	if (!err) {
		psci_test_mark(vm);
		err = psci_filter_forward_all(vm->kvm, vm->fd, error);
	}
	if (err)
		return err;
	err = psci_machine_boot(&psci->vcpus[0], &entry);

	return err ? error_set(error, -EINVAL, "vCPU 0 cannot start at %#llx: %s",
			       (unsigned long long)pc, psci_strerror(err))
		   : 0;
}

/* --- KVM as the server --- */

static int begin_mixed(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	int err = psci_filter_forward_few(vm->kvm, vm->fd, error);

	if (err)
		return err;
	err = psci_mixed_create(vm, vm->psci_version, &solo_host, &vm->psci->mixed, error);
	if (err)
		return err;

	return psci_kvm_begin(vm, pc, x0, psci_mixed_kvm_version(vm->psci_version), error);
}

static int begin_libpsci(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	int err;

	vm->psci = calloc(1, sizeof(*vm->psci));
	if (!vm->psci)
		return error_set(error, -ENOMEM, "out of memory");
	pthread_mutex_init(&vm->psci->lock, NULL);
	if (vm->psci_server == PSCI_SERVER_MIXED)
		err = begin_mixed(vm, pc, x0, error);
	else
		err = begin_userspace(vm, pc, x0, error);
	if (err)
		psci_host_end(vm);

	return err;
}

/* What only libpsci serves, and KVM may turn out to be the server. */
static int check_config(const struct vm *vm, struct error *error)
{
	if (vm->config->idle_states && vm->psci_server != PSCI_SERVER_USERSPACE)
		return error_set(
			error, -ENOTSUP,
			"%s has idle states, which only libpsci serves, and here KVM serves "
			"PSCI: start it on a host of Linux 6.4 or newer, or without "
			"--idle-states",
			vm->name);

	return psci_test_check(vm, error);
}

int psci_host_begin(struct vm *vm, uint64_t pc, uint64_t x0, struct error *error)
{
	const bool kernel = vm->psci_server == PSCI_SERVER_KERNEL;
	uint64_t version;
	int err = kvm_get_register(vm->vcpus[0].fd, KVM_REG_ARM_PSCI_VERSION, &version);

	if (err)
		return error_set(error, err, "KVM_REG_ARM_PSCI_VERSION: %s", strerror(-err));
	err = check_config(vm, error);
	if (err)
		return err;
	/* Nobody has asked it for less yet. */
	vm->psci_kvm_version = (uint32_t)version;
	vm->psci_version = vm->config->psci_version;
	if (!vm->psci_version)
		vm->psci_version = kernel ? vm->psci_kvm_version : PSCI_VERSION_1_3;

	return kernel ? psci_kvm_begin(vm, pc, x0, vm->psci_version, error)
		      : begin_libpsci(vm, pc, x0, error);
}

struct psci_machine *psci_host_machine(struct vm *vm)
{
	return vm->psci_server == PSCI_SERVER_USERSPACE ? &vm->psci->machine : NULL;
}

void psci_host_end(struct vm *vm)
{
	struct psci_host_machine *psci = vm->psci;

	if (!psci)
		return;
	vm->psci = NULL;
	psci_mixed_destroy(psci->mixed);
	pthread_mutex_destroy(&psci->lock);
	psci_power_destroy(psci->power);
	free(psci->vcpus);
	free(psci->index);
	free(psci);
}

/* --- what all end in --- */

/** What an event means, whoever served the call. */
static const struct {
	enum vm_trigger trigger;
	uint32_t function; /**< For its name. */
} meanings[] = {
	[PSCI_EVENT_OFF] = { VM_TRIGGER_OFF, PSCI_FN32_SYSTEM_OFF },
	[PSCI_EVENT_OFF2] = { VM_TRIGGER_HIBERNATE, PSCI_FN32_SYSTEM_OFF2 },
	[PSCI_EVENT_RESET] = { VM_TRIGGER_RESET, PSCI_FN32_SYSTEM_RESET },
	[PSCI_EVENT_RESET2] = { VM_TRIGGER_RESET, PSCI_FN32_SYSTEM_RESET2 },
};

static void stop(struct vm *vm, const struct psci_event *event, bool type_known, unsigned int vcpu)
{
	struct cause cause;

	cause_set(&cause, meanings[event->kind].trigger, (int)vcpu,
		  psci_function_name(meanings[event->kind].function));
	cause.type_known = type_known;
	cause.type = event->type;
	cause.cookie = event->cookie;
	cause.reset2 = event->kind == PSCI_EVENT_RESET2;
	cause.warm = event->kind == PSCI_EVENT_RESET2 && type_known &&
		     event->type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET && !event->overwrite_memory;
	vm_stop(vm, &cause);
}

/* A machine has stopped in libpsci: the first vCPU to learn of it tells. */
static enum vcpu_next stopped(struct vcpu *vcpu)
{
	struct psci_host_machine *psci = vcpu->vm->psci;
	const struct psci_event event = psci->mixed ? psci_mixed_event(psci->mixed, vcpu->index)
						    : psci_machine_event(&psci->machine);
	const struct vcpu *caller = event.vctx;

	stop(vcpu->vm, &event, event.kind == PSCI_EVENT_OFF2 || event.kind == PSCI_EVENT_RESET2,
	     caller->index);

	return VCPU_EXIT;
}

static enum vcpu_next start(struct vcpu *vcpu, const struct psci_entry *entry)
{
	int err;

	if (entry->wake)
		err = vcpu_redirect(vcpu, entry->pc, entry->x0, entry->big_endian);
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
	case PSCI_NEXT_RESUME:
		return VCPU_RUN;
	case PSCI_NEXT_START:
		return start(vcpu, entry);
	case PSCI_NEXT_PARK:
		return VCPU_PARK;
	case PSCI_NEXT_SLEEP:
		return VCPU_SLEEP;
	case PSCI_NEXT_EXIT:
		return stopped(vcpu);
	}

	return VCPU_EXIT;
}

enum vcpu_next psci_host_poll(struct vcpu *vcpu)
{
	struct psci_entry entry = { 0 };
	enum psci_next next;

	if (atomic_load(&vcpu->vm->stopping))
		return VCPU_EXIT;
	if (vcpu->vm->psci_server != PSCI_SERVER_USERSPACE)
		return psci_suspend_poll(vcpu);
	if (psci_test_holds(vcpu))
		return VCPU_PARK;
	next = psci_vcpu_poll(vcpu->psci, &entry);
	vcpu->suspended = vcpu->suspended && next == PSCI_NEXT_SLEEP;

	return translate(vcpu, next, &entry);
}

enum vcpu_next psci_host_wake(struct vcpu *vcpu)
{
	struct psci_entry entry = { 0 };

	if (vcpu->suspended && !psci_suspend_tell(vcpu))
		return VCPU_EXIT;
	vcpu->suspended = false;
	/* Where KVM keeps power states, it is SYSTEM_SUSPEND alone that leads here. */
	if (vcpu->vm->psci_server != PSCI_SERVER_USERSPACE)
		return psci_suspend_return(vcpu);

	return translate(vcpu, psci_vcpu_wake(vcpu->psci, &entry), &entry);
}

void psci_host_resume(struct vm *vm, struct vcpu *sleeper)
{
	if (vm->psci_server == PSCI_SERVER_USERSPACE) {
		psci_machine_resume(&vm->psci->machine);
		return;
	}
	atomic_store(&sleeper->woken, true);
	vcpu_kick(sleeper);
}

/* Fetch no more than the call uses: each register is a system call. */
static int fetch(const struct vcpu *vcpu, struct psci_regs *regs)
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

static enum psci_next carry_out(struct vcpu *vcpu, struct psci_regs *regs)
{
	if (vcpu->vm->psci_server == PSCI_SERVER_MIXED && psci_mixed_is_unserved(regs)) {
		regs->x[0] = (uint64_t)PSCI_RET_NOT_SUPPORTED;

		return PSCI_NEXT_RESUME;
	}

	return psci_call(vcpu->psci, regs);
}

enum vcpu_next psci_host_call(struct vcpu *vcpu)
{
	struct psci_regs regs = { .x = { vcpu->run->hypercall.nr } };
	struct psci_entry entry = { 0 };
	enum psci_next next;
	int err = fetch(vcpu, &regs);

	if (!vcpu->psci)
		err = -EPROTO;
	if (!err) {
		next = carry_out(vcpu, &regs);
		if (next == PSCI_NEXT_RESUME || next == PSCI_NEXT_SLEEP)
			err = kvm_set_register(vcpu->fd, kvm_register_x(0), regs.x[0]);
		if (!err && next == PSCI_NEXT_SLEEP)
			return psci_suspend_on_call(vcpu, &vcpu->vm->psci->machine, &regs);
		if (!err)
			return translate(vcpu, next, &entry);
	}
	vm_crash(vcpu->vm, (int)vcpu->index, "cannot serve the call %#llx: %s",
		 (unsigned long long)vcpu->run->hypercall.nr, strerror(-err));

	return VCPU_EXIT;
}

enum vcpu_next psci_host_system_event(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	const uint64_t flags = run->system_event.ndata > 0 ? run->system_event.data[0] : 0;
	struct psci_event event = {
		.kind = psci_event_kind_from_kvm(run->system_event.type, flags),
	};
	/* KVM leaves SYSTEM_RESET2's arguments in place, but not SYSTEM_OFF2's. */
	const bool type_known = event.kind == PSCI_EVENT_RESET2;

	if (event.kind == PSCI_EVENT_SUSPEND)
		return psci_suspend_on_event(vcpu);
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
		/* Not to know whether memory is to be kept is not to know what to do. */
		if (err) {
			vm_crash(vcpu->vm, (int)vcpu->index,
				 "cannot read the arguments of SYSTEM_RESET2: %s", strerror(-err));

			return VCPU_EXIT;
		}
		event.type = (uint32_t)type;
	}
	stop(vcpu->vm, &event, type_known, vcpu->index);

	return VCPU_EXIT;
}
