/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/registers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/*
 * More than KVM has yet. To ask it how many there are costs nearly as much as to have
 * them listed.
 */
#define LIST_ROOM 1024

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

/* With room for @count; on failure, KVM may have set that to how many there are. */
static int list_registers(int vcpu_fd, uint64_t *count, struct kvm_reg_list **list)
{
	int err = 0;

	*list = malloc(sizeof(**list) + *count * sizeof((*list)->reg[0]));
	if (!*list)
		return -ENOMEM;
	(*list)->n = *count;
	if (ioctl(vcpu_fd, KVM_GET_REG_LIST, *list) < 0) {
		err = -errno;
		*count = (*list)->n;
		free(*list);
		*list = NULL;
	}

	return err;
}

int kvm_list_registers(int vcpu_fd, struct kvm_reg_list **list)
{
	uint64_t count = LIST_ROOM;
	const int err = list_registers(vcpu_fd, &count, list);

	return err == -E2BIG ? list_registers(vcpu_fd, &count, list) : err;
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
