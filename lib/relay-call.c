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

/* --- CPUs, which the index has sorted by MPIDR --- */

/* Returns how many CPUs have a lower MPIDR: the place of the one that has this, or the next. */
static size_t place_of(const struct psci_relay *relay, uint64_t mpidr)
{
	size_t low = 0;
	size_t high = relay->cpu_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (relay->config.index[middle]->mpidr < mpidr)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

/* Returns whether there is a CPU in a place that lies in an instance of a level, 0 to 3. */
static bool is_within(const struct psci_relay *relay, size_t place, uint64_t mpidr,
		      unsigned int level)
{
	return place < relay->cpu_count &&
	       relay->config.index[place]->mpidr >> 8 * level == mpidr >> 8 * level;
}

int psci_relay_cpu_init(struct psci_relay_cpu *cpu, struct psci_relay *relay, uint64_t mpidr,
			uint64_t context)
{
	const uint64_t affinity = mpidr & PSCI_TARGET_MASK;
	const size_t place = place_of(relay, affinity);

	if (relay->narrow && context > UINT32_MAX)
		return PSCI_ERR_INVALID;
	if (is_within(relay, place, affinity, 0))
		return PSCI_ERR_EXISTS;
	if (relay->cpu_count == relay->config.index_size)
		return PSCI_ERR_FULL;

	*cpu = (struct psci_relay_cpu){
		.relay = relay,
		.mpidr = affinity,
		.context = context,
		.target = cpu,
	};
	for (size_t i = relay->cpu_count; i > place; i--)
		relay->config.index[i] = relay->config.index[i - 1];
	relay->config.index[place] = cpu;
	relay->cpu_count++;

	return PSCI_OK;
}

/* --- which functions the OS has --- */

/* Returns whether the OS has a function. PSCI_FEATURES uses this too. */
static bool os_has(const struct psci_relay *relay, uint32_t fid, bool aarch32)
{
	const uint32_t number = relay_number(fid);

	if (number >= RELAY_ROW_COUNT)
		return false;
	if (!relay_is_smc64(fid))
		return relay_has(relay->fn32, number);
	/* In 0.2 it is INVALID_PARAMETERS instead. */
	if (aarch32 && relay->version >= PSCI_VERSION_1_0)
		return false;

	return relay_has(relay->fn64, number);
}

/* Returns what PSCI_FEATURES answers. */
static int32_t features_of(const struct psci_relay *relay, uint32_t fid, bool aarch32)
{
	if (fid == SMCCC_FN32_VERSION)
		return relay->below.smccc_version > SMCCC_VERSION_1_0 ? PSCI_RET_SUCCESS
								      : PSCI_RET_NOT_SUPPORTED;
	if (!os_has(relay, fid, aarch32))
		return PSCI_RET_NOT_SUPPORTED;
	if (relay_number(fid) == relay_number(PSCI_FN32_CPU_SUSPEND))
		return (int32_t)relay->below.suspend_features;
	if (relay_number(fid) == relay_number(PSCI_FN32_SYSTEM_OFF2))
		return (int32_t)relay->below.off2_types;

	return 0;
}

/** Function ids of others, see is_refused(). SDEI's follow PSCI's. */
enum {
	RESERVED_MASK = 0x00fe0000,
	FIRST_TRUSTED_OWNER = 48,
	SDEI_COUNT = 0x20,
};

/** A call of the OS, and then what it becomes. */
struct relay_call {
	uint32_t fid; /**< As the OS has it, without the hint. */
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

/* Reads where the OS continues, as psci_call() does: all that it does not name is as at the caller. */
static int32_t read_entry(const struct psci_relay *relay, const struct psci_regs *regs,
			  const struct relay_call *call, struct psci_entry *entry)
{
	const uint64_t *argument = &call->arg[psci_relay_rows[call->number].entry];
	const bool t32 = regs->aarch32 && *argument & 1;
	const uint64_t pc = *argument & ~(uint64_t)t32;

	if ((!t32 && pc & 3) ||
	    (relay->config.entry_ok && !relay->config.entry_ok(relay->config.ctx, pc)))
		return relay->version < PSCI_VERSION_1_0 ? PSCI_RET_INVALID_PARAMETERS
							 : PSCI_RET_INVALID_ADDRESS;

	*entry = (struct psci_entry){
		.pc = pc,
		.x0 = argument[1],
		.aarch32 = regs->aarch32,
		.t32 = t32,
		.big_endian = regs->big_endian,
	};

	return PSCI_RET_SUCCESS;
}

static void replace_entry(const struct psci_relay_cpu *cpu, struct relay_call *call)
{
	uint64_t *argument = &call->arg[psci_relay_rows[call->number].entry];

	argument[0] = cpu->relay->config.entry;
	argument[1] = cpu->context;
	call->replaces_entry = true;
}

/* Makes @cpu the starter of its target. Returns whether it is now. */
static bool claim(struct psci_relay_cpu *cpu, const struct psci_entry *entry)
{
	struct psci_relay_cpu *target = cpu->target;

	relay_lock(cpu->relay);

	const bool is_free = !target->starter;

	if (is_free) {
		target->starter = cpu;
		target->on_entry = *entry;
	}
	relay_unlock(cpu->relay);

	return is_free;
}

/* DEN0022F.b, CPU_ON */
static int32_t turn_on(struct psci_relay_cpu *cpu, const struct psci_regs *regs,
		       struct relay_call *call)
{
	const struct psci_relay *relay = cpu->relay;
	const size_t place = place_of(relay, call->arg[0]);
	struct psci_entry entry;

	if (!is_within(relay, place, call->arg[0], 0))
		return PSCI_RET_INVALID_PARAMETERS;

	const int32_t result = read_entry(relay, regs, call, &entry);

	if (result != PSCI_RET_SUCCESS)
		return result;

	cpu->target = relay->config.index[place];
	if (claim(cpu, &entry)) {
		replace_entry(cpu->target, call);
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
	if (is_standby(cpu->relay, call)) {
		call->role = RELAY_PLAIN;
	} else {
		const int32_t result = read_entry(cpu->relay, regs, call, &cpu->wake_entry);

		if (result != PSCI_RET_SUCCESS)
			return result;
		cpu->wake_entry.wake = true;
		cpu->asleep = true;
	}
	replace_entry(cpu, call);

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
	for (; is_within(relay, i, target, level); i++) {
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

enum psci_relay_next psci_relay_call(struct psci_relay_cpu *cpu, struct psci_regs *regs,
				     uint64_t forward[4])
{
	const struct psci_relay *relay = cpu->relay;
	struct relay_call call = { .fid = without_hint(regs->x[0]) };

	call.number = relay_number(call.fid);
	if (call.number >= PSCI_FN_COUNT)
		return is_refused(call.fid, regs->aarch32) ? say(regs, SMCCC_RET_NOT_SUPPORTED)
							   : PSCI_RELAY_PASS;
	if (call.number >= RELAY_ROW_COUNT || !os_has(relay, call.fid, regs->aarch32))
		return say(regs, PSCI_RET_NOT_SUPPORTED);
	if (is_other_width(relay, &call, regs->aarch32))
		return say(regs, PSCI_RET_INVALID_PARAMETERS);

	const struct relay_row *row = &psci_relay_rows[call.number];

	for (unsigned int i = 0; i < row->args; i++) {
		/* The upper halves are no part of an SMC32 call (DEN0028). */
		const bool narrow = !relay_is_smc64(call.fid) || row->words & 1U << i;

		call.arg[i] = narrow ? (uint32_t)regs->x[1 + i] : regs->x[1 + i];
	}
	if (row->role == RELAY_VERSION)
		return say(regs, relay->version);
	if (row->role == RELAY_FEATURES)
		return say(regs, features_of(relay, without_hint(call.arg[0]), regs->aarch32));

	call.role = row->role;

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
	relay_lock(cpu->relay);
	/* It is not, if the firmware has started the CPU and then says that it did not. */
	if (cpu->target->starter == cpu)
		cpu->target->starter = NULL;
	relay_unlock(cpu->relay);
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
