/* SPDX-License-Identifier: BSD-3-Clause */
#include "reference.h"

#include <psci/abi.h>

#include <stddef.h>
#include <string.h>

static int find(const struct ref_machine *m, uint64_t mpidr)
{
	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if (m->platform->mpidr[i] == mpidr)
			return (int)i;
	}

	return -1;
}

static int32_t read_entry(const struct ref_machine *m, const struct psci_regs *regs,
			  uint64_t address, uint64_t context, struct psci_entry *entry)
{
	const bool t32 = regs->aarch32 && address % 2 == 1;
	const uint64_t pc = t32 ? address - 1 : address;

	if (pc == m->platform->refused_entry || (!t32 && pc % 4 != 0))
		return m->platform->version < PSCI_VERSION_1_0 ? PSCI_RET_INVALID_PARAMETERS
							       : PSCI_RET_INVALID_ADDRESS;
	entry->pc = pc;
	entry->x0 = context;
	entry->aarch32 = regs->aarch32;
	entry->t32 = t32;
	entry->big_endian = regs->big_endian;

	return PSCI_RET_SUCCESS;
}

/*
 * PSCI-CPU_ON-04 PSCI-CPU_ON-05 PSCI-CPU_ON-06 PSCI-CPU_ON-10
 * PSCI-CPU_ON-11 PSCI-CPU_ON-31 PSCI-CPU_ON-32 PSCI-CPU_ON-33
 * PSCI-CPU_ON-35
 */
static int32_t cpu_on(struct ref_machine *m, const struct psci_regs *regs, uint64_t target,
		      uint64_t address, uint64_t context)
{
	const int i = find(m, target);
	struct psci_entry entry = { .wake = false };
	int32_t code;

	if (i < 0)
		return PSCI_RET_INVALID_PARAMETERS;
	code = read_entry(m, regs, address, context, &entry);
	if (code < 0)
		return code;
	if (m->state[i] == REF_PENDING && !m->platform->hide_on_pending)
		return PSCI_RET_ON_PENDING;
	if (m->state[i] != REF_OFF && m->state[i] != REF_FROZEN)
		return PSCI_RET_ALREADY_ON;
	if (m->platform->availability[i] == PSCI_VCPU_DENIED &&
	    m->platform->version >= PSCI_VERSION_1_2)
		return PSCI_RET_DENIED;
	if (m->platform->availability[i] != PSCI_VCPU_AVAILABLE || (m->platform->refuses && i == 1))
		return PSCI_RET_INTERNAL_FAILURE;
	m->state[i] = REF_PENDING;
	memcpy(&m->entry[i], &entry, sizeof(entry));

	return PSCI_RET_SUCCESS;
}

/*
 * PSCI-AFFINITY_INFO-01 PSCI-AFFINITY_INFO-04 PSCI-AFFINITY_INFO-07
 * PSCI-AFFINITY_INFO-08 PSCI-AFFINITY_INFO-30 PSCI-AFFINITY_INFO-31
 */
static int32_t affinity_info(const struct ref_machine *m, uint64_t target, uint32_t level)
{
	static const uint64_t ignored[] = { 0, 0xff, 0xffff, 0xffffff };
	bool on = false;
	bool pending = false;
	bool off = false;
	bool disabled = false;

	if (level > 3 || (target & ~UINT64_C(0xff00ffffff)) != 0)
		return PSCI_RET_INVALID_PARAMETERS;
	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if ((m->platform->mpidr[i] | ignored[level]) != (target | ignored[level]))
			continue;
		if (m->state[i] == REF_PENDING && !m->platform->hide_on_pending)
			pending = true;
		else if (m->state[i] != REF_OFF)
			on = true;
		else if (m->platform->availability[i] == PSCI_VCPU_DISABLED)
			disabled = true;
		else
			off = true;
	}
	if (on)
		return PSCI_AFFINITY_INFO_ON;
	if (pending)
		return PSCI_AFFINITY_INFO_ON_PENDING;
	if (off)
		return PSCI_AFFINITY_INFO_OFF;

	return disabled ? PSCI_RET_DISABLED : PSCI_RET_INVALID_PARAMETERS;
}

/*
 * PSCI-MIGRATE-30 PSCI-MIGRATE-31 PSCI-MIGRATE-32 PSCI-MIGRATE-33
 * PSCI-MIGRATE-34
 */
static int32_t migrate(struct ref_machine *m, unsigned int caller, uint64_t target)
{
	const int i = find(m, target);

	if (m->platform->trusted_os == PSCI_TRUSTED_OS_FIXED)
		return PSCI_RET_DENIED;
	if (m->trusted_os_at != m->platform->mpidr[caller])
		return PSCI_RET_NOT_PRESENT;
	if (i < 0)
		return PSCI_RET_INVALID_PARAMETERS;
	if (m->platform->refuses && i == 1)
		return PSCI_RET_INTERNAL_FAILURE;
	m->trusted_os_at = target;

	return PSCI_RET_SUCCESS;
}

static struct ref_answer stop(struct ref_machine *m, unsigned int caller, enum psci_event_kind kind,
			      uint32_t type, uint64_t cookie)
{
	m->event.kind = kind;
	m->event.type = type;
	m->event.cookie = cookie;
	m->event.overwrite_memory =
		m->memory_protected && !(kind == PSCI_EVENT_RESET2 && type == 0);
	m->event_caller = (uint8_t)caller;

	return (struct ref_answer){ .next = PSCI_NEXT_EXIT };
}

static struct ref_answer result(const struct psci_regs *regs, int64_t value)
{
	return (struct ref_answer){
		.next = PSCI_NEXT_RUN,
		.x0 = regs->aarch32 ? (uint32_t)value : (uint64_t)value,
		.has_x0 = true,
	};
}

/* A call after which the caller sleeps, and x0 if it continues behind the call. */
static struct ref_answer sleeps(struct ref_machine *m, unsigned int caller,
				const struct psci_regs *regs, const uint8_t depth[4], int32_t value)
{
	struct ref_answer answer = result(regs, value);

	answer.next = PSCI_NEXT_SLEEP;
	ref_sleep(m, caller, REF_ASLEEP, depth);

	return answer;
}

/* PSCI-CPU_SUSPEND-06 PSCI-CPU_SUSPEND-30 PSCI-CPU_SUSPEND-31 */
static struct ref_answer cpu_suspend(struct ref_machine *m, unsigned int caller,
				     const struct psci_regs *regs, uint32_t power_state,
				     const uint64_t arg[2])
{
	const struct psci_idle_state *state = ref_find_state(m, caller, power_state);
	struct psci_entry entry = { .wake = true };
	int32_t code = PSCI_RET_SUCCESS;

	if (!state)
		return result(regs, PSCI_RET_INVALID_PARAMETERS);
	if (state->depth[0] >= 128)
		code = read_entry(m, regs, arg[0], arg[1], &entry);
	if (code == PSCI_RET_SUCCESS && m->os_initiated)
		code = ref_check_os_initiated(m, caller, state);
	if (code < 0)
		return result(regs, code);
	if (state->depth[0] >= 128)
		memcpy(&m->entry[caller], &entry, sizeof(entry));
	m->has_suspended = true;

	return sleeps(m, caller, regs, state->depth, PSCI_RET_SUCCESS);
}

/* PSCI-CPU_DEFAULT_SUSPEND-30 */
static struct ref_answer default_suspend(struct ref_machine *m, unsigned int caller,
					 const struct psci_regs *regs, uint64_t address,
					 uint64_t context)
{
	const struct psci_idle_state *state = ref_default_state(m);
	struct psci_entry entry = { .wake = true };
	const int32_t code = read_entry(m, regs, address, context, &entry);

	if (code < 0)
		return result(regs, code);
	if (state->depth[0] >= 128)
		memcpy(&m->entry[caller], &entry, sizeof(entry));
	m->by_default[caller] = true;

	return sleeps(m, caller, regs, state->depth, PSCI_RET_SUCCESS);
}

/* PSCI-SYSTEM_SUSPEND-01 PSCI-SYSTEM_SUSPEND-30 PSCI-SYSTEM_SUSPEND-31 */
static struct ref_answer system_suspend(struct ref_machine *m, unsigned int caller,
					const struct psci_regs *regs, uint64_t address,
					uint64_t context)
{
	struct psci_entry entry = { .wake = true };
	int32_t code;

	for (unsigned int i = 0; i < m->platform->vcpu_count; i++) {
		if (i != caller && m->state[i] != REF_OFF)
			return result(regs, PSCI_RET_DENIED);
	}
	code = read_entry(m, regs, address, context, &entry);
	if (code < 0)
		return result(regs, code);
	memcpy(&m->entry[caller], &entry, sizeof(entry));
	m->event.kind = PSCI_EVENT_SUSPEND;
	m->event_caller = (uint8_t)caller;

	struct ref_answer answer = sleeps(m, caller, regs, ref_off_depth, PSCI_RET_DENIED);

	answer.next = PSCI_NEXT_SYSTEM_SUSPEND;

	return answer;
}

/* PSCI-SYSTEM_RESET2-01 PSCI-SYSTEM_RESET2-06 PSCI-SYSTEM_RESET2-31 */
static struct ref_answer system_reset2(struct ref_machine *m, unsigned int caller,
				       const struct psci_regs *regs, uint32_t type, uint64_t cookie)
{
	if (type == 0 || (type == REF_VENDOR_RESET && m->platform->vendor_reset))
		return stop(m, caller, PSCI_EVENT_RESET2, type, cookie);
	if (type < 0x80000000 || !m->platform->vendor_reset)
		return result(regs, PSCI_RET_INVALID_PARAMETERS);
	if (type == REF_VENDOR_CODE)
		return result(regs, -1000);
	if (type == REF_VENDOR_DENIED)
		return result(regs, PSCI_RET_DENIED);

	return result(regs, PSCI_RET_INTERNAL_FAILURE);
}

/* PSCI-MEM_PROTECT_CHECK_RANGE-30 PSCI-MEM_PROTECT_CHECK_RANGE-31 */
static int32_t check_range(uint64_t base, uint64_t length)
{
	const bool inside = base >= REF_MEMORY_BASE && base < REF_MEMORY_BASE + REF_MEMORY_SIZE &&
			    length <= REF_MEMORY_BASE + REF_MEMORY_SIZE - base;

	return length != 0 && inside ? PSCI_RET_SUCCESS : PSCI_RET_DENIED;
}

/* What a vCPU does if nothing happens. */
static struct ref_answer standing(const struct ref_machine *m, unsigned int vcpu)
{
	static const enum psci_next next[] = {
		[REF_OFF] = PSCI_NEXT_WAIT,    [REF_PENDING] = PSCI_NEXT_WAIT,
		[REF_ON] = PSCI_NEXT_RUN,      [REF_ASLEEP] = PSCI_NEXT_SLEEP,
		[REF_FROZEN] = PSCI_NEXT_WAIT,
	};

	if (m->event.kind != PSCI_EVENT_NONE && m->event.kind != PSCI_EVENT_SUSPEND)
		return (struct ref_answer){ .next = PSCI_NEXT_EXIT };
	if (m->event.kind == PSCI_EVENT_SUSPEND && m->event_caller == vcpu)
		return (struct ref_answer){ .next = PSCI_NEXT_SYSTEM_SUSPEND };

	return (struct ref_answer){ .next = next[m->state[vcpu]] };
}

static struct ref_answer leave(struct ref_machine *m, unsigned int caller,
			       const struct psci_regs *regs, enum ref_state state)
{
	if (m->platform->trusted_os != PSCI_TRUSTED_OS_NONE &&
	    m->trusted_os_at == m->platform->mpidr[caller])
		return result(regs, PSCI_RET_DENIED);
	ref_sleep(m, caller, state, ref_off_depth);

	return (struct ref_answer){ .next = PSCI_NEXT_WAIT };
}

static bool old_protection(struct ref_machine *m, bool enable)
{
	const bool before = m->memory_protected;

	m->memory_protected = enable;

	return before;
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): a list of all functions. */
static struct ref_answer carry_out(struct ref_machine *m, unsigned int caller,
				   const struct psci_regs *regs)
{
	const bool old = m->platform->version == PSCI_VERSION_0_1;
	const uint32_t fid = (uint32_t)regs->x[0];
	const bool smc64 = old ? !regs->aarch32 : fid >> 30 & 1;
	const uint64_t kept = smc64 ? UINT64_MAX : UINT32_MAX;
	const uint64_t x1 = regs->x[1] & kept;
	const uint64_t x2 = regs->x[2] & kept;
	const uint64_t x3 = old ? 0 : regs->x[3] & kept;
	const uint32_t w1 = (uint32_t)x1;
	const int number = ref_offered(m, fid, regs->aarch32);

	if (standing(m, caller).next != PSCI_NEXT_RUN)
		return standing(m, caller);
	/* In 0.2 the convention had to be that of the caller's registers. */
	if (number >= 0 && m->platform->version == PSCI_VERSION_0_2 && ref_has_smc64(number) &&
	    smc64 == regs->aarch32)
		return result(regs, PSCI_RET_INVALID_PARAMETERS);

	switch (number) {
	case 0x00:
		return result(regs, (int32_t)m->platform->version);
	case 0x01:
		return cpu_suspend(m, caller, regs, w1, (uint64_t[]){ x2, x3 });
	case 0x02:
		return leave(m, caller, regs, REF_OFF);
	case 0x03:
		return result(regs, cpu_on(m, regs, x1, x2, x3));
	case 0x04:
		return result(regs, affinity_info(m, x1, (uint32_t)x2));
	case 0x05:
		return result(regs, migrate(m, caller, x1));
	case 0x06:
		if (m->platform->trusted_os == PSCI_TRUSTED_OS_NONE)
			return result(regs, 2);
		return result(regs, m->platform->trusted_os == PSCI_TRUSTED_OS_MIGRATABLE ? 0 : 1);
	case 0x07:
		return result(regs, (int64_t)(m->trusted_os_at & kept));
	case 0x08:
		return stop(m, caller, PSCI_EVENT_OFF, 0, 0);
	case 0x09:
		return stop(m, caller, PSCI_EVENT_RESET, 0, 0);
	case 0x0a:
		return result(regs, ref_features(m, w1, regs->aarch32));
	case 0x0b:
		return leave(m, caller, regs, REF_FROZEN);
	case 0x0c:
		return default_suspend(m, caller, regs, x1, x2);
	case 0x0d:
		return result(regs, find(m, x1) < 0
					    ? PSCI_RET_INVALID_PARAMETERS
					    : ref_node_hw_state(m, (unsigned int)find(m, x1),
								(uint32_t)x2));
	case 0x0e:
		return system_suspend(m, caller, regs, x1, x2);
	case 0x0f:
		return result(regs, ref_set_suspend_mode(m, caller, w1));
	case 0x12:
		return system_reset2(m, caller, regs, w1, x2);
	case 0x13:
		return result(regs, old_protection(m, w1 != 0));
	case 0x14:
		return result(regs, check_range(x1, x2));
	case 0x15:
		if (w1 > 1 || x2 != 0)
			return result(regs, PSCI_RET_INVALID_PARAMETERS);
		return stop(m, caller, PSCI_EVENT_OFF2, w1, 0);
	default:
		return result(regs, PSCI_RET_NOT_SUPPORTED);
	}
}

struct ref_answer ref_call(struct ref_machine *m, unsigned int caller, const struct psci_regs *regs)
{
	const struct ref_answer answer = carry_out(m, caller, regs);
	const int32_t code = (int32_t)answer.x0;

	/* 0.1 has three errors. */
	if (m->platform->version != PSCI_VERSION_0_1 || !answer.has_x0 || code >= PSCI_RET_DENIED)
		return answer;
	if (code == PSCI_RET_ALREADY_ON || code == PSCI_RET_ON_PENDING)
		return result(regs, PSCI_RET_INVALID_PARAMETERS);

	return result(regs, PSCI_RET_DENIED);
}

/* vCPU @i continues where it was told to start or to come back. */
static struct ref_answer starts(struct ref_machine *m, unsigned int i)
{
	const struct ref_answer answer = { .next = PSCI_NEXT_START, .entry = m->entry[i] };

	memset(&m->entry[i], 0, sizeof(m->entry[i]));
	ref_run(m, i);

	return answer;
}

struct ref_answer ref_poll(struct ref_machine *m, unsigned int vcpu)
{
	const struct ref_answer answer = standing(m, vcpu);

	if (answer.next == PSCI_NEXT_WAIT && m->state[vcpu] == REF_PENDING)
		return starts(m, vcpu);

	return answer;
}

struct ref_answer ref_wake(struct ref_machine *m, unsigned int vcpu)
{
	const enum psci_next next = standing(m, vcpu).next;

	if (next != PSCI_NEXT_SLEEP && next != PSCI_NEXT_SYSTEM_SUSPEND)
		return ref_poll(m, vcpu);
	memset(&m->event, 0, sizeof(m->event));
	m->event_caller = 0;
	if (m->depth[vcpu][0] >= 128)
		return starts(m, vcpu);
	ref_run(m, vcpu);

	return ref_poll(m, vcpu);
}

static bool end_suspend(struct ref_machine *m, unsigned int *caller)
{
	*caller = m->event_caller;
	if (m->event.kind != PSCI_EVENT_SUSPEND)
		return false;
	memset(&m->event, 0, sizeof(m->event));
	m->event_caller = 0;

	return true;
}

bool ref_wake_machine(struct ref_machine *m)
{
	unsigned int i;
	const bool was_suspended = end_suspend(m, &i);

	if (was_suspended)
		m->state[i] = REF_PENDING;

	return was_suspended;
}

bool ref_deny(struct ref_machine *m)
{
	unsigned int i;
	const bool was_suspended = end_suspend(m, &i);

	if (was_suspended) {
		ref_run(m, i);
		memset(&m->entry[i], 0, sizeof(m->entry[i]));
	}

	return was_suspended;
}

void ref_init(struct ref_machine *m, const struct ref_platform *platform)
{
	memset(m, 0, sizeof(*m));
	m->platform = platform;
	m->trusted_os_at = platform->trusted_os_home;
	memset(m->depth, 255, sizeof(m->depth));
	memset(m->domain_depth, 255, sizeof(m->domain_depth));
}

void ref_boot(struct ref_machine *m, unsigned int vcpu, const struct psci_entry *entry)
{
	ref_init(m, m->platform);
	m->state[vcpu] = REF_PENDING;
	m->entry[vcpu].pc = entry->pc;
	m->entry[vcpu].x0 = entry->x0;
	m->entry[vcpu].aarch32 = entry->aarch32;
	m->entry[vcpu].t32 = entry->t32;
	m->entry[vcpu].big_endian = entry->big_endian;
}
