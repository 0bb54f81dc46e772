/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/reset-state.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "kvm/registers.h"

/* An encoding's part, from the id of a system register. */
#define PART(id, name) \
	((KVM_REG_ARM64_SYSREG_##name##_MASK & (id)) >> KVM_REG_ARM64_SYSREG_##name##_SHIFT)

#define GENERAL_COUNT 31
#define VECTOR_COUNT 32
#define WORDS_PER_VECTOR 4ULL

#define OP0_DEBUG 2
#define OP0_SYSTEM 3

/*
 * Of the debug registers with CRn 0, those of breakpoints and watchpoints have
 * op2 from 4 on.
 */
#define DEBUG_OP2_FIRST_POINT 4

static bool is_reset(uint64_t id)
{
	if ((id & KVM_REG_ARM_COPROC_MASK) != KVM_REG_ARM64_SYSREG ||
	    (id & KVM_REG_SIZE_MASK) != KVM_REG_SIZE_U64 || kvm_register_is_counter(id))
		return false;
	/*
	 * CRn 0 has the ID registers, except CSSELR_EL1, which is UNKNOWN after
	 * a reset.
	 */
	if (PART(id, OP0) == OP0_SYSTEM)
		return PART(id, CRN) != 0;

	return PART(id, OP0) == OP0_DEBUG &&
	       (PART(id, CRN) != 0 || PART(id, OP2) < DEBUG_OP2_FIRST_POINT);
}

void reset_state_create(struct reset_state *state)
{
	state->count = 0;
	pthread_mutex_init(&state->lock, NULL);
}

void reset_state_destroy(struct reset_state *state)
{
	pthread_mutex_destroy(&state->lock);
}

/* Returns how many, or 0 if not all can be had. */
static size_t read_all(struct reset_state *state, int vcpu_fd, const struct kvm_reg_list *list)
{
	size_t count = 0;

	for (uint64_t i = 0; i < list->n; i++) {
		if (!is_reset(list->reg[i]))
			continue;
		if (count == RESET_STATE_MAX ||
		    kvm_get_register(vcpu_fd, list->reg[i], &state->registers[count].value) < 0)
			return 0;
		state->registers[count++].id = list->reg[i];
	}

	return count;
}

void reset_state_capture(struct reset_state *state, int vcpu_fd)
{
	pthread_mutex_lock(&state->lock);
	if (state->count == 0) {
		struct kvm_reg_list *list;

		if (kvm_list_registers(vcpu_fd, &list) == 0)
			state->count = read_all(state, vcpu_fd, list);
		free(list);
	}
	pthread_mutex_unlock(&state->lock);
}

/* Zero a register of at most 128 bits; its size is in its id. */
static int zero(int vcpu_fd, uint64_t id)
{
	static const uint64_t zeroes[2];

	return kvm_set_register_bytes(vcpu_fd, id, zeroes);
}

/* Not x0, which every start writes. */
static int zero_general(int vcpu_fd)
{
	int err = zero(vcpu_fd, KVM_REGISTER_SP_EL0);

	for (unsigned int i = 1; i < GENERAL_COUNT && !err; i++)
		err = zero(vcpu_fd, kvm_register_x(i));

	return err;
}

static int zero_fp(int vcpu_fd)
{
	int err = zero(vcpu_fd, KVM_REGISTER_CORE(U32, fp_regs.fpsr));

	if (!err)
		err = zero(vcpu_fd, KVM_REGISTER_CORE(U32, fp_regs.fpcr));
	for (unsigned int i = 0; i < VECTOR_COUNT && !err; i++)
		err = zero(vcpu_fd, KVM_REGISTER_CORE(U128, fp_regs.vregs) + i * WORDS_PER_VECTOR);

	return err;
}

int reset_state_restore(struct reset_state *state, int vcpu_fd)
{
	size_t count;
	int err = 0;

	/*
	 * Safe: a thread that sees the count also sees the registers, which no
	 * longer change.
	 */
	pthread_mutex_lock(&state->lock);
	count = state->count;
	pthread_mutex_unlock(&state->lock);
	if (count == 0)
		return -ENOENT;
	for (size_t i = 0; i < count && !err; i++)
		err = kvm_set_register(vcpu_fd, state->registers[i].id, state->registers[i].value);
	if (!err)
		err = zero_general(vcpu_fd);

	return err ? err : zero_fp(vcpu_fd);
}
