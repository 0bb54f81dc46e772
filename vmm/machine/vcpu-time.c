/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/vcpu-time.h"

#include <pthread.h>
#include <time.h>

#include "machine/vcpu.h"
#include "machine/vm.h"

static uint64_t cpu_time(const struct vcpu *vcpu)
{
	struct timespec time;
	clockid_t clock;

	if (pthread_getcpuclockid(vcpu->thread, &clock) != 0 || clock_gettime(clock, &time) < 0)
		return 0;

	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

uint64_t vcpus_cpu_time(const struct vm *vm)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		all += cpu_time(&vm->vcpus[i]);

	return all;
}
