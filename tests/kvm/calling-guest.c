/* SPDX-License-Identifier: BSD-3-Clause */
#include "calling-guest.h"

#include <stdatomic.h>
#include <stddef.h>

#include "kvm/registers.h"
#include "rig.h"
#include "vcpu-run.h"

static atomic_uint next; /* The function, or 0. */
static atomic_ulong next_argument;
static atomic_int first_fd;

static bool leaves(struct kvm_run *shared)
{
	const unsigned int function = atomic_exchange(&next, 0);

	if (function)
		vcpu_exit_by_call(shared, function);

	return function != 0;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_one_reg *reg = argument;

	if (request == KVM_CREATE_VCPU && !argument) {
		*ret = fake_kvm_create_vcpu(0);
		atomic_store(&first_fd, *ret);

		return true;
	}
	if (fd != atomic_load(&first_fd))
		return false;
	*ret = 0;
	if (request == KVM_RUN) {
		*ret = vcpu_run(fd, leaves);

		return true;
	}
	if (request != KVM_GET_ONE_REG || reg->id != kvm_register_x(1))
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	*(uint64_t *)(uintptr_t)reg->addr = atomic_load(&next_argument);

	return true;
}

void calling_guest_begin(void)
{
	atomic_store(&next, 0);
	fake_kvm_answer = answer;
}

void calling_guest_call(uint32_t function, uint64_t argument)
{
	atomic_store(&next_argument, argument);
	atomic_store(&next, function);
}

bool calling_guest_will_call(void)
{
	return atomic_load(&next) != 0;
}
