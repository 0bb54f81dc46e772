/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/guest-clock.h"

#include <string.h>
#include <time.h>

#include <linux/kvm.h>

#include "base/message.h"
#include "machine/vcpu.h"
#include "machine/vm.h"

/* Like the guest's own counter, it counts while the host sleeps. */
static uint64_t host_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);

	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A guest whose counter cannot be stopped continues with the jump. */
static void report(const struct vm *vm, int err)
{
	message_ratelimited(
		"%s: cannot stop the guest's counter, which continued while the machine "
		"was paused: %s",
		vm->name, strerror(-err));
}

/* One vCPU's counter is every vCPU's: KVM has one offset for a VM. */
static void read_counter(struct vm *vm)
{
	int err;

	vm->clock.known = false;
	if (vm->vcpu_count == 0)
		return;
	err = kvm_get_register(vm->vcpus[0].fd, KVM_REG_ARM_TIMER_CNT, &vm->clock.count);
	if (err)
		report(vm, err);
	vm->clock.known = !err;
}

void guest_clock_stop(struct vm *vm)
{
	if (vm->clock.stopped)
		return;
	vm->clock.since = guest_clock_now(vm);
	vm->clock.stopped = true;
	read_counter(vm);
}

void guest_clock_start(struct vm *vm)
{
	struct guest_clock *clock = &vm->clock;

	if (!clock->stopped)
		return;
	if (clock->known && vm->vcpu_count > 0) {
		const int err =
			kvm_set_register(vm->vcpus[0].fd, KVM_REG_ARM_TIMER_CNT, clock->count);

		if (err)
			report(vm, err);
	}
	clock->paused = host_now() - clock->since;
	clock->stopped = false;
}

void guest_clock_begin(struct vm *vm)
{
	if (vm->clock.stopped)
		read_counter(vm);
}

uint64_t guest_clock_now(const struct vm *vm)
{
	return vm->clock.stopped ? vm->clock.since : host_now() - vm->clock.paused;
}
