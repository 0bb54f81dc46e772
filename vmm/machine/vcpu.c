/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/vcpu.h"

#include <psci/abi.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board/bus.h"
#include "host/memory-error.h"
#include "kvm/vcpu.h"
#include "machine/cpu-features.h"
#include "machine/vm.h"
#include "machine/vpsci-server.h"

#define SCTLR_EL1_M (1ULL << 0)
#define SCTLR_EL1_C (1ULL << 2)
#define SCTLR_EL1_I (1ULL << 12)

/* Of a data abort's syndrome: a write, not a read. */
#define ESR_ISS_WNR (1ULL << 6)

/*
 * EL1 on its own stack pointer, with debug exceptions, SErrors, IRQs and FIQs
 * masked.
 */
#define PSTATE_ENTRY (PSR_D_BIT | PSR_A_BIT | PSR_I_BIT | PSR_F_BIT | PSR_MODE_EL1h)

/*
 * The page that KVM shares for the vCPU that this thread runs; for the handler.
 */
static _Thread_local struct kvm_run *volatile current_run;

static int kick_signal(void)
{
	return SIGRTMIN;
}

static void on_kick(int signal)
{
	struct kvm_run *run = current_run;

	if (run)
		run->immediate_exit = 1;
}

int vcpu_setup(struct error *error)
{
	struct sigaction action = { .sa_handler = on_kick };

	sigemptyset(&action.sa_mask);
	if (sigaction(kick_signal(), &action, NULL) < 0)
		return error_set(error, -errno, "sigaction: %s", strerror(errno));

	return memory_error_setup(error);
}

/* Set registers as KVM_ARM_VCPU_INIT leaves them, except PC and x0. */
static int reset_registers(const struct vcpu *vcpu)
{
	const int err = reset_state_restore(&vcpu->vm->reset_state, vcpu->fd);

	return err ? err : kvm_set_register(vcpu->fd, KVM_REGISTER_PSTATE, PSTATE_ENTRY);
}

/* As reset_registers(), by INIT if there is no other way. */
static int clear(struct vcpu *vcpu)
{
	const bool fresh = vcpu->fresh;

	vcpu->fresh = false;
	if (fresh) {
		/*
		 * vCPU 0 boots at once and does not wait for a capture. A vCPU
		 * that starts it again has been started itself, and so the
		 * reset state is known by then.
		 */
		if (vcpu->index > 0)
			reset_state_capture(&vcpu->vm->reset_state, vcpu->fd);

		return 0;
	}
	if (reset_registers(vcpu) == 0)
		return 0;

	return kvm_init_vcpu(vcpu->fd, &vcpu->init);
}

int vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t x0, bool big_endian)
{
	int err = clear(vcpu);

	if (!err && big_endian) {
		uint64_t sctlr;

		err = kvm_get_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1, &sctlr);
		if (!err)
			err = kvm_set_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1,
					       sctlr | SCTLR_EL1_EE);
	}
	if (!err)
		err = kvm_set_register(vcpu->fd, KVM_REGISTER_PC, pc);
	if (!err)
		err = kvm_set_register(vcpu->fd, kvm_register_x(0), x0);

	return err;
}

int vcpu_resume_at(struct vcpu *vcpu, uint64_t pc, uint64_t x0, bool big_endian)
{
	uint64_t sctlr;
	int err = kvm_get_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1, &sctlr);

	if (err)
		return err;
	sctlr &= ~(SCTLR_EL1_M | SCTLR_EL1_C | SCTLR_EL1_I | SCTLR_EL1_EE);
	if (big_endian)
		sctlr |= SCTLR_EL1_EE;
	err = kvm_set_register(vcpu->fd, KVM_REGISTER_SCTLR_EL1, sctlr);
	if (!err)
		err = kvm_set_register(vcpu->fd, KVM_REGISTER_PSTATE, PSTATE_ENTRY);
	if (!err)
		err = kvm_set_register(vcpu->fd, KVM_REGISTER_PC, pc);
	if (!err)
		err = kvm_set_register(vcpu->fd, kvm_register_x(0), x0);

	return err;
}

static int init(struct vcpu *vcpu, bool power_off, struct error *error)
{
	uint64_t mpidr;
	int err;

	err = kvm_preferred_init(vcpu->vm->fd, power_off, &vcpu->init);
	if (err)
		return error_set(error, err, "KVM_ARM_PREFERRED_TARGET: %s", strerror(-err));
	err = cpu_features_init_vcpu(vcpu, error);
	if (err)
		return err;
	vcpu->fresh = true;
	err = kvm_get_register(vcpu->fd, KVM_REGISTER_MPIDR_EL1, &mpidr);
	if (err)
		return error_set(error, err, "KVM_GET_ONE_REG MPIDR_EL1 of vCPU %u: %s",
				 vcpu->index, strerror(-err));
	vcpu->mpidr = mpidr & PSCI_TARGET_MASK;

	return 0;
}

int vcpu_create(struct vcpu *vcpu, struct vm *vm, unsigned int index, bool power_off,
		struct error *error)
{
	int err;

	*vcpu = (struct vcpu){ .vm = vm, .index = index };
	/* Until its thread polls: vCPU 0 boots, the others are off. */
	atomic_init(&vcpu->activity, index == 0 ? VCPU_RUN : VCPU_WAIT);
	vcpu->fd = kvm_create_vcpu(vm->fd, index);
	if (vcpu->fd < 0)
		return error_set(error, vcpu->fd, "KVM_CREATE_VCPU of vCPU %u: %s", index,
				 strerror(-vcpu->fd));
	vcpu->run = mmap(NULL, vm->kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		err = error_set(error, -errno, "cannot map the shared page of vCPU %u: %s", index,
				strerror(errno));
		goto err_close;
	}
	err = init(vcpu, power_off, error);
	if (err)
		goto err_unmap;
	pthread_mutex_init(&vcpu->lock, NULL);
	pthread_cond_init(&vcpu->wake, NULL);

	return 0;

err_unmap:
	munmap(vcpu->run, vm->kvm->run_size);
err_close:
	close(vcpu->fd);

	return err;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	pthread_cond_destroy(&vcpu->wake);
	pthread_mutex_destroy(&vcpu->lock);
	munmap(vcpu->run, vcpu->vm->kvm->run_size);
	close(vcpu->fd);
}

void vcpu_kick(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	atomic_store(&vcpu->kicked, true);
	/*
	 * A vCPU that waits needs no signal, which would cost more than its
	 * wake-up.
	 */
	if (vcpu->waiting)
		pthread_cond_signal(&vcpu->wake);
	else if (vcpu->running)
		pthread_kill(vcpu->self, kick_signal());
	pthread_mutex_unlock(&vcpu->lock);
}

/*
 * A vCPU that waits is off, and can only come back by a reset. That is done
 * here, while nothing waits for the vCPU, and not between CPU_ON and the first
 * instruction. If it fails, the start tries again and reports it.
 */
static void reset_early(struct vcpu *vcpu)
{
	if (!vcpu->fresh)
		vcpu->fresh = reset_registers(vcpu) == 0;
}

static void wait_for_kick(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->waiting = true;
	while (!atomic_load(&vcpu->kicked))
		pthread_cond_wait(&vcpu->wake, &vcpu->lock);
	vcpu->waiting = false;
	atomic_store(&vcpu->kicked, false);
	pthread_mutex_unlock(&vcpu->lock);
}

/* A read or write where the guest has no RAM. */
static void mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	const uint64_t address = run->mmio.phys_addr;
	const unsigned int size = run->mmio.len;
	const struct bus_window *window;
	uint64_t value = 0;

	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, size);
		window = bus_write(&vcpu->vm->bus, address, size, value);
	} else {
		window = bus_read(&vcpu->vm->bus, address, size, &value);
		memcpy(run->mmio.data, &value, size);
	}
	if (!window)
		vm_report_stray(vcpu->vm, vcpu->index, address, run->mmio.is_write);
}

static enum vcpu_next crash(struct vcpu *vcpu, const char *what)
{
	uint64_t pc = 0;

	kvm_get_register(vcpu->fd, KVM_REGISTER_PC, &pc);
	vm_crash(vcpu->vm, (int)vcpu->index, "%s, at PC %#llx", what, (unsigned long long)pc);

	return VCPU_EXIT;
}

/*
 * An access outside of memory by an instruction that leaves no syndrome: a load
 * of two registers, one that writes back, a vector's. The guest's unprivileged
 * processes can make one, too. A bus that cannot serve an access answers with
 * an external abort, which is delivered to the code that made this one; FAR_EL1
 * has its address.
 */
static enum vcpu_next abort_access(struct vcpu *vcpu)
{
	char what[128];
	int err;

	vm_report_undecoded(vcpu->vm, vcpu->index, vcpu->run->arm_nisv.fault_ipa,
			    vcpu->run->arm_nisv.esr_iss & ESR_ISS_WNR);
	err = kvm_inject_data_abort(vcpu->fd);
	if (!err)
		return VCPU_RUN;
	snprintf(what, sizeof(what), "KVM_SET_VCPU_EVENTS: %s", strerror(-err));

	return crash(vcpu, what);
}

static enum vcpu_next on_exit_reason(struct vcpu *vcpu)
{
	char what[64];

	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_MMIO:
		mmio(vcpu);

		return VCPU_RUN;
	case KVM_EXIT_ARM_NISV:
	case KVM_EXIT_ARM_LDST64B:
		return abort_access(vcpu);
	case KVM_EXIT_HYPERCALL:
		return vcpu->vm->server->call(vcpu);
	case KVM_EXIT_SYSTEM_EVENT:
		return vcpu->vm->server->system_event(vcpu);
	default:
		snprintf(what, sizeof(what), "KVM_RUN ended with exit reason %u",
			 vcpu->run->exit_reason);

		return crash(vcpu, what);
	}
}

/* Returns what to do next, once the gate is open. */
static enum vcpu_next poll_next(struct vcpu *vcpu)
{
	return gate_pass(&vcpu->vm->gate) ? vcpu->vm->server->poll(vcpu) : VCPU_EXIT;
}

/* Called before each KVM_RUN, in this order, or a kick is lost: see vcpu.h. */
static bool take_kick(struct vcpu *vcpu)
{
	vcpu->run->immediate_exit = 0;

	return atomic_exchange(&vcpu->kicked, false);
}

static enum vcpu_next on_run_failure(struct vcpu *vcpu, int err)
{
	struct error reason;
	char what[128];

	if (err == ENOSYS)
		return crash(vcpu,
			     "an instruction that KVM cannot decode accessed an address without "
			     "memory, and this host's KVM has no KVM_CAP_ARM_NISV_TO_USER");
	if (err == EFAULT) {
		restored_memory_explain(vcpu->vm, &reason);
		return crash(vcpu, reason.text);
	}
	if (err == EHWPOISON) {
		uint64_t broken = 0;

		(void)memory_error_taken(&broken);
		snprintf(what, sizeof(what),
			 "the guest used memory at %#llx that is broken on this host (SIGBUS)",
			 (unsigned long long)(broken - (uintptr_t)vcpu->vm->memory.host +
					      MEMORY_BASE));

		return crash(vcpu, what);
	}
	snprintf(what, sizeof(what), "KVM_RUN: %s", strerror(err));

	return crash(vcpu, what);
}

/*
 * Returns 0, -EINTR to run again once requests have been handled, or another
 * -errno.
 */
static int run_guest(struct vcpu *vcpu)
{
	uint64_t broken;
	int err;

	memory_error_in_guest(vcpu->run);
	err = kvm_run_vcpu(vcpu->fd);
	memory_error_in_guest(NULL);
	if (err == -EINTR && memory_error_taken(&broken))
		return -EHWPOISON;

	return err == -EAGAIN ? -EINTR : err;
}

static enum vcpu_next enter(struct vcpu *vcpu)
{
	int err;

	if (take_kick(vcpu))
		return poll_next(vcpu);
	err = run_guest(vcpu);
	if (!err)
		return on_exit_reason(vcpu);

	return err == -EINTR ? VCPU_RUN : on_run_failure(vcpu, -err);
}

static enum vcpu_next on_mp_state_failure(struct vcpu *vcpu, const char *state, int err)
{
	char what[128];

	snprintf(what, sizeof(what), "KVM_SET_MP_STATE to %s: %s", state, strerror(-err));

	return crash(vcpu, what);
}

static bool is_wakeup(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_SYSTEM_EVENT &&
	       run->system_event.type == KVM_SYSTEM_EVENT_WAKEUP;
}

/* In KVM_MP_STATE_SUSPENDED, until an interrupt or a kick ends it. */
static enum vcpu_next suspended(struct vcpu *vcpu)
{
	for (;;) {
		int err;

		if (take_kick(vcpu)) {
			const enum vcpu_next next = poll_next(vcpu);

			if (next != VCPU_SLEEP)
				return next;
		}
		err = run_guest(vcpu);
		if (!err)
			return is_wakeup(vcpu->run) ? vcpu->vm->server->wake(vcpu)
						    : on_exit_reason(vcpu);
		if (err != -EINTR)
			return on_run_failure(vcpu, -err);
	}
}

/*
 * Let KVM's GIC decide whether an interrupt wakes the vCPU: it knows all of
 * them.
 */
static enum vcpu_next sleep_until_wake(struct vcpu *vcpu)
{
	enum vcpu_next next;
	int err = kvm_set_mp_state(vcpu->fd, KVM_MP_STATE_SUSPENDED);

	if (err)
		return on_mp_state_failure(vcpu, "SUSPENDED", err);
	next = suspended(vcpu);
	/* The state is sticky: it would end every KVM_RUN from now on. */
	err = kvm_set_mp_state(vcpu->fd, KVM_MP_STATE_RUNNABLE);

	return err ? on_mp_state_failure(vcpu, "RUNNABLE", err) : next;
}

static void *thread_main(void *argument)
{
	struct vcpu *vcpu = argument;
	enum vcpu_next next;

	current_run = vcpu->run;
	atomic_store(&vcpu->tid, (int)gettid());
	pthread_mutex_lock(&vcpu->lock);
	vcpu->self = pthread_self();
	vcpu->running = true;
	pthread_mutex_unlock(&vcpu->lock);

	next = poll_next(vcpu);
	while (next != VCPU_EXIT) {
		atomic_store(&vcpu->activity, (int)next);
		switch (next) {
		case VCPU_RUN:
			next = enter(vcpu);
			break;
		case VCPU_WAIT:
			reset_early(vcpu);
			wait_for_kick(vcpu);
			next = poll_next(vcpu);
			break;
		case VCPU_SLEEP:
			next = sleep_until_wake(vcpu);
			break;
		case VCPU_EXIT:
			break;
		}
	}

	pthread_mutex_lock(&vcpu->lock);
	vcpu->running = false;
	pthread_mutex_unlock(&vcpu->lock);
	current_run = NULL;

	return NULL;
}

int vcpu_start(struct vcpu *vcpu, struct error *error)
{
	sigset_t kick;
	sigset_t before;
	int err;

	/* A new thread inherits the mask: vCPU threads alone take the kick. */
	sigemptyset(&kick);
	sigaddset(&kick, kick_signal());
	pthread_sigmask(SIG_UNBLOCK, &kick, &before);
	err = pthread_create(&vcpu->thread, NULL, thread_main, vcpu);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return error_set(error, -err, "cannot start a thread for vCPU %u: %s", vcpu->index,
				 strerror(err));

	return 0;
}

void vcpu_join(struct vcpu *vcpu)
{
	pthread_join(vcpu->thread, NULL);
}
