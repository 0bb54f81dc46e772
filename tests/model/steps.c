/* SPDX-License-Identifier: BSD-3-Clause */
#include "steps.h"

#include <psci/abi.h>

#include <stdio.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Values for the upper half of a register of which only the lower one counts. */
#define JUNK UINT64_C(0xfeedf00d00000000)

/*
 * Where vCPUs start and wake up in one way or another. More than one would make many
 * times as many states; special ones are in the tables below.
 */
#define ENTRY 0x40080000
#define CONTEXT 7

static struct step *add(struct steps *steps, enum step_kind kind, unsigned int vcpu)
{
	struct step *step = &steps->step[steps->count++];

	if (steps->count > STEP_MAX) {
		fprintf(stderr, "test-model: more steps than STEP_MAX\n");
		exit(2);
	}
	*step = (struct step){ .kind = kind, .vcpu = vcpu };

	return step;
}

static struct step *add_call(struct steps *steps, unsigned int vcpu, uint64_t x0, uint64_t x1,
			     uint64_t x2, uint64_t x3)
{
	struct step *step = add(steps, STEP_CALL, vcpu);

	step->regs = (struct psci_regs){ .x = { x0, x1, x2, x3 } };

	return step;
}

/* One call in AArch64, AArch32, and with garbage above the part that an SMC32 call uses. */
static void add_calls(struct steps *steps, unsigned int vcpu, uint32_t fid, uint64_t x1,
		      uint64_t x2, uint64_t x3)
{
	add_call(steps, vcpu, fid, x1, x2, x3);
	add_call(steps, vcpu, fid, x1, x2, x3)->regs.aarch32 = true;
	if (fid < PSCI_FN64_BASE)
		add_call(steps, vcpu, fid | JUNK, x1 | JUNK, x2 | JUNK, x3 | JUNK);
}

static void add_both(struct steps *steps, unsigned int vcpu, uint32_t fid, uint64_t x1, uint64_t x2,
		     uint64_t x3)
{
	add_calls(steps, vcpu, fid, x1, x2, x3);
	add_calls(steps, vcpu, fid | (PSCI_FN64_BASE - PSCI_FN32_BASE), x1, x2, x3);
}

/* Targets: each vCPU, one that does not exist, and one with a bit that must be zero. */
static const uint64_t strangers[] = { 2, 0x100, 0x01000000, UINT64_C(1) << 63 };

static void add_cpu_on(struct steps *steps, unsigned int vcpu, unsigned int starts, uint64_t target)
{
	static const struct start {
		uint32_t fid;
		bool aarch32;
		bool big_endian;
		uint64_t entry;
		uint64_t context;
	} good[] = {
		{ PSCI_FN64_CPU_ON, false, false, ENTRY, CONTEXT },
		{ PSCI_FN32_CPU_ON, true, true, 0x50000003, 0xffffffff },
		{ PSCI_FN64_CPU_ON, false, true, UINT64_C(0x4000000040), UINT64_MAX },
		{ PSCI_FN32_CPU_ON, false, false, JUNK | 0x40000000, JUNK | 1 },
	};
	static const uint64_t bad[] = { 1, 2, 3, WORLD_REFUSED_ENTRY, WORLD_REFUSED_ENTRY | 1 };

	for (unsigned int i = 0; i < starts; i++) {
		struct step *step =
			add_call(steps, vcpu, good[i].fid, target, good[i].entry, good[i].context);

		step->regs.aarch32 = good[i].aarch32;
		step->regs.big_endian = good[i].big_endian;
		step->anytime = i == 0;
	}
	for (size_t i = 1; i < ARRAY_SIZE(bad); i++) {
		add_call(steps, vcpu, PSCI_FN64_CPU_ON, target, bad[i], 0);
		add_call(steps, vcpu, PSCI_FN32_CPU_ON, target, bad[i], 0);
	}
	add_call(steps, vcpu, PSCI_FN32_CPU_ON, target, WORLD_REFUSED_ENTRY, 0)->regs.aarch32 =
		true;
	add_call(steps, vcpu, PSCI_FN32_CPU_ON, target, WORLD_REFUSED_ENTRY | 1, 0)->regs.aarch32 =
		true;
	add_call(steps, vcpu, PSCI_FN64_CPU_ON, target, 0x40000000, 0)->regs.aarch32 = true;
}

static void add_affinity_info(struct steps *steps, unsigned int vcpu, uint64_t target)
{
	static const uint64_t levels[] = { 0, 1, 2, 3, 4, 0x80000000, JUNK | 1 };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		add_both(steps, vcpu, PSCI_FN32_AFFINITY_INFO, target, levels[i], 0);
}

static void add_suspend(struct steps *steps, unsigned int vcpu, const struct world_kind *kind)
{
	static const uint64_t wrong_states[] = {
		JUNK | 0x11, 0x10000, 0x03010001, 0x40000000, 0x80000000, 0xffffffff,
	};
	const struct psci_idle_state *states =
		kind->extended ? world_extended_states : &world_states[kind->first_state];
	const unsigned int count = kind->state_count == 0 ? 1 : kind->state_count;

	for (unsigned int i = 0; i < count; i++) {
		const uint32_t power_state = kind->state_count == 0 ? 0 : states[i].power_state;

		add_call(steps, vcpu, PSCI_FN64_CPU_SUSPEND, power_state, ENTRY, CONTEXT);
		add_call(steps, vcpu, PSCI_FN32_CPU_SUSPEND, power_state | JUNK, ENTRY, CONTEXT);
		add_both(steps, vcpu, PSCI_FN32_CPU_SUSPEND, power_state, WORLD_REFUSED_ENTRY, 5);
		add_call(steps, vcpu, PSCI_FN64_CPU_SUSPEND, power_state, 0x60000001, 5);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong_states); i++)
		add_both(steps, vcpu, PSCI_FN32_CPU_SUSPEND, wrong_states[i], 0x60000000, 5);
}

static void add_other_suspends(struct steps *steps, unsigned int vcpu)
{
	static const uint32_t fids[] = { PSCI_FN32_CPU_DEFAULT_SUSPEND, PSCI_FN32_SYSTEM_SUSPEND };
	static const uint64_t modes[] = { 0, 1, 2, 0x80000000, JUNK | 1 };

	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		add_both(steps, vcpu, fids[i], WORLD_REFUSED_ENTRY, 5, 0);
		add_both(steps, vcpu, fids[i], 0x60000002, 5, 0);
		add_call(steps, vcpu, fids[i], ENTRY, CONTEXT, 0);
		add_call(steps, vcpu, fids[i] | 0x40000000, ENTRY, CONTEXT, 0);
		add_call(steps, vcpu, fids[i], 0x60000001, 7, 0)->regs.aarch32 = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		add_calls(steps, vcpu, PSCI_FN32_PSCI_SET_SUSPEND_MODE, modes[i], 0, 0);
}

static void add_node_hw_state(struct steps *steps, unsigned int vcpu, uint64_t target)
{
	for (uint32_t level = 0; level < 5; level++)
		add_call(steps, vcpu, PSCI_FN64_NODE_HW_STATE, target, level, 0);
	add_both(steps, vcpu, PSCI_FN32_NODE_HW_STATE, target, JUNK | 1, 0);
	add_call(steps, vcpu, PSCI_FN64_NODE_HW_STATE, target, 0xffffffff, 0);
}

static void add_memory(struct steps *steps, unsigned int vcpu)
{
	static const struct {
		uint64_t base, length;
	} ranges[] = {
		{ REF_MEMORY_BASE, REF_MEMORY_SIZE },
		{ REF_MEMORY_BASE, REF_MEMORY_SIZE + 1 },
		{ REF_MEMORY_BASE - 1, 2 },
		{ REF_MEMORY_BASE + REF_MEMORY_SIZE - 1, 1 },
		{ REF_MEMORY_BASE, 0 },
		{ REF_MEMORY_BASE, UINT64_MAX },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, 2 },
		{ 0, UINT64_MAX },
		{ 1, UINT64_MAX },
		{ 0, 0 },
	};
	static const uint64_t enable[] = { 0, 1, 2, 0x80000000, JUNK };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		add_both(steps, vcpu, PSCI_FN32_MEM_PROTECT_CHECK_RANGE, ranges[i].base,
			 ranges[i].length, 0);
	for (size_t i = 0; i < ARRAY_SIZE(enable); i++)
		add_calls(steps, vcpu, PSCI_FN32_MEM_PROTECT, enable[i], 0, 0);
}

/* Calls that are only reported to the host need not be made in many ways. */
static void add_system(struct steps *steps, unsigned int vcpu, bool all_cookies)
{
	static const uint64_t types[] = {
		0,
		1,
		2,
		0x7fffffff,
		0x80000000,
		REF_VENDOR_RESET,
		REF_VENDOR_CODE,
		REF_VENDOR_DENIED,
		REF_VENDOR_NONSENSE,
		JUNK,
	};
	static const uint64_t cookies[] = { 0, JUNK, 1 };
	const size_t cookie_count = all_cookies ? ARRAY_SIZE(cookies) : 1;

	add_calls(steps, vcpu, PSCI_FN32_SYSTEM_OFF, 1, 2, 3);
	add_calls(steps, vcpu, PSCI_FN32_SYSTEM_RESET, 1, 2, 3);
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		for (size_t c = 0; c < cookie_count; c++)
			add_both(steps, vcpu, PSCI_FN32_SYSTEM_RESET2, types[t], cookies[c], 0);
		for (size_t c = 0; c < ARRAY_SIZE(cookies); c++)
			add_both(steps, vcpu, PSCI_FN32_SYSTEM_OFF2, types[t], cookies[c], 0);
	}
}

/* Every number, of both conventions, and every way to spoil an id; asked for, and called. */
static void add_ids(struct steps *steps, unsigned int vcpu)
{
	static const uint32_t others[] = { 0,	       3,	   0x04000003, 0x44000003,
					   0x80000001, 0x84000020, 0x840000ff, 0x84020003,
					   0x84100003, 0x85000003, 0xc4000020, 0xc5000003,
					   0x86000003, 0xffffffff };

	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		add_both(steps, vcpu, PSCI_FN32_PSCI_FEATURES, PSCI_FN32_BASE | number, 0, 0);
		add_both(steps, vcpu, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_BASE | number, 0, 0);
		add_calls(steps, vcpu, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_BASE | 0x10000 | number,
			  0, 0);
		/*
		 * A vCPU's calls about itself or about no vCPU, which those below do not
		 * have.
		 */
		add_both(steps, vcpu, PSCI_FN32_BASE | number, 0x100, 0x77, 0x77);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		add_calls(steps, vcpu, others[i], 0, 0x40000000, 0);
		add_calls(steps, vcpu, PSCI_FN32_PSCI_FEATURES, others[i], 0, 0);
	}
	add_calls(steps, vcpu, PSCI_FN32_PSCI_FEATURES, 0x80000000, 0, 0);
	add_calls(steps, vcpu, PSCI_FN32_PSCI_FEATURES, 0x80010000, 0, 0);
	add_both(steps, vcpu, PSCI_FN32_PSCI_VERSION | 0x10000, 0, 0, 0);
	add_both(steps, vcpu, PSCI_FN32_CPU_OFF | 0x10000, 0x10000, 0, 0);
}

/* PSCI 0.1: ids that the host chooses, arguments as wide as the caller's registers. */
static void add_old(struct steps *steps, unsigned int vcpu)
{
	static const struct psci_fids_0_1 fids = WORLD_FIDS_0_1;
	static const uint64_t targets[] = { 0, 1, 2, UINT64_C(0x0100000100), JUNK };
	static const uint64_t entries[] = { ENTRY, 0x50000003, WORLD_REFUSED_ENTRY, JUNK | ENTRY };

	for (int aarch32 = 0; aarch32 < 2; aarch32++) {
		add_call(steps, vcpu, fids.cpu_off, JUNK, 0, 0)->regs.aarch32 = aarch32;
		add_call(steps, vcpu, fids.cpu_off | JUNK, 0, 0, 0)->regs.aarch32 = aarch32;
		add_call(steps, vcpu, fids.cpu_off | 0x10000, 0, 0, 0)->regs.aarch32 = aarch32;
		add_call(steps, vcpu, fids.cpu_suspend, 0, 3, CONTEXT)->regs.aarch32 = aarch32;
		add_call(steps, vcpu, fids.cpu_suspend, 0x11, 3, 7)->regs.aarch32 = aarch32;
		for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
			add_call(steps, vcpu, fids.migrate, targets[t], 0, 0)->regs.aarch32 =
				aarch32;
			for (size_t e = 0; e < ARRAY_SIZE(entries); e++)
				add_call(steps, vcpu, fids.cpu_on, targets[t], entries[e], CONTEXT)
					->regs.aarch32 = aarch32;
		}
	}
}

static void add_host(struct steps *steps, unsigned int vcpu)
{
	static const struct psci_entry impossible[] = {
		{ .pc = ENTRY + 2 },
		{ .pc = ENTRY + 1, .aarch32 = true, .t32 = true },
		{ .pc = ENTRY, .t32 = true },
		{ .pc = UINT64_C(1) << 32, .aarch32 = true },
		{ .pc = ENTRY, .x0 = UINT64_C(1) << 32, .aarch32 = true },
	};

	add(steps, STEP_POLL, vcpu);
	add(steps, STEP_WAKE, vcpu);
	add(steps, STEP_BOOT, vcpu)->entry =
		(struct psci_entry){ .pc = ENTRY, .x0 = CONTEXT, .wake = vcpu == 0 };
	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++)
		add(steps, STEP_BOOT, vcpu)->entry = impossible[i];
}

void steps_make(struct steps *steps, const struct world_kind *kind, unsigned int starts, bool power)
{
	steps->count = 0;
	for (unsigned int vcpu = 0; vcpu < kind->vcpu_count; vcpu++) {
		if (!power) {
			add_ids(steps, vcpu);
			add_system(steps, vcpu, starts > 1);
		}
		add_suspend(steps, vcpu, kind);
		add_other_suspends(steps, vcpu);
		add_calls(steps, vcpu, PSCI_FN32_CPU_OFF, 0x10000, 0, 0);
		add_calls(steps, vcpu, PSCI_FN32_CPU_FREEZE, 1, 0, 0);
		add_memory(steps, vcpu);
		if (kind->version == PSCI_VERSION_0_1)
			add_old(steps, vcpu);
		add_both(steps, vcpu, PSCI_FN32_MIGRATE_INFO_UP_CPU, 0, 0, 0);
		for (unsigned int target = 0; target < kind->vcpu_count; target++) {
			add_cpu_on(steps, vcpu, starts, world_mpidrs[target]);
			add_affinity_info(steps, vcpu, world_mpidrs[target]);
			add_node_hw_state(steps, vcpu, world_mpidrs[target]);
			add_both(steps, vcpu, PSCI_FN32_MIGRATE, world_mpidrs[target], 0, 0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
			add_cpu_on(steps, vcpu, starts, strangers[i]);
			add_affinity_info(steps, vcpu, strangers[i]);
			add_node_hw_state(steps, vcpu, strangers[i]);
			add_both(steps, vcpu, PSCI_FN32_MIGRATE, strangers[i], 0, 0);
		}
		add_host(steps, vcpu);
	}
	add(steps, STEP_WAKE_MACHINE, 0);
	add(steps, STEP_DENY, 0);
	add(steps, STEP_RESTORE, 0);
}
