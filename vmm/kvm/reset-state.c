/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/reset-state.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "machine/vcpu.h"

/* An encoding's part, from the id of a system register. */
#define PART(id, name) \
	((KVM_REG_ARM64_SYSREG_##name##_MASK & (id)) >> KVM_REG_ARM64_SYSREG_##name##_SHIFT)

/* Core registers are counted in 32-bit words from the start of kvm_regs. */
#define CORE_REGISTER(size, member) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_##size | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define GENERAL_COUNT 31
#define VECTOR_COUNT 32
#define WORDS_PER_VECTOR 4ULL

#define OP0_DEBUG 2
#define OP0_SYSTEM 3

/* Of the debug registers with CRn 0, those of breakpoints and watchpoints have op2 from 4 on. */
#define DEBUG_OP2_FIRST_POINT 4

static bool is_counter(uint64_t id)
{
	/* As KVM calls them; the first is not where the architecture has it. */
	return id == KVM_REG_ARM_TIMER_CNT || id == KVM_REG_ARM_PTIMER_CNT;
}

static bool is_reset(uint64_t id)
{
	if ((id & KVM_REG_ARM_COPROC_MASK) != KVM_REG_ARM64_SYSREG ||
	    (id & KVM_REG_SIZE_MASK) != KVM_REG_SIZE_U64 || is_counter(id))
		return false;
	/* CRn 0 identifies; but for CSSELR_EL1, which is UNKNOWN after a reset. */
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

/* Returns NULL if KVM does not tell. */
static struct kvm_reg_list *list_registers(const struct vcpu *vcpu)
{
	struct kvm_reg_list *list;
	struct kvm_reg_list size = { 0 };

	/* Asked for none, it says how many there are. */
	if (ioctl(vcpu->fd, KVM_GET_REG_LIST, &size) == 0 || errno != E2BIG)
		return NULL;
	list = malloc(sizeof(*list) + size.n * sizeof(list->reg[0]));
	if (!list)
		return NULL;
	list->n = size.n;
	if (ioctl(vcpu->fd, KVM_GET_REG_LIST, list) == 0)
		return list;
	free(list);

	return NULL;
}

/* Returns how many, or 0 if not all can be had. */
static size_t read_all(struct reset_state *state, const struct vcpu *vcpu,
		       const struct kvm_reg_list *list)
{
	size_t count = 0;

	for (uint64_t i = 0; i < list->n; i++) {
		if (!is_reset(list->reg[i]))
			continue;
		if (count == RESET_STATE_MAX ||
		    vcpu_get_register(vcpu, list->reg[i], &state->registers[count].value) < 0)
			return 0;
		state->registers[count++].id = list->reg[i];
	}

	return count;
}

void reset_state_learn(struct reset_state *state, const struct vcpu *vcpu)
{
	pthread_mutex_lock(&state->lock);
	if (state->count == 0) {
		struct kvm_reg_list *list = list_registers(vcpu);

		if (list)
			state->count = read_all(state, vcpu, list);
		free(list);
	}
	pthread_mutex_unlock(&state->lock);
}

/* Zero a register of at most 128 bits; its size is in its id. */
static int zero(const struct vcpu *vcpu, uint64_t id)
{
	static const uint64_t zeroes[2];
	const struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)(uintptr_t)zeroes };

	return ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) < 0 ? -errno : 0;
}

/* Not x0, which every start writes. */
static int zero_general(const struct vcpu *vcpu)
{
	int err = zero(vcpu, CORE_REGISTER(U64, regs.sp));

	for (unsigned int i = 1; i < GENERAL_COUNT && !err; i++)
		err = zero(vcpu, vcpu_register_x(i));

	return err;
}

static int zero_fp(const struct vcpu *vcpu)
{
	int err = zero(vcpu, CORE_REGISTER(U32, fp_regs.fpsr));

	if (!err)
		err = zero(vcpu, CORE_REGISTER(U32, fp_regs.fpcr));
	for (unsigned int i = 0; i < VECTOR_COUNT && !err; i++)
		err = zero(vcpu, CORE_REGISTER(U128, fp_regs.vregs) + i * WORDS_PER_VECTOR);

	return err;
}

int reset_state_restore(struct reset_state *state, const struct vcpu *vcpu)
{
	size_t count;
	int err = 0;

	/* Who sees that it is known sees the registers too, which stay what they are. */
	pthread_mutex_lock(&state->lock);
	count = state->count;
	pthread_mutex_unlock(&state->lock);
	if (count == 0)
		return -ENOENT;
	for (size_t i = 0; i < count && !err; i++)
		err = vcpu_set_register(vcpu, state->registers[i].id, state->registers[i].value);
	if (!err)
		err = zero_general(vcpu);

	return err ? err : zero_fp(vcpu);
}
