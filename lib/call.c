/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci_call(), the entry of every call, and the table of all functions.
 *
 * What is common to all calls is done here and only here: to find out which
 * function is meant, whether this machine offers it to this caller and which
 * half of each register counts, and to hand the result back.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>
#include <psci/smccc.h>
#include <psci/table.h>

/** The calling conventions in which a function exists. */
enum {
	SMC32 = 1,
	SMC64 = 2,
	BOTH = SMC32 | SMC64,
};

/** Short names keep each row of the table below on one line. */
enum {
	V0_1 = PSCI_VERSION_0_1,
	V0_2 = PSCI_VERSION_0_2,
	V1_0 = PSCI_VERSION_1_0,
	V1_1 = PSCI_VERSION_1_1,
	V1_3 = PSCI_VERSION_1_3,
};

/** As in the specification's table: what holds in one version holds in all later ones. */
enum {
	M = false, /**< Mandatory. */
	O = true, /**< Optional. */
};

/* Short names for what a function needs from the host. */
enum {
	NOTHING = PSCI_NEED_NOTHING,
	ENABLE = PSCI_NEED_ENABLE,
	STATS = PSCI_NEED_STATS,
	TRUSTED_OS = PSCI_NEED_TRUSTED_OS,
	MEMORY = PSCI_NEED_MEMORY,
};

static struct outcome psci_version(struct locked m, const struct args *a)
{
	return run_with((int32_t)m.machine->version);
}

static struct outcome psci_features(struct locked m, const struct args *a);

static uint32_t features_off2(const struct psci_machine *machine)
{
	return PSCI_FEATURES_OFF2_HIBERNATE_OFF;
}

/**
 * Every PSCI function, by function number. Dispatch, PSCI_FEATURES, the check
 * of psci_config and the public queries below all read this table and nothing
 * else. A function without a handler has a name, but no machine offers it.
 */
static const struct function {
	const char *name; /**< As DEN0022F.b spells it. */
	uint32_t since; /**< The first version that has it. */
	uint8_t conventions;
	bool optional;
	uint8_t arg_count;
	/* Half a byte each, so that a row has a power of two of bytes, and is found at once. */
	unsigned int zero_args : 4; /**< Bit n: argument n is reserved and must be zero. */
	unsigned int need : 4; /**< enum psci_need */
	/** What PSCI_FEATURES answers; NULL: 0. */
	uint32_t (*features)(const struct psci_machine *machine);
	struct outcome (*handle)(struct locked m, const struct args *a);
} functions[] = {
	/* clang-format off */
	[0x00] = { "PSCI_VERSION",            V0_2, SMC32, M, 0, 0, NOTHING, NULL, psci_version },
	[0x01] = { "CPU_SUSPEND",             V0_1, BOTH,  M, 3, 0, NOTHING,
		   psci_features_cpu_suspend, psci_fn_cpu_suspend },
	[0x02] = { "CPU_OFF",                 V0_1, SMC32, M, 0, 0, NOTHING, NULL,
		   psci_fn_cpu_off },
	[0x03] = { "CPU_ON",                  V0_1, BOTH,  M, 3, 0, NOTHING, NULL, psci_fn_cpu_on },
	[0x04] = { "AFFINITY_INFO",           V0_2, BOTH,  M, 2, 0, NOTHING, NULL,
		   psci_fn_affinity_info },
	[0x05] = { "MIGRATE",                 V0_1, BOTH,  O, 1, 0, TRUSTED_OS, NULL, psci_fn_migrate },
	[0x06] = { "MIGRATE_INFO_TYPE",       V0_2, SMC32, O, 0, 0, NOTHING, NULL,
		   psci_fn_migrate_info_type },
	[0x07] = { "MIGRATE_INFO_UP_CPU",     V0_2, BOTH,  O, 0, 0, TRUSTED_OS, NULL,
		   psci_fn_migrate_info_up_cpu },
	[0x08] = { "SYSTEM_OFF",              V0_2, SMC32, M, 0, 0, NOTHING, NULL,
		   psci_fn_system_off },
	[0x09] = { "SYSTEM_RESET",            V0_2, SMC32, M, 0, 0, NOTHING, NULL,
		   psci_fn_system_reset },
	[0x0a] = { "PSCI_FEATURES",           V1_0, SMC32, M, 1, 0, NOTHING, NULL, psci_features },
	[0x0b] = { "CPU_FREEZE",              V1_0, SMC32, O, 0, 0, ENABLE,  NULL,
		   psci_fn_cpu_freeze },
	[0x0c] = { "CPU_DEFAULT_SUSPEND",     V1_0, BOTH,  O, 2, 0, ENABLE,  NULL,
		   psci_fn_cpu_default_suspend },
	[0x0d] = { "NODE_HW_STATE",           V1_0, BOTH,  O, 2, 0, ENABLE,  NULL,
		   psci_fn_node_hw_state },
	[0x0e] = { "SYSTEM_SUSPEND",          V1_0, BOTH,  O, 2, 0, ENABLE,  NULL,
		   psci_fn_system_suspend },
	[0x0f] = { "PSCI_SET_SUSPEND_MODE",   V1_0, SMC32, O, 1, 0, ENABLE,  NULL,
		   psci_fn_set_suspend_mode },
	[0x10] = { "PSCI_STAT_RESIDENCY",     V1_0, BOTH,  O, 2, 0, STATS,   NULL,
		   psci_fn_stat_residency },
	[0x11] = { "PSCI_STAT_COUNT",         V1_0, BOTH,  O, 2, 0, STATS,   NULL, psci_fn_stat_count },
	[0x12] = { "SYSTEM_RESET2",           V1_1, BOTH,  O, 2, 0, NOTHING, NULL,
		   psci_fn_system_reset2 },
	[0x13] = { "MEM_PROTECT",             V1_1, SMC32, O, 1, 0, MEMORY,  NULL, psci_fn_mem_protect },
	[0x14] = { "MEM_PROTECT_CHECK_RANGE", V1_1, BOTH,  O, 2, 0, MEMORY,  NULL,
		   psci_fn_mem_protect_check_range },
	[0x15] = { "SYSTEM_OFF2",             V1_3, BOTH,  O, 2, 1 << 1, NOTHING,
		   features_off2, psci_fn_system_off2 },
	/* clang-format on */
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

_Static_assert(FUNCTION_COUNT <= PSCI_FN_COUNT, "PSCI owns no more numbers than this");
_Static_assert(sizeof(void *) < 8 || sizeof(functions[0]) == 32, "a row is found by a shift");

static bool is_smc64(uint32_t fid)
{
	return fid & SMCCC_SMC64_MASK;
}

/* Returns the number of a function id; PSCI_FN_COUNT or more if it is none of PSCI's. */
static uint32_t function_number(uint32_t fid)
{
	return (fid & ~(uint32_t)(SMCCC_SMC64_MASK | SMCCC_SVE_HINT_MASK)) - PSCI_FN32_BASE;
}

/* Returns whether function @number has the convention of a function id. */
static bool has_convention(uint32_t number, uint32_t fid)
{
	return functions[number].conventions & (is_smc64(fid) ? SMC64 : SMC32);
}

/* Returns what the specification defines for a function id, or NULL. */
static const struct function *find_function(uint32_t fid)
{
	const uint32_t number = function_number(fid);

	if (number >= FUNCTION_COUNT || !has_convention(number, fid))
		return NULL;

	return &functions[number];
}

/*
 * Returns the function that a machine carries out for a function id, or NULL
 * for NOT_SUPPORTED. PSCI_FEATURES calls this too, so it cannot disagree with
 * the call.
 */
static const struct function *find_offered(const struct psci_machine *machine, uint32_t fid,
					   bool aarch32)
{
	const uint32_t number = function_number(fid);

	if (number >= FUNCTION_COUNT || !(machine->offered & PSCI_FN_BIT(number)) ||
	    !has_convention(number, fid))
		return NULL;
	/*
	 * In 0.2 it is INVALID_PARAMETERS instead, see is_width_mismatch().
	 * IMPLEMENTATION DEFINED: PSCI_FEATURES gives an AArch32 caller this
	 * answer too.
	 */
	if (aarch32 && is_smc64(fid) && machine->version >= PSCI_VERSION_1_0)
		return NULL;

	return &functions[number];
}

/*
 * In 0.2 a function that has both conventions had to be called in that of the
 * caller's own register width (DEN0022F.b, Register usage in arguments and
 * return values). Since 1.0 an AArch64 caller may use either.
 */
static bool is_width_mismatch(uint32_t version, const struct function *f, uint32_t fid,
			      bool aarch32)
{
	return version == PSCI_VERSION_0_2 && f->conventions == BOTH && is_smc64(fid) == aarch32;
}

/* DEN0022F.b, PSCI_FEATURES */
static struct outcome psci_features(struct locked m, const struct args *a)
{
	const uint32_t fid = (uint32_t)a->arg[0];

	/* The host serves SMCCC_VERSION itself; this answer says that the guest may ask. */
	if ((fid & ~(uint32_t)SMCCC_SVE_HINT_MASK) == SMCCC_FN32_VERSION)
		return run_with(PSCI_RET_SUCCESS);

	const struct function *f = find_offered(m.machine, fid, a->aarch32);

	if (!f)
		return run_with(PSCI_RET_NOT_SUPPORTED);

	return run_with(f->features ? f->features(m.machine) : 0);
}

/*
 * Translates a code into those of an older version, in which it did not exist
 * yet. 0.1 has NOT_SUPPORTED, INVALID_PARAMETERS and DENIED. IMPLEMENTATION
 * DEFINED: which of them replaces which code. ALREADY_ON becomes what KVM chose
 * for it, and a failure that the guest's arguments did not cause becomes
 * DENIED.
 */
static int64_t in_words_of(uint32_t version, int64_t result)
{
	if (version >= PSCI_VERSION_1_0)
		return result;
	if (result == PSCI_RET_INVALID_ADDRESS)
		return PSCI_RET_INVALID_PARAMETERS;
	if (version >= PSCI_VERSION_0_2)
		return result;
	if (result == PSCI_RET_ALREADY_ON || result == PSCI_RET_ON_PENDING)
		return PSCI_RET_INVALID_PARAMETERS;
	if (result < PSCI_RET_DENIED)
		return PSCI_RET_DENIED;

	return result;
}

/*
 * Returns the function id that stands for a call in 0.1, where the host chooses
 * the ids and arguments are as wide as the caller's registers; 0 if there is no
 * such call.
 */
static uint32_t fid_of_0_1(const struct psci_fids_0_1 *fids, const struct psci_regs *regs)
{
	const uint32_t chosen = (uint32_t)regs->x[0];
	const uint32_t width = regs->aarch32 ? 0 : SMCCC_SMC64_MASK;

	if (chosen == 0)
		return 0;
	if (chosen == fids->cpu_suspend)
		return PSCI_FN32_CPU_SUSPEND | width;
	if (chosen == fids->cpu_off)
		return PSCI_FN32_CPU_OFF;
	if (chosen == fids->cpu_on)
		return PSCI_FN32_CPU_ON | width;
	if (chosen == fids->migrate)
		return PSCI_FN32_MIGRATE | width;

	return 0;
}

/* 0.2 added the context id, which is the third argument if there are three. */
static unsigned int arg_count_in(uint32_t version, const struct function *f)
{
	return version == PSCI_VERSION_0_1 && f->arg_count == ARG_MAX ? ARG_MAX - 1 : f->arg_count;
}

static struct outcome decide(struct locked m, struct psci_vcpu *caller,
			     const struct psci_regs *regs)
{
	/*
	 * A caller that is not on runs code of an earlier power cycle of the
	 * machine, or has lost a race against the vCPU that stopped it.
	 */
	if (is_stopped(m) || caller->state != PSCI_STATE_ON)
		return (struct outcome){ .next = psci_vcpu_standing(m, caller), .ignored = true };

	const uint32_t version = m.machine->version;
	const uint32_t fid = version == PSCI_VERSION_0_1 ? fid_of_0_1(&m.machine->fids_0_1, regs)
							 : (uint32_t)regs->x[0];
	const struct function *f = find_offered(m.machine, fid, regs->aarch32);

	if (!f)
		return run_with(PSCI_RET_NOT_SUPPORTED);
	if (is_width_mismatch(version, f, fid, regs->aarch32))
		return run_with(PSCI_RET_INVALID_PARAMETERS);

	struct args a = {
		.caller = caller,
		.smc64 = is_smc64(fid),
		.aarch32 = regs->aarch32,
		.big_endian = regs->big_endian,
	};

	const unsigned int arg_count = arg_count_in(version, f);

	for (unsigned int i = 0; i < arg_count; i++) {
		/* The upper halves are no part of an SMC32 call (DEN0028). */
		a.arg[i] = a.smc64 ? regs->x[1 + i] : (uint32_t)regs->x[1 + i];
		if (a.arg[i] != 0 && f->zero_args & 1U << i)
			return run_with(PSCI_RET_INVALID_PARAMETERS);
	}

	return f->handle(m, &a);
}

/*
 * Returns what the guest finds in x0. An AArch64 caller of an SMC32 function
 * reads w0: sign extension puts the int32 there and leaves no doubt about x0.
 */
static uint64_t answer(const struct psci_machine *machine, bool aarch32, int64_t result)
{
	const int64_t said = in_words_of(machine->version, result);

	return aarch32 ? (uint32_t)said : (uint64_t)said;
}

enum psci_next psci_call(struct psci_vcpu *vcpu, struct psci_regs *regs)
{
	struct psci_machine *machine = vcpu->machine;
	const uint64_t x0 = regs->x[0];
	const struct locked m = machine_lock(machine);
	const struct outcome out = decide(m, vcpu, regs);

	machine_unlock(m);

	if (out.kick || out.kick_others)
		psci_machine_kick(machine, vcpu, &out);
	if (!out.ignored && has_result(out.next))
		regs->x[0] = answer(machine, regs->aarch32, out.result);
	if (machine->host.trace)
		psci_machine_trace(vcpu, regs, x0, out.next, !out.ignored);

	return out.next;
}

unsigned int psci_arg_count(uint32_t fid)
{
	const struct function *f = find_function(fid);

	return f ? f->arg_count : 0;
}

const char *psci_function_name(uint32_t fid)
{
	const struct function *f = find_function(fid);

	return f ? f->name : NULL;
}

bool psci_function_at(uint32_t number, struct psci_function *function)
{
	if (number >= FUNCTION_COUNT)
		return false;

	const struct function *f = &functions[number];

	*function = (struct psci_function){
		.name = f->name,
		.fn32 = f->conventions & SMC32 ? PSCI_FN32_BASE + number : 0,
		.fn64 = f->conventions & SMC64 ? PSCI_FN64_BASE + number : 0,
		.since = f->since,
		.arg_count = f->arg_count,
		.optional = f->optional,
		.need = (enum psci_need)f->need,
	};

	return true;
}

/* Returns whether the host provides what function @number needs. */
static bool is_met(uint8_t need, uint32_t number, const struct psci_config *config)
{
	switch ((enum psci_need)need) {
	case PSCI_NEED_NOTHING:
		return true;
	case PSCI_NEED_ENABLE:
		return config->enable_functions & PSCI_FN_BIT(number);
	case PSCI_NEED_STATS:
		return config->host->now && config->stats;
	case PSCI_NEED_TRUSTED_OS:
		return config->trusted_os != PSCI_TRUSTED_OS_NONE;
	case PSCI_NEED_MEMORY:
		return config->host->memory_ok;
	}

	return false;
}

/*
 * Functions of which the specification has the first only with the second: the
 * statistics and MEM_PROTECT in both directions, MIGRATE in one.
 */
static const uint32_t pairs[][2] = {
	{ PSCI_FN32_MIGRATE, PSCI_FN32_MIGRATE_INFO_UP_CPU },
	{ PSCI_FN32_PSCI_STAT_RESIDENCY, PSCI_FN32_PSCI_STAT_COUNT },
	{ PSCI_FN32_PSCI_STAT_COUNT, PSCI_FN32_PSCI_STAT_RESIDENCY },
	{ PSCI_FN32_MEM_PROTECT, PSCI_FN32_MEM_PROTECT_CHECK_RANGE },
	{ PSCI_FN32_MEM_PROTECT_CHECK_RANGE, PSCI_FN32_MEM_PROTECT },
};

/* Returns @offered without the functions that lack their other half; 0.1 has only MIGRATE. */
static uint32_t whole_pairs(uint32_t version, uint32_t offered)
{
	if (version == PSCI_VERSION_0_1)
		return offered;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!(offered & PSCI_FN_BIT(pairs[i][1])))
			offered &= ~PSCI_FN_BIT(pairs[i][0]);
	}

	return offered;
}

uint32_t psci_table_possible(const struct psci_config *config)
{
	uint32_t possible = 0;

	for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
		if (functions[i].handle && is_met(functions[i].need, i, config))
			possible |= PSCI_FN_BIT(i);
	}

	return possible;
}

uint32_t psci_table_offered(const struct psci_config *config)
{
	const uint32_t version = config->version;

	return whole_pairs(version, psci_table_possible(config) & psci_table_defined(version) &
					    ~config->disable_functions);
}

/* What all queries about a version have in common. */
static uint32_t rows_since(uint32_t version, bool (*is_meant)(const struct function *f))
{
	uint32_t rows = 0;

	for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
		if (functions[i].since <= version && is_meant(&functions[i]))
			rows |= PSCI_FN_BIT(i);
	}

	return rows;
}

static bool is_any(const struct function *f)
{
	return f->handle;
}

static bool is_mandatory(const struct function *f)
{
	return !f->optional;
}

static bool is_optional(const struct function *f)
{
	return f->optional;
}

static bool needs_enabling(const struct function *f)
{
	return f->need == ENABLE;
}

uint32_t psci_table_defined(uint32_t version)
{
	return rows_since(version, is_any);
}

bool psci_table_is_whole(uint32_t version, uint32_t offered)
{
	return !(rows_since(version, is_mandatory) & ~offered) &&
	       whole_pairs(version, offered) == offered;
}

uint32_t psci_table_optional(uint32_t version)
{
	return rows_since(version, is_optional);
}

uint32_t psci_table_may_enable(uint32_t version)
{
	return rows_since(version, needs_enabling);
}
