/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of a relay's OS: what becomes of each, and of what the firmware says.
 *
 * The firmware decides which CPUs are on; the relay keeps no state of its own
 * that could contradict it. It keeps two records of each CPU, which must not be
 * confused, since CPU_ON may name a CPU that sleeps:
 *
 *	wake_entry	where it wakes, which is valid while @asleep. Only the
 *			CPU itself uses it: it writes it before it asks the
 *			firmware to power it down.
 *	on_entry	where it starts after CPU_ON. It belongs to one caller
 *			of CPU_ON at a time, @starter, from before that caller
 *			asks the firmware until the firmware refuses or the CPU
 *			arrives. Both are used under the lock.
 *
 * CPU_ON of a CPU that has a starter is not forwarded: the firmware might grant
 * this call and refuse the starter's, whose entry point is the recorded one.
 */
#include "relay.h"

#include <psci/env.h>
#include <psci/relay.h>
#include <psci/smccc.h>

/* --- CPUs --- */

/*
 * Returns the place of the CPU that has an MPIDR, or else of the next one. Most
 * machines number their CPUs, or many of them, from 0.
 */
static inline size_t place_of(const struct psci_relay *relay, uint64_t mpidr)
{
	const size_t guess = (size_t)mpidr;

	return relay_is_within(relay, guess, mpidr, 0) ? guess
						       : psci_relay_count_below(relay, mpidr);
}

/* Returns the CPU that has an MPIDR, or NULL. */
static struct psci_relay_cpu *cpu_of(const struct psci_relay *relay, uint64_t mpidr)
{
	const size_t place = place_of(relay, mpidr);

	return relay_is_within(relay, place, mpidr, 0) ? relay->config.index[place] : NULL;
}

/* --- calls --- */

/** Function ids of others, see is_refused(). SDEI's follow PSCI's. */
enum {
	RESERVED_MASK = 0x00fe0000,
	FIRST_TRUSTED_OWNER = 48,
	SDEI_COUNT = 0x20,
};

/** Which argument of CPU_ON is the entry point. */
#define CPU_ON_ENTRY 1

/** A call of the OS, and then what it becomes. */
struct relay_call {
	uint32_t fid; /**< As the OS passed it, without the hint. */
	uint32_t number; /**< PSCI_FN_COUNT or more: it is not PSCI's. */
	uint64_t arg[RELAY_ARG_MAX]; /**< 0: there is none. */
	bool replaces_entry; /**< Prefers SMC64. */
	uint8_t role; /**< enum relay_role */
};

static void relay_lock(const struct psci_relay *relay)
{
	if (relay->config.lock)
		relay->config.lock(relay->config.ctx);
}

static void relay_unlock(const struct psci_relay *relay)
{
	if (relay->config.unlock)
		relay->config.unlock(relay->config.ctx);
}

/* Puts an answer into x0: for an AArch64 caller sign-extended, as psci_call() does. */
static enum psci_relay_next say(struct psci_regs *regs, int64_t result)
{
	regs->x[0] = regs->aarch32 ? (uint32_t)result : (uint64_t)result;

	return PSCI_RELAY_RETURN;
}

static uint32_t without_hint(uint64_t x)
{
	return (uint32_t)x & ~(uint32_t)SMCCC_SVE_HINT_MASK;
}

/*
 * Returns whether a function id, which is not PSCI's, must not reach the
 * firmware. SMCCC reserves some: QEMU has PSCI 0.1 among them, whose CPU_ON
 * would start a CPU at an entry point of the OS. SDEI has entry points, too. And
 * an AArch32 caller has no SMC64 calls, but its monitor may have.
 */
static bool is_refused(uint32_t fid, bool aarch32)
{
	const uint32_t owner = (fid & SMCCC_OWNER_MASK) >> SMCCC_OWNER_SHIFT;
	const uint32_t reserved = RESERVED_MASK | (aarch32 ? SMCCC_SMC64_MASK : 0);

	if (!(fid & SMCCC_FAST_CALL_MASK))
		return false;

	return fid & reserved || (owner > SMCCC_OWNER_VENDOR_EL3 && owner < FIRST_TRUSTED_OWNER) ||
	       relay_number(fid) - PSCI_FN_COUNT < SDEI_COUNT;
}

/*
 * In 0.2 a function that has both conventions had to be called in that of the
 * caller's own register width. Only such a function has an SMC64 id.
 */
static bool is_other_width(const struct psci_relay *relay, const struct relay_call *call,
			   bool aarch32)
{
	return relay->version < PSCI_VERSION_1_0 && relay_has(relay->fn64, call->number) &&
	       relay_is_smc64(call->fid) == aarch32;
}

static bool is_t32(const struct psci_regs *regs, uint64_t entry)
{
	return regs->aarch32 && entry & 1;
}

/* Returns PSCI_RET_SUCCESS if the OS may continue at an entry point, which it has as an argument. */
static inline int32_t check_os_entry(const struct psci_relay *relay, const struct psci_regs *regs,
				     uint64_t entry)
{
	const struct psci_relay_config *config = &relay->config;
	const bool t32 = is_t32(regs, entry);

	if ((t32 || !(entry & 3)) &&
	    (!config->entry_ok || config->entry_ok(config->ctx, entry & ~(uint64_t)t32)))
		return PSCI_RET_SUCCESS;

	return relay->version < PSCI_VERSION_1_0 ? PSCI_RET_INVALID_PARAMETERS
						 : PSCI_RET_INVALID_ADDRESS;
}

/*
 * Returns where the OS continues, as psci_call() does: all that it does not name
 * is as at the caller. @argument is the entry point, and the context id.
 */
static inline struct psci_entry os_entry_of(const struct psci_regs *regs,
					    const uint64_t argument[2], bool wake)
{
	const bool t32 = is_t32(regs, argument[0]);

	return (struct psci_entry){
		.pc = argument[0] & ~(uint64_t)t32,
		.x0 = argument[1],
		.aarch32 = regs->aarch32,
		.t32 = t32,
		.big_endian = regs->big_endian,
		.wake = wake,
	};
}

/* Puts the monitor's entry point in place of that of the OS. */
static void replace_entry(const struct psci_relay_cpu *cpu, struct relay_call *call,
			  uint64_t argument[2])
{
	argument[0] = cpu->relay->config.entry;
	argument[1] = cpu->context;
	call->replaces_entry = true;
}

/* Makes @cpu the starter of its target. Returns whether it is now. */
static bool claim(struct psci_relay_cpu *cpu, const struct psci_regs *regs,
		  const uint64_t argument[2])
{
	const struct psci_relay *relay = cpu->relay;
	struct psci_relay_cpu *target = cpu->target;

	relay_lock(relay);

	const bool is_free = !target->starter;

	if (is_free) {
		target->starter = cpu;
		target->on_entry = os_entry_of(regs, argument, false);
	}
	relay_unlock(relay);

	return is_free;
}

/* DEN0022F.b, CPU_ON */
static int32_t turn_on(struct psci_relay_cpu *cpu, const struct psci_regs *regs,
		       struct relay_call *call)
{
	struct psci_relay_cpu *target = cpu_of(cpu->relay, call->arg[0]);
	uint64_t *argument = &call->arg[CPU_ON_ENTRY];

	if (!target)
		return PSCI_RET_INVALID_PARAMETERS;

	const int32_t result = check_os_entry(cpu->relay, regs, *argument);

	if (result != PSCI_RET_SUCCESS)
		return result;

	cpu->target = target;
	if (claim(cpu, regs, argument)) {
		replace_entry(target, call, argument);
	} else {
		/*
		 * The starter's call may have started it, and may be refused
		 * because it has been on all the time. The firmware knows.
		 */
		call->role = RELAY_ASK;
		call->number = relay_number(PSCI_FN32_AFFINITY_INFO);
		call->arg[1] = 0;
		call->arg[2] = 0;
	}

	return PSCI_RET_SUCCESS;
}

/* Returns whether the CPU keeps its power, and cannot come back through its entry point. */
static bool is_standby(const struct psci_relay *relay, const struct relay_call *call)
{
	const bool extended =
		relay->below.suspend_features & PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;
	const uint32_t type =
		extended ? PSCI_POWER_STATE_EXT_TYPE_MASK : PSCI_POWER_STATE_TYPE_MASK;

	return call->number == relay_number(PSCI_FN32_CPU_SUSPEND) && !(call->arg[0] & type);
}

/*
 * DEN0022F.b, CPU_SUSPEND, CPU_DEFAULT_SUSPEND, SYSTEM_SUSPEND. In a standby
 * state the entry point has no meaning and may be anything. It is replaced all
 * the same, so that the firmware is never given one of the OS.
 */
static int32_t suspend(struct psci_relay_cpu *cpu, const struct psci_regs *regs,
		       struct relay_call *call)
{
	/* CPU_SUSPEND has power_state in front of it. */
	const bool is_second = call->number == relay_number(PSCI_FN32_CPU_SUSPEND);
	uint64_t *argument = &call->arg[is_second];

	if (is_standby(cpu->relay, call)) {
		call->role = RELAY_PLAIN;
	} else {
		const int32_t result = check_os_entry(cpu->relay, regs, *argument);

		if (result != PSCI_RET_SUCCESS)
			return result;
		cpu->wake_entry = os_entry_of(regs, argument, true);
		cpu->asleep = true;
	}
	replace_entry(cpu, call, argument);

	return PSCI_RET_SUCCESS;
}

/*
 * DEN0022F.b, AFFINITY_INFO. What has no CPU that CPU_ON accepts does not exist.
 *
 * The firmware says OFF until the starter's call comes to it, but CPU_ON may
 * have been answered ON_PENDING before this call. If it has not, it is as if
 * this call had come before the starter's.
 */
static int32_t inform(struct psci_relay_cpu *cpu, const struct relay_call *call)
{
	const struct psci_relay *relay = cpu->relay;
	const uint64_t target = call->arg[0];
	const unsigned int level = (unsigned int)call->arg[1];

	if (level > PSCI_AFFINITY_LEVEL_MAX || target & ~(uint64_t)PSCI_TARGET_MASK)
		return PSCI_RET_INVALID_PARAMETERS;

	const size_t first = place_of(relay, target >> 8 * level << 8 * level);
	size_t i = first;

	cpu->saw_start = false;
	relay_lock(relay);
	for (; relay_is_within(relay, i, target, level); i++) {
		if (relay->config.index[i]->starter)
			cpu->saw_start = true;
	}
	relay_unlock(relay);

	return i == first ? PSCI_RET_INVALID_PARAMETERS : PSCI_RET_SUCCESS;
}

static void report_end(struct psci_relay_cpu *cpu, const struct relay_call *call)
{
	const struct psci_relay_config *config = &cpu->relay->config;
	const struct psci_event event = {
		.kind = (enum psci_event_kind)psci_relay_rows[call->number].event,
		.type = (uint32_t)call->arg[0],
		.cookie = call->arg[1],
		.vctx = cpu,
	};

	if (config->life_ends)
		config->life_ends(config->ctx, &event);
}

/* Returns PSCI_RET_SUCCESS if a call, which may have become another one, is forwarded. */
static int32_t prepare(struct psci_relay_cpu *cpu, const struct psci_regs *regs,
		       struct relay_call *call)
{
	switch ((enum relay_role)call->role) {
	case RELAY_START:
		return turn_on(cpu, regs, call);
	case RELAY_SLEEP:
		return suspend(cpu, regs, call);
	case RELAY_INFO:
		return inform(cpu, call);
	case RELAY_END:
		report_end(cpu, call);
		break;
	case RELAY_VERSION:
	case RELAY_FEATURES:
	case RELAY_PLAIN:
	case RELAY_ASK:
		break;
	}

	return PSCI_RET_SUCCESS;
}

/*
 * Writes down the call that the firmware gets: in the OS's convention, but in
 * that of the monitor if the firmware has only that one (as in 0.2), or if the
 * monitor's entry point may not fit in 32 bits.
 */
static void write_down(struct psci_relay_cpu *cpu, const struct relay_call *call,
		       uint64_t forward[4])
{
	const struct psci_client *below = &cpu->relay->below;
	const bool smc64 = relay_has(below->fn64, call->number) &&
			   (call->replaces_entry || relay_is_smc64(call->fid) ||
			    !relay_has(below->fn32, call->number));

	forward[0] = (smc64 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + call->number;
	for (unsigned int i = 0; i < RELAY_ARG_MAX; i++)
		forward[1 + i] = call->arg[i];
	cpu->role = call->role;
	/* If either call is SMC32, the answer has 32 bits. */
	cpu->wide = smc64 && relay_is_smc64(call->fid);
}

static uint64_t word_of(uint64_t x, bool is_word)
{
	return is_word ? (uint32_t)x : x;
}

/* Few calls have words, and each call comes here: there is no loop over them. */
static void read_arguments(struct relay_call *call, const struct relay_row *row,
			   const struct psci_regs *regs)
{
	/* The upper halves are no part of an SMC32 call (DEN0028). */
	const uint32_t words = relay_is_smc64(call->fid) ? row->words : UINT32_MAX;

	call->arg[0] = regs->x[1];
	call->arg[1] = regs->x[2];
	call->arg[2] = regs->x[3];
	if (words) {
		call->arg[0] = word_of(regs->x[1], words & 1);
		call->arg[1] = word_of(regs->x[2], words & 2);
		call->arg[2] = word_of(regs->x[3], words & 4);
	}
	for (unsigned int i = row->args; i < RELAY_ARG_MAX; i++)
		call->arg[i] = 0;
}

enum psci_relay_next psci_relay_call(struct psci_relay_cpu *cpu, struct psci_regs *regs,
				     uint64_t forward[4])
{
	const struct psci_relay *relay = cpu->relay;
	struct relay_call call;

	call.fid = without_hint(regs->x[0]);
	call.number = relay_number(call.fid);
	if (call.number >= PSCI_FN_COUNT)
		return is_refused(call.fid, regs->aarch32) ? say(regs, SMCCC_RET_NOT_SUPPORTED)
							   : PSCI_RELAY_PASS;
	if (call.number >= RELAY_ROW_COUNT || !relay_os_has(relay, call.fid, regs->aarch32))
		return say(regs, PSCI_RET_NOT_SUPPORTED);
	if (is_other_width(relay, &call, regs->aarch32))
		return say(regs, PSCI_RET_INVALID_PARAMETERS);

	const struct relay_row row = psci_relay_rows[call.number];

	if (row.role == RELAY_VERSION)
		return say(regs, relay->version);
	if (row.role == RELAY_FEATURES)
		return say(regs,
			   psci_relay_features_of(relay, without_hint(regs->x[1]), regs->aarch32));

	call.role = row.role;
	call.replaces_entry = false;
	read_arguments(&call, &row, regs);

	const int32_t result = prepare(cpu, regs, &call);

	if (result != PSCI_RET_SUCCESS)
		return say(regs, result);
	write_down(cpu, &call, forward);

	return PSCI_RELAY_FORWARD;
}

/* --- what comes back --- */

/* The firmware has refused to start the CPU of which @cpu is the starter. */
static void give_up(const struct psci_relay_cpu *cpu)
{
	const struct psci_relay *relay = cpu->relay;

	relay_lock(relay);
	/* It is not, if the firmware has started the CPU and then says that it did not. */
	if (cpu->target->starter == cpu)
		cpu->target->starter = NULL;
	relay_unlock(relay);
}

/* Returns what the OS sees of what the firmware answered. */
static int64_t result_of(struct psci_relay_cpu *cpu, int64_t result)
{
	const struct psci_relay_config *config = &cpu->relay->config;

	switch ((enum relay_role)cpu->role) {
	case RELAY_START:
		if (result != PSCI_RET_SUCCESS)
			give_up(cpu);
		break;
	case RELAY_ASK:
		return result == PSCI_AFFINITY_INFO_ON ? PSCI_RET_ALREADY_ON : PSCI_RET_ON_PENDING;
	case RELAY_SLEEP:
		cpu->asleep = false;
		break;
	case RELAY_INFO:
		if (result == PSCI_AFFINITY_INFO_OFF && cpu->saw_start)
			return PSCI_AFFINITY_INFO_ON_PENDING;
		break;
	case RELAY_END:
		if (config->life_continues)
			config->life_continues(config->ctx, cpu, (int32_t)result);
		break;
	case RELAY_VERSION:
	case RELAY_FEATURES:
	case RELAY_PLAIN:
		break;
	}

	return result;
}

void psci_relay_return(struct psci_relay_cpu *cpu, struct psci_regs *regs, uint64_t x0)
{
	/* The upper half of an SMC32 answer may have any value (DEN0028). */
	say(regs, result_of(cpu, cpu->wide ? (int64_t)x0 : (int32_t)x0));
}

bool psci_relay_arrive(struct psci_relay_cpu *cpu, struct psci_entry *entry)
{
	if (cpu->asleep) {
		cpu->asleep = false;
		*entry = cpu->wake_entry;
		return true;
	}
	relay_lock(cpu->relay);

	const bool is_started = cpu->starter;

	if (is_started) {
		*entry = cpu->on_entry;
		cpu->starter = NULL;
	}
	relay_unlock(cpu->relay);

	return is_started;
}
