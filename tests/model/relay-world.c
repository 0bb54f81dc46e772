/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay-world.h"

#include <psci/relay.h>
#include <psci/smccc.h>

#include <string.h>

#define MONITOR UINT64_C(0xb0ff1c000)
#define STATE_DOWN 0x00010000

/** What the firmware has done with a CPU. */
enum power {
	OFF,
	PENDING,
	ON,
	ASLEEP,
};

/** Where a CPU is. */
enum phase {
	AWAY, /**< Off or asleep. */
	IN_OS,
	CALLED, /**< The monitor forwards a call; the firmware has not seen it. */
	ANSWERED, /**< The firmware has answered; the monitor has not seen it. */
	COMING, /**< It is on its way to the monitor's entry point. */
};

/** What an OS calls. */
enum os_call {
	CALL_NONE,
	CALL_ON,
	CALL_OFF,
	CALL_SLEEP,
	CALL_INFO,
};

static struct psci_relay relay;
static struct psci_relay_cpu *slots[RELAY_WORLD_CPU_MAX];
static unsigned int cpu_count;

struct relay_world relay_world;

static uint64_t context_of(unsigned int i)
{
	return UINT64_C(0x7700000000) + i;
}

static uint64_t on_entry_of(unsigned int starter, unsigned int variant)
{
	return 0x40000000 + 0x1000 * starter + 0x100 * variant;
}

static uint64_t wake_entry_of(unsigned int i, unsigned int variant)
{
	return 0x50000000 + 0x1000 * i + 0x100 * variant;
}

/* --- the firmware, which is right --- */

static int64_t serve_on(struct relay_seat *target, bool refuses, uint64_t entry)
{
	if (target->power == PENDING)
		return PSCI_RET_ON_PENDING;
	if (target->power != OFF)
		return PSCI_RET_ALREADY_ON;
	if (refuses)
		return PSCI_RET_INTERNAL_FAILURE;
	target->power = PENDING;
	target->granted = entry;

	return PSCI_RET_SUCCESS;
}

static int64_t affinity_info(const struct relay_seat *seat)
{
	switch ((enum power)seat->power) {
	case OFF:
		return PSCI_AFFINITY_INFO_OFF;
	case PENDING:
		return PSCI_AFFINITY_INFO_ON_PENDING;
	case ON:
	case ASLEEP:
		break;
	}

	return PSCI_AFFINITY_INFO_ON;
}

/* Returns what is wrong with what the firmware was called with, or NULL. */
static const char *serve(struct relay_seat *seat, bool refuses)
{
	const unsigned int i = (unsigned int)(seat - relay_world.seats);
	struct relay_seat *target = &relay_world.seats[seat->target];

	seat->phase = ANSWERED;
	switch ((uint32_t)seat->forward[0]) {
	case PSCI_FN64_CPU_ON:
		if (seat->call != CALL_ON || seat->forward[1] != seat->target)
			return "CPU_ON is of another CPU";
		if (seat->forward[2] != MONITOR || seat->forward[3] != context_of(seat->target))
			return "a CPU is started outside of the monitor";
		seat->answer = serve_on(target, refuses, on_entry_of(i, seat->variant));
		return NULL;
	case PSCI_FN32_CPU_OFF:
		seat->answer = PSCI_RET_DENIED;
		if (!refuses) {
			seat->power = OFF;
			seat->phase = AWAY;
		}
		return seat->call == CALL_OFF ? NULL : "a CPU is turned off";
	case PSCI_FN64_CPU_SUSPEND:
		if (seat->forward[2] != MONITOR || seat->forward[3] != context_of(i))
			return "a CPU wakes outside of the monitor";
		seat->answer = PSCI_RET_SUCCESS;
		if (!refuses) {
			seat->power = ASLEEP;
			seat->phase = AWAY;
			seat->wakes = wake_entry_of(i, seat->variant);
		}
		return seat->call == CALL_SLEEP ? NULL : "a CPU is suspended";
	case PSCI_FN64_AFFINITY_INFO:
		if (seat->forward[1] != seat->target || seat->forward[2] != 0)
			return "AFFINITY_INFO is of another CPU";
		seat->answer = affinity_info(target);
		return NULL;
	default:
		return "the firmware is called with something else";
	}
}

/* --- what must hold --- */

/* Whether the firmware has, or will have, the CPU_ON that an OS calls. */
static bool makes_cpu_on(const struct relay_seat *seat)
{
	return seat->call == CALL_ON && seat->forward[0] == PSCI_FN64_CPU_ON;
}

/* Whether it may still be granted, or the monitor has not seen yet that it was not. */
static bool is_starter(const struct relay_seat *seat)
{
	return makes_cpu_on(seat) && (seat->phase == CALLED || (seat->phase == ANSWERED &&
								seat->answer != PSCI_RET_SUCCESS));
}

static bool has_starter(unsigned int target)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (is_starter(&relay_world.seats[i]) && relay_world.seats[i].target == target)
			return true;
	}

	return false;
}

/* Each CPU that makes a call sees what its target is now. */
static void observe(void)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		struct relay_seat *seat = &relay_world.seats[i];
		const struct relay_seat *target = &relay_world.seats[seat->target];
		const bool starts = has_starter(seat->target);

		if (seat->phase != CALLED && seat->phase != ANSWERED)
			continue;
		seat->was_on |= target->power == ON || target->power == ASLEEP;
		/*
		 * A CPU_ON that came later may not have been made yet; to one that was
		 * under way, a call before this one may have been answered ON_PENDING.
		 */
		seat->was_off |= target->power == OFF && !(starts && seat->began_starting);
		seat->was_starting |= starts || target->granted != 0;
	}
}

/* Returns what is wrong with an answer that the OS gets, or NULL. */
static const char *judge_answer(const struct relay_seat *seat, int64_t answer)
{
	if (seat->call == CALL_OFF || seat->call == CALL_SLEEP || makes_cpu_on(seat))
		return answer == seat->answer ? NULL : "the firmware's answer is another one";
	if (seat->call == CALL_ON) {
		if (answer == PSCI_RET_ALREADY_ON)
			return seat->was_on ? NULL : "CPU_ON says ALREADY_ON of a CPU that is not";
		if (answer == PSCI_RET_ON_PENDING)
			return seat->was_starting ? NULL
						  : "CPU_ON says ON_PENDING, and no CPU starts";
		return "CPU_ON is answered though it was not made";
	}
	if (answer == PSCI_AFFINITY_INFO_ON)
		return seat->was_on ? NULL : "AFFINITY_INFO says ON of a CPU that is not";
	if (answer == PSCI_AFFINITY_INFO_OFF)
		return seat->was_off ? NULL : "AFFINITY_INFO says OFF of a CPU that starts";

	return seat->was_starting ? NULL : "AFFINITY_INFO says ON_PENDING, and no CPU starts";
}

/* Returns what is wrong with what the relay has recorded of a CPU, or NULL. */
static const char *judge_seat(unsigned int i)
{
	const struct relay_seat *seat = &relay_world.seats[i];

	if (seat->cpu.starter && !has_starter(i) && !seat->granted)
		return "a CPU has a starter for ever";
	if (seat->granted && !seat->cpu.starter)
		return "a CPU has lost its starter";
	if (seat->phase == IN_OS && seat->cpu.asleep)
		return "a CPU runs and is asleep";

	return NULL;
}

/* Clears an entry's padding, and all of it unless it matters. */
static void tidy(struct psci_entry *entry, bool matters)
{
	const struct psci_entry kept = *entry;

	memset(entry, 0, sizeof(*entry));
	if (!matters)
		return;
	entry->pc = kept.pc;
	entry->x0 = kept.x0;
	entry->wake = kept.wake;
}

/* What the relay keeps but will not read: as if it were anything, and always the same. */
static void forget(struct relay_seat *seat)
{
	static struct psci_relay_cpu nowhere;
	const bool in_call = seat->phase == CALLED || seat->phase == ANSWERED;

	if (!in_call) {
		seat->cpu.target = &nowhere;
		seat->cpu.role = UINT8_MAX;
		seat->cpu.wide = false;
		seat->cpu.saw_start = false;
		seat->call = CALL_NONE;
		seat->target = 0;
		seat->variant = 0;
		seat->answer = 0;
		seat->began_starting = false;
		seat->was_on = seat->was_off = seat->was_starting = false;
		memset(seat->forward, 0, sizeof(seat->forward));
	}
	tidy(&seat->cpu.on_entry, seat->cpu.starter);
	tidy(&seat->cpu.wake_entry, seat->cpu.asleep);
}

/* --- steps --- */

static const char *call(struct relay_seat *seat, const struct relay_step *step)
{
	struct psci_regs regs = { .x = { 0 } };

	switch ((int)step->kind) {
	case RELAY_STEP_ON:
		seat->call = CALL_ON;
		regs.x[0] = PSCI_FN64_CPU_ON;
		regs.x[1] = step->target;
		regs.x[2] = on_entry_of(step->cpu, step->variant);
		break;
	case RELAY_STEP_OFF:
		seat->call = CALL_OFF;
		regs.x[0] = PSCI_FN32_CPU_OFF;
		break;
	case RELAY_STEP_SLEEP:
		seat->call = CALL_SLEEP;
		regs.x[0] = PSCI_FN64_CPU_SUSPEND;
		regs.x[1] = STATE_DOWN;
		regs.x[2] = wake_entry_of(step->cpu, step->variant);
		break;
	default:
		seat->call = CALL_INFO;
		regs.x[0] = PSCI_FN64_AFFINITY_INFO;
		regs.x[1] = step->target;
		break;
	}
	seat->began_starting = has_starter(step->target);
	seat->phase = CALLED;
	seat->target = step->target;
	seat->variant = step->variant;
	if (psci_relay_call(&seat->cpu, &regs, seat->forward) != PSCI_RELAY_FORWARD)
		return "a call is not forwarded";

	return NULL;
}

static const char *finish(struct relay_seat *seat)
{
	struct psci_regs regs = { .x = { 0 } };
	const char *wrong;

	psci_relay_return(&seat->cpu, &regs, (uint64_t)seat->answer);
	/* The relay may look at what others do once more, at this time. */
	observe();
	wrong = judge_answer(seat, (int64_t)regs.x[0]);
	seat->phase = IN_OS;

	return wrong;
}

static const char *arrive(struct relay_seat *seat)
{
	const uint64_t expected = seat->wakes ? seat->wakes : seat->granted;
	const bool wakes = seat->wakes != 0;
	struct psci_entry entry;

	seat->phase = IN_OS;
	if (wakes)
		seat->wakes = 0;
	else
		seat->granted = 0;
	if (!psci_relay_arrive(&seat->cpu, &entry))
		return "a CPU arrives and is not expected";
	if (entry.pc != expected || entry.wake != wakes)
		return "a CPU continues at another entry point";

	return NULL;
}

bool relay_world_is_possible(const struct relay_step *step)
{
	const struct relay_seat *seat = &relay_world.seats[step->cpu];

	switch (step->kind) {
	case RELAY_STEP_ON:
	case RELAY_STEP_OFF:
	case RELAY_STEP_SLEEP:
	case RELAY_STEP_INFO:
		return seat->phase == IN_OS;
	case RELAY_STEP_SERVE:
	case RELAY_STEP_REFUSE:
		return seat->phase == CALLED;
	case RELAY_STEP_RETURN:
		return seat->phase == ANSWERED;
	case RELAY_STEP_COME:
		return seat->phase == AWAY && seat->power != OFF;
	case RELAY_STEP_ARRIVE:
		return seat->phase == COMING;
	}

	return false;
}

static const char *take_step(const struct relay_step *step)
{
	struct relay_seat *seat = &relay_world.seats[step->cpu];

	switch (step->kind) {
	case RELAY_STEP_ON:
	case RELAY_STEP_OFF:
	case RELAY_STEP_SLEEP:
	case RELAY_STEP_INFO:
		return call(seat, step);
	case RELAY_STEP_SERVE:
	case RELAY_STEP_REFUSE:
		return serve(seat, step->kind == RELAY_STEP_REFUSE);
	case RELAY_STEP_RETURN:
		return finish(seat);
	case RELAY_STEP_COME:
		seat->power = ON;
		seat->phase = COMING;
		return NULL;
	case RELAY_STEP_ARRIVE:
		return arrive(seat);
	}

	return NULL;
}

void relay_world_make(unsigned int count)
{
	static struct psci_client firmware;
	const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &firmware,
		.entry = MONITOR,
		.index = slots,
		.index_size = RELAY_WORLD_CPU_MAX,
	};

	firmware.version = PSCI_VERSION_1_3;
	firmware.fn32 = firmware.fn64 = UINT32_MAX;
	memset(&relay_world, 0, sizeof(relay_world));
	cpu_count = count;
	psci_relay_init(&relay, &config);
	for (unsigned int i = 0; i < cpu_count; i++) {
		struct relay_seat *seat = &relay_world.seats[i];

		psci_relay_cpu_init(&seat->cpu, &relay, i, context_of(i));
		seat->power = i + 1 < cpu_count ? ON : OFF;
		seat->phase = i + 1 < cpu_count ? IN_OS : AWAY;
		forget(seat);
	}
}

const char *relay_world_step(const struct relay_step *step)
{
	const char *wrong = take_step(step);

	observe();
	for (unsigned int i = 0; i < cpu_count && !wrong; i++) {
		wrong = judge_seat(i);
		forget(&relay_world.seats[i]);
	}

	return wrong;
}
