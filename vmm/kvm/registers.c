/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/registers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

uint64_t kvm_register_x(unsigned int number)
{
	/* Each is two words long. */
	return KVM_REGISTER_CORE(U64, regs.regs) + 2ULL * number;
}

bool kvm_register_is_counter(uint64_t id)
{
	/*
	 * KVM's names; the first has another encoding than in the architecture.
	 */
	return id == KVM_REG_ARM_TIMER_CNT || id == KVM_REG_ARM_PTIMER_CNT;
}

int kvm_get_register_bytes(int vcpu_fd, uint64_t id, void *bytes)
{
	const struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)(uintptr_t)bytes };

	return ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg) < 0 ? -errno : 0;
}

int kvm_set_register_bytes(int vcpu_fd, uint64_t id, const void *bytes)
{
	const struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)(uintptr_t)bytes };

	return ioctl(vcpu_fd, KVM_SET_ONE_REG, &reg) < 0 ? -errno : 0;
}

int kvm_get_register(int vcpu_fd, uint64_t id, uint64_t *value)
{
	return kvm_get_register_bytes(vcpu_fd, id, value);
}

int kvm_set_register(int vcpu_fd, uint64_t id, uint64_t value)
{
	return kvm_set_register_bytes(vcpu_fd, id, &value);
}

int kvm_list_registers(int vcpu_fd, struct kvm_reg_list **list)
{
	struct kvm_reg_list size = { 0 };

	*list = NULL;
	/* Asked for none, KVM returns how many there are. */
	if (ioctl(vcpu_fd, KVM_GET_REG_LIST, &size) < 0 && errno != E2BIG)
		return -errno;
	*list = malloc(sizeof(**list) + size.n * sizeof((*list)->reg[0]));
	if (!*list)
		return -ENOMEM;
	(*list)->n = size.n;
	if (ioctl(vcpu_fd, KVM_GET_REG_LIST, *list) < 0) {
		const int err = -errno;

		free(*list);
		*list = NULL;

		return err;
	}

	return 0;
}

int kvm_get_mp_state(int vcpu_fd, uint32_t *state)
{
	struct kvm_mp_state mp_state = { 0 };

	if (ioctl(vcpu_fd, KVM_GET_MP_STATE, &mp_state) < 0)
		return -errno;
	*state = mp_state.mp_state;

	return 0;
}

int kvm_set_mp_state(int vcpu_fd, uint32_t state)
{
	const struct kvm_mp_state mp_state = { .mp_state = state };

	return ioctl(vcpu_fd, KVM_SET_MP_STATE, &mp_state) < 0 ? -errno : 0;
}
