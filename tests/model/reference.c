/* SPDX-License-Identifier: BSD-3-Clause */
#include "reference.h"

#include <psci/abi.h>

#include <stddef.h>
#include <string.h>

/* By function number: since when, whether there is an SMC64 id, what PSCI_FEATURES answers. */
static const struct {
	uint32_t since;
	bool smc64;
	int32_t features;
} functions[] = {
	[0x00] = { PSCI_VERSION_0_2, false, 0 }, /* PSCI_VERSION */
	[0x01] = { PSCI_VERSION_0_2, true, 0 }, /* CPU_SUSPEND */
	[0x02] = { PSCI_VERSION_0_2, false, 0 }, /* CPU_OFF */
	[0x03] = { PSCI_VERSION_0_2, true, 0 }, /* CPU_ON */
	[0x04] = { PSCI_VERSION_0_2, true, 0 }, /* AFFINITY_INFO */
	[0x06] = { PSCI_VERSION_0_2, false, 0 }, /* MIGRATE_INFO_TYPE */
	[0x08] = { PSCI_VERSION_0_2, false, 0 }, /* SYSTEM_OFF */
	[0x09] = { PSCI_VERSION_0_2, false, 0 }, /* SYSTEM_RESET */
	[0x0a] = { PSCI_VERSION_1_0, false, 0 }, /* PSCI_FEATURES */
	[0x12] = { PSCI_VERSION_1_1, true, 0 }, /* SYSTEM_RESET2 */
	[0x15] = { PSCI_VERSION_1_3, true, 1 }, /* SYSTEM_OFF2 */
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* The number of a function that this caller has, or -1. Bit 16 is SVE's hint. */
static int offered(const struct ref_machine *m, uint32_t fid, bool aarch32)
{
	const uint32_t id = fid & ~0x10000u;
	const bool smc64 = id >= 0xc4000000;
	const uint32_t number = id - (smc64 ? 0xc4000000 : 0x84000000);

	if (number >= FUNCTION_COUNT || functions[number].since == 0)
		return -1;
	if (functions[number].since > m->version || (m->withheld >> number & 1) != 0)
		return -1;
	if (smc64 && (!functions[number].smc64 || (aarch32 && m->version >= PSCI_VERSION_1_0)))
		return -1;

	return (int)number;
}

static int find(const struct ref_machine *m, uint64_t mpidr)
{
	for (unsigned int i = 0; i < m->vcpu_count; i++) {
		if (m->mpidr[i] == mpidr)
			return (int)i;
	}

	return -1;
}

static int32_t cpu_on(struct ref_machine *m, const struct psci_regs *regs, uint64_t target,
		      uint64_t address, uint64_t context)
{
	const int i = find(m, target);
	const bool t32 = regs->aarch32 && address % 2 == 1;
	const uint64_t pc = t32 ? address - 1 : address;

	if (i < 0)
		return PSCI_RET_INVALID_PARAMETERS;
	if (pc == m->refused_entry || (!t32 && pc % 4 != 0))
		return m->version == PSCI_VERSION_0_2 ? PSCI_RET_INVALID_PARAMETERS
						      : PSCI_RET_INVALID_ADDRESS;
	if (m->state[i] == REF_PENDING)
		return PSCI_RET_ON_PENDING;
	if (m->state[i] != REF_OFF)
		return PSCI_RET_ALREADY_ON;
	m->state[i] = REF_PENDING;
	m->entry[i].pc = pc;
	m->entry[i].x0 = context;
	m->entry[i].aarch32 = regs->aarch32;
	m->entry[i].t32 = t32;
	m->entry[i].big_endian = regs->big_endian;

	return PSCI_RET_SUCCESS;
}

static int32_t affinity_info(const struct ref_machine *m, uint64_t target, uint32_t level)
{
	static const uint64_t ignored[] = { 0, 0xff, 0xffff, 0xffffff };
	int32_t info = PSCI_RET_INVALID_PARAMETERS;

	if (level > 3 || (target & ~UINT64_C(0xff00ffffff)) != 0)
		return info;
	for (unsigned int i = 0; i < m->vcpu_count; i++) {
		if ((m->mpidr[i] | ignored[level]) != (target | ignored[level]))
			continue;
		if (m->state[i] == REF_ON || m->state[i] == REF_STANDBY)
			return PSCI_AFFINITY_INFO_ON;
		if (m->state[i] == REF_PENDING)
			info = PSCI_AFFINITY_INFO_ON_PENDING;
		else if (info < 0)
			info = PSCI_AFFINITY_INFO_OFF;
	}

	return info;
}

static struct ref_answer stop(struct ref_machine *m, unsigned int caller, enum psci_event_kind kind,
			      uint32_t type, uint64_t cookie)
{
	m->event.kind = kind;
	m->event.type = type;
	m->event.cookie = cookie;
	m->event_caller = caller;

	return (struct ref_answer){ .next = PSCI_NEXT_EXIT };
}

static struct ref_answer result(const struct psci_regs *regs, int32_t value)
{
	return (struct ref_answer){
		.next = PSCI_NEXT_RESUME,
		.x0 = regs->aarch32 ? (uint32_t)value : (uint64_t)value,
		.has_x0 = true,
	};
}

/* What a vCPU does if nothing happens. */
static struct ref_answer standing(const struct ref_machine *m, unsigned int vcpu)
{
	static const enum psci_next next[] = {
		[REF_OFF] = PSCI_NEXT_PARK,
		[REF_PENDING] = PSCI_NEXT_PARK,
		[REF_ON] = PSCI_NEXT_RESUME,
		[REF_STANDBY] = PSCI_NEXT_SLEEP,
	};

	if (m->event.kind != PSCI_EVENT_NONE)
		return (struct ref_answer){ .next = PSCI_NEXT_EXIT };

	return (struct ref_answer){ .next = next[m->state[vcpu]] };
}

struct ref_answer ref_call(struct ref_machine *m, unsigned int caller, const struct psci_regs *regs)
{
	const uint32_t fid = (uint32_t)regs->x[0];
	const bool smc64 = fid >> 30 & 1;
	const uint64_t kept = smc64 ? UINT64_MAX : UINT32_MAX;
	const uint64_t x1 = regs->x[1] & kept;
	const uint64_t x2 = regs->x[2] & kept;
	const uint64_t x3 = regs->x[3] & kept;
	const uint32_t w1 = (uint32_t)x1;
	const int number = offered(m, fid, regs->aarch32);
	struct ref_answer answer;

	if (standing(m, caller).next != PSCI_NEXT_RESUME)
		return standing(m, caller);
	/* In 0.2 the convention had to be that of the caller's registers. */
	if (number >= 0 && m->version == PSCI_VERSION_0_2 && functions[number].smc64 &&
	    smc64 == regs->aarch32)
		return result(regs, PSCI_RET_INVALID_PARAMETERS);

	switch (number) {
	case 0x00:
		return result(regs, (int32_t)m->version);
	case 0x01: /* Standby of a core is the only state. */
		if (w1 != 0)
			return result(regs, PSCI_RET_INVALID_PARAMETERS);
		m->state[caller] = REF_STANDBY;
		answer = result(regs, PSCI_RET_SUCCESS);
		answer.next = PSCI_NEXT_SLEEP;
		return answer;
	case 0x02:
		m->state[caller] = REF_OFF;
		return (struct ref_answer){ .next = PSCI_NEXT_PARK };
	case 0x03:
		return result(regs, cpu_on(m, regs, x1, x2, x3));
	case 0x04:
		return result(regs, affinity_info(m, x1, (uint32_t)x2));
	case 0x06:
		return result(regs, 2);
	case 0x08:
		return stop(m, caller, PSCI_EVENT_OFF, 0, 0);
	case 0x09:
		return stop(m, caller, PSCI_EVENT_RESET, 0, 0);
	case 0x0a:
		if ((w1 & ~0x10000u) == 0x80000000)
			return result(regs, 0);
		return result(regs, offered(m, w1, regs->aarch32) < 0
					    ? PSCI_RET_NOT_SUPPORTED
					    : functions[w1 & 0x1f].features);
	case 0x12:
		if (w1 != 0)
			return result(regs, PSCI_RET_INVALID_PARAMETERS);
		return stop(m, caller, PSCI_EVENT_RESET2, 0, x2);
	case 0x15:
		if (w1 > 1 || x2 != 0)
			return result(regs, PSCI_RET_INVALID_PARAMETERS);
		return stop(m, caller, PSCI_EVENT_OFF2, w1, 0);
	default:
		return result(regs, PSCI_RET_NOT_SUPPORTED);
	}
}

struct ref_answer ref_poll(struct ref_machine *m, unsigned int vcpu)
{
	struct ref_answer answer = standing(m, vcpu);

	if (answer.next == PSCI_NEXT_PARK && m->state[vcpu] == REF_PENDING) {
		answer.next = PSCI_NEXT_START;
		answer.entry = m->entry[vcpu];
		m->state[vcpu] = REF_ON;
		memset(&m->entry[vcpu], 0, sizeof(m->entry[vcpu]));
	}

	return answer;
}

struct ref_answer ref_wake(struct ref_machine *m, unsigned int vcpu)
{
	if (m->event.kind == PSCI_EVENT_NONE && m->state[vcpu] == REF_STANDBY)
		m->state[vcpu] = REF_ON;

	return ref_poll(m, vcpu);
}

void ref_boot(struct ref_machine *m, unsigned int vcpu, const struct psci_entry *entry)
{
	memset(m->state, 0, sizeof(m->state));
	memset(m->entry, 0, sizeof(m->entry));
	memset(&m->event, 0, sizeof(m->event));
	m->event_caller = 0;
	m->state[vcpu] = REF_PENDING;
	m->entry[vcpu].pc = entry->pc;
	m->entry[vcpu].x0 = entry->x0;
	m->entry[vcpu].aarch32 = entry->aarch32;
	m->entry[vcpu].t32 = entry->t32;
	m->entry[vcpu].big_endian = entry->big_endian;
}
