/* SPDX-License-Identifier: BSD-3-Clause */
/* Random steps of relay-stack.h, the same in every run. */
#include "relay-stack.h"

#include <psci/smccc.h>

static uint64_t seed;
static bool is_extended;

/* An LCG's high bits (Knuth's constants). */
static uint32_t any_below(uint32_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

	return (uint32_t)(seed >> 33) % limit;
}

static uint64_t any_argument(void)
{
	static const uint64_t arguments[] = {
		0,
		1,
		2,
		3,
		4,
		0x100,
		UINT64_C(0x100010100),
		UINT64_C(0x100010000),
		0x10000,
		0x10001,
		0x40000001,
		0x40000000,
		0x40000002,
		0x40001000,
		STACK_REFUSED_ENTRY,
		STACK_REFUSED_ENTRY + 1,
		0x80000000,
		0x80000001,
		UINT64_C(0x8000000000),
		UINT64_C(0xdead000040002000),
		UINT64_MAX,
	};
	const uint32_t i = any_below(2 * sizeof(arguments) / sizeof(arguments[0]));

	if (i < sizeof(arguments) / sizeof(arguments[0]))
		return arguments[i];
	if (i & 1)
		return PSCI_FN32_BASE + any_below(2) * SMCCC_SMC64_MASK + any_below(PSCI_FN_COUNT);

	return (uint64_t)any_below(0x4000) << any_below(50);
}

/* One whose arguments are right. */
static struct psci_regs good_call(void)
{
	static const uint64_t mpidrs[] = STACK_MPIDRS;
	static const uint32_t fids[] = { PSCI_FN64_CPU_ON,	  PSCI_FN64_CPU_ON,
					 PSCI_FN64_AFFINITY_INFO, PSCI_FN64_CPU_SUSPEND,
					 PSCI_FN32_CPU_OFF,	  PSCI_FN64_SYSTEM_SUSPEND };
	const uint32_t fid = fids[any_below(6)];
	struct psci_regs regs = {
		.x = { fid, mpidrs[any_below(STACK_CPU_COUNT)], 0x40001000, any_below(1000) },
		.big_endian = any_below(2),
	};

	if (fid == PSCI_FN64_AFFINITY_INFO)
		regs.x[2] = any_below(4);
	else if (fid == PSCI_FN64_CPU_SUSPEND)
		regs.x[1] = is_extended ? 0x40000001 : 0x00010001;
	else if (fid == PSCI_FN64_SYSTEM_SUSPEND)
		regs.x[1] = 0x40002000;

	return regs;
}

static struct psci_regs any_call(void)
{
	struct psci_regs regs = {
		.x = { 0, any_argument(), any_argument(), any_argument() },
		.aarch32 = any_below(4) == 0,
		.big_endian = any_below(2),
	};

	regs.x[0] = PSCI_FN32_BASE + any_below(2) * SMCCC_SMC64_MASK + any_below(PSCI_FN_COUNT);
	if (any_below(8) == 0)
		regs.x[0] |= UINT64_C(0xabcd00000000) | SMCCC_SVE_HINT_MASK;

	return regs;
}

static struct stack_step any_step(void)
{
	static const enum stack_step_kind kinds[] = { STACK_CALL, STACK_CALL, STACK_CALL,
						      STACK_POLL, STACK_POLL, STACK_WAKE };
	struct stack_step step = {
		.kind = kinds[any_below(sizeof(kinds) / sizeof(kinds[0]))],
		.cpu = any_below(STACK_CPU_COUNT),
	};

	if (any_below(64) == 0)
		step.kind = STACK_DENY + any_below(3);
	if (stack_has_ended() && any_below(8) == 0)
		step.kind = STACK_REBOOT;
	if (step.kind == STACK_CALL)
		step.regs = any_below(2) ? good_call() : any_call();

	return step;
}

static void make_any(void)
{
	static const uint32_t versions[] = { PSCI_VERSION_0_2, PSCI_VERSION_1_0, PSCI_VERSION_1_1,
					     PSCI_VERSION_1_2, PSCI_VERSION_1_3, PSCI_VERSION_1_3 };
	/* Nothing, and what may be missing without another. */
	static const uint32_t disabled[] = { 0,		1 << 0x06, 1 << 0x0b, 1 << 0x0f,
					     1 << 0x0e, 0x30000,   0x0020 };
	struct stack_kind kind = {
		.version = versions[any_below(6)],
		.hide_on_pending = any_below(2),
		.trusted_os = any_below(2),
	};

	kind.extended_state_id = kind.version >= PSCI_VERSION_1_0 && any_below(2);
	if (kind.version >= PSCI_VERSION_1_0)
		kind.disabled = disabled[any_below(7)];
	is_extended = kind.extended_state_id;
	stack_make(&kind);
}

const char *stack_play(unsigned int count)
{
	const char *found = NULL;

	for (unsigned int i = 0; i < count && !found; i++) {
		if (i % 500 == 0)
			make_any();

		const struct stack_step step = any_step();

		found = stack_step(&step);
	}

	return found;
}
