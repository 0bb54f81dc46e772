/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/reset-state.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "kvm/pmu-registers.h"
#include "kvm/registers.h"

/* An encoding's part, from the id of a system register. */
#define PART(id, name) \
	((KVM_REG_ARM64_SYSREG_##name##_MASK & (id)) >> KVM_REG_ARM64_SYSREG_##name##_SHIFT)

#define GENERAL_COUNT 31
#define VECTOR_COUNT 32
#define WORDS_PER_VECTOR 4ULL
#define PREDICATE_COUNT 16

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
	    (id & KVM_REG_SIZE_MASK) != KVM_REG_SIZE_U64 || kvm_register_is_counter(id) ||
	    kvm_register_is_pmu_count(id))
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

/*
 * Returns how many, or 0 if not all can be had. Of a pair, all bits are cleared
 * before some are set: see pmu-registers.h.
 */
static size_t read_all(struct reset_state *state, int vcpu_fd, const struct kvm_reg_list *list)
{
	size_t count = 0;

	for (uint64_t i = 0; i < list->n; i++) {
		const uint64_t id = list->reg[i];
		const uint64_t clear = kvm_register_that_clears(id);

		if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE)
			state->has_sve = true;
		if (id == KVM_REGISTER_PMCR_EL0)
			state->has_pmu = true;
		if (!is_reset(id) || kvm_register_clears(id))
			continue;
		if (count + 2 > RESET_STATE_MAX)
			return 0;
		if (clear) {
			state->registers[count].id = clear;
			state->registers[count++].value = UINT64_MAX;
		}
		if (kvm_get_register(vcpu_fd, id, &state->registers[count].value) < 0)
			return 0;
		state->registers[count++].id = id;
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

/* Zero a register of at most 2048 bits; its size is in its id. */
static int zero(int vcpu_fd, uint64_t id)
{
	static const uint64_t zeroes[32];

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

/* The vectors of FP and SIMD, which are the beginnings of those of SVE. */
static int zero_vectors(int vcpu_fd, bool has_sve)
{
	int err = 0;

	for (unsigned int i = 0; i < VECTOR_COUNT && !err; i++)
		err = zero(vcpu_fd,
			   has_sve ? KVM_REG_ARM64_SVE_ZREG(i, 0)
				   : KVM_REGISTER_CORE(U128, fp_regs.vregs) + i * WORDS_PER_VECTOR);

	return err;
}

static int zero_predicates(int vcpu_fd)
{
	int err = zero(vcpu_fd, KVM_REG_ARM64_SVE_FFR(0));

	for (unsigned int i = 0; i < PREDICATE_COUNT && !err; i++)
		err = zero(vcpu_fd, KVM_REG_ARM64_SVE_PREG(i, 0));

	return err;
}

static int zero_fp(int vcpu_fd, bool has_sve)
{
	int err = zero(vcpu_fd, KVM_REGISTER_CORE(U32, fp_regs.fpsr));

	if (!err)
		err = zero(vcpu_fd, KVM_REGISTER_CORE(U32, fp_regs.fpcr));
	if (!err)
		err = zero_vectors(vcpu_fd, has_sve);

	return err || !has_sve ? err : zero_predicates(vcpu_fd);
}

/* Returns 0 if none counts. After a reset some are enabled, but not all together. */
static int check_counters(int vcpu_fd)
{
	uint64_t pmcr, enabled = 0;
	int err = kvm_get_register(vcpu_fd, KVM_REGISTER_PMCR_EL0, &pmcr);

	if (!err && pmcr & PMCR_EL0_E)
		err = kvm_get_register(vcpu_fd, KVM_REGISTER_PMCNTENSET_EL0, &enabled);
	if (err)
		return err;

	return enabled ? -EBUSY : 0;
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
	if (state->has_pmu)
		err = check_counters(vcpu_fd);
	for (size_t i = 0; i < count && !err; i++)
		err = kvm_set_register(vcpu_fd, state->registers[i].id, state->registers[i].value);
	if (!err)
		err = zero_general(vcpu_fd);

	return err ? err : zero_fp(vcpu_fd, state->has_sve);
}
