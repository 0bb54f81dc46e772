/* SPDX-License-Identifier: BSD-3-Clause */
#include "random-guest.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/kvm.h>

#include <psci/abi.h>

#include "fake-kvm.h"
#include "machine/vcpu.h"

#define VCPU_COUNT 2
#define ENTRY 0x40080000

/** A vCPU in KVM, as far as it matters. */
struct cpu {
	atomic_int fd;
	atomic_bool asleep; /**< KVM_MP_STATE_SUSPENDED. */
	atomic_bool off; /**< KVM_MP_STATE_STOPPED, where KVM serves PSCI. */
	uint64_t x1, x2; /**< Arguments of its last call. Its own thread's. */
};

static struct cpu cpus[VCPU_COUNT];
static bool kernel_serves;
static atomic_ulong entries;
static atomic_ulong machines;
static atomic_uint seeds;

/* Each thread has its own, or they would wait for each other. */
static unsigned int chance(unsigned int of)
{
	static _Thread_local unsigned int state;

	if (state == 0)
		state = atomic_fetch_add(&seeds, 7919);

	return (unsigned int)rand_r(&state) % of;
}

static struct cpu *find(int fd)
{
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		if (atomic_load(&cpus[i].fd) == fd)
			return &cpus[i];
	}

	return NULL;
}

static bool is_first(const struct cpu *cpu)
{
	return cpu == &cpus[0];
}

/* A call that libpsci is to serve. */
static void call(struct cpu *cpu, struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_HYPERCALL;
	cpu->x1 = ENTRY;
	cpu->x2 = 0;
	switch (chance(64)) {
	case 0:
		run->hypercall.nr = PSCI_FN32_SYSTEM_RESET;
		break;
	case 1:
		run->hypercall.nr = chance(4) ? PSCI_FN32_SYSTEM_RESET : PSCI_FN32_SYSTEM_OFF;
		break;
	case 2:
		run->hypercall.nr = chance(4) ? PSCI_FN32_SYSTEM_RESET : PSCI_FN64_SYSTEM_OFF2;
		cpu->x1 = 0;
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
		run->hypercall.nr = PSCI_FN64_CPU_ON;
		cpu->x1 = is_first(cpu) ? 1 : 0;
		cpu->x2 = ENTRY;
		break;
	default:
		/* The first one stays, or no vCPU would be left to go on. */
		run->hypercall.nr = is_first(cpu) ? PSCI_FN64_SYSTEM_SUSPEND : PSCI_FN32_CPU_OFF;
		break;
	}
}

/* One that KVM has served itself: returns whether it leads out of KVM_RUN. */
static bool event(struct cpu *cpu, struct kvm_run *run)
{
	static const uint32_t ends[] = {
		KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_RESET,	   KVM_SYSTEM_EVENT_RESET,
		KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_RESET,	   KVM_SYSTEM_EVENT_RESET,
		KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_SHUTDOWN,
	};

	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.ndata = 0;
	if (is_first(cpu)) {
		/* If the second one is on, it may end the machine at the same time. */
		atomic_store(&cpus[1].off, chance(2));
		run->system_event.type = KVM_SYSTEM_EVENT_SUSPEND;

		return true;
	}
	if (chance(8) > 0)
		return false;
	run->system_event.type = ends[chance(8)];

	return true;
}

/* Returns whether something leads out of the guest. */
static bool execute(struct cpu *cpu, struct kvm_run *run)
{
	if (atomic_load(&cpu->off) || chance(2) > 0)
		return false;
	if (atomic_load(&cpu->asleep)) {
		if (chance(6) > 0)
			return false;
		run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
		run->system_event.type = KVM_SYSTEM_EVENT_WAKEUP;
		return true;
	}
	if (kernel_serves)
		return event(cpu, run);
	call(cpu, run);

	return true;
}

static int run_vcpu(struct cpu *cpu)
{
	struct kvm_run *run = mmap(NULL, kvm_of_tests.run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
				   atomic_load(&cpu->fd), 0);
	bool left = false;

	if (run == MAP_FAILED)
		return -1;
	atomic_fetch_add(&entries, 1);
	while (!left && !*(volatile uint8_t *)&run->immediate_exit) {
		/* A kick ends it early; one that came just before does a moment later. */
		(void)ppoll(NULL, 0, &(struct timespec){ .tv_nsec = 20000 }, NULL);
		left = execute(cpu, run);
	}
	munmap(run, kvm_of_tests.run_size);
	if (left)
		return 0;
	errno = EINTR;

	return -1;
}

static bool get_register(const struct cpu *cpu, const struct kvm_one_reg *reg)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	uint64_t *value = (uint64_t *)(uintptr_t)reg->addr;

	if (reg->id == kvm_register_x(1))
		*value = cpu->x1;
	else if (reg->id == kvm_register_x(2))
		*value = cpu->x2;
	/* Of an event of KVM's, x0 is where SYSTEM_SUSPEND goes on. */
	else if (reg->id == kvm_register_x(0))
		*value = ENTRY;
	else
		return false;

	return true;
}

static bool mp_state(struct cpu *cpu, unsigned long request, struct kvm_mp_state *state)
{
	if (request == KVM_SET_MP_STATE) {
		atomic_store(&cpu->asleep, state->mp_state == KVM_MP_STATE_SUSPENDED);
		atomic_store(&cpu->off, state->mp_state == KVM_MP_STATE_STOPPED);
	} else {
		state->mp_state = atomic_load(&cpu->off)      ? KVM_MP_STATE_STOPPED
				  : atomic_load(&cpu->asleep) ? KVM_MP_STATE_SUSPENDED
							      : KVM_MP_STATE_RUNNABLE;
	}

	return true;
}

static bool answer_vcpu(struct cpu *cpu, unsigned long request, void *argument, int *ret)
{
	*ret = 0;
	switch (request) {
	case KVM_RUN:
		*ret = run_vcpu(cpu);
		return true;
	case KVM_GET_ONE_REG:
		return get_register(cpu, argument);
	case KVM_GET_MP_STATE:
	case KVM_SET_MP_STATE:
		return mp_state(cpu, request, argument);
	case KVM_ARM_VCPU_INIT:
		atomic_store(&cpu->off, ((struct kvm_vcpu_init *)argument)->features[0] &
						1U << KVM_ARM_VCPU_POWER_OFF);
		return true;
	default:
		return false;
	}
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	struct cpu *cpu;

	if (request == KVM_CREATE_VM) {
		atomic_fetch_add(&machines, 1);
		for (unsigned int i = 0; i < VCPU_COUNT; i++) {
			atomic_store(&cpus[i].fd, -1);
			atomic_store(&cpus[i].asleep, false);
			atomic_store(&cpus[i].off, false);
		}
	}
	if (request == KVM_CREATE_VCPU) {
		*ret = fake_kvm_create_vcpu((size_t)(uintptr_t)argument);
		if (*ret >= 0 && (uintptr_t)argument < VCPU_COUNT)
			atomic_store(&cpus[(uintptr_t)argument].fd, *ret);

		return true;
	}
	cpu = find(fd);

	return cpu && answer_vcpu(cpu, request, argument, ret);
}

void random_guest_install(unsigned int seed, bool kernel)
{
	atomic_store(&seeds, seed * 2 + 1);
	kernel_serves = kernel;
	fake_kvm_answer = answer;
}

unsigned long random_guest_entries(void)
{
	return atomic_load(&entries);
}

unsigned long random_guest_machines(void)
{
	return atomic_load(&machines);
}
