/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu-run.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "rig.h"

int vcpu_run(int fd, bool (*leaves)(struct kvm_run *shared))
{
	struct kvm_run *shared =
		mmap(NULL, kvm_of_tests.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bool left = false;

	while (!left && !*(volatile uint8_t *)&shared->immediate_exit) {
		(void)poll(NULL, 0, 1);
		left = leaves(shared);
	}
	munmap(shared, kvm_of_tests.run_size);
	if (left)
		return 0;
	errno = EINTR;

	return -1;
}

void vcpu_exit_by_call(struct kvm_run *shared, uint32_t function)
{
	shared->exit_reason = KVM_EXIT_HYPERCALL;
	shared->hypercall.nr = function;
}
