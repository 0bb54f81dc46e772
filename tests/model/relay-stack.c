/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay-stack.h"

#include <psci/client.h>
#include <psci/relay.h>
#include <psci/smccc-arch.h>
#include <psci/smccc.h>

#include <string.h>

#define MONITOR UINT64_C(0xb0ff1c000)
#define ALL_ENABLED 0xf800

/** A machine of the library. */
struct stack_machine {
	struct psci_machine machine;
	struct psci_vcpu vcpus[STACK_CPU_COUNT];
	struct psci_vcpu *index[4];
	struct psci_stat stats[4 * STACK_CPU_COUNT];
	bool below; /**< It is the relay's firmware. */
};

static struct stack_machine alone;
static struct stack_machine below = { .below = true };
static struct psci_relay relay;
static struct psci_relay_cpu cpus[STACK_CPU_COUNT];
static struct psci_relay_cpu *slots[STACK_CPU_COUNT];
static struct stack_kind made;
/* A call that the firmware answers when the CPU wakes. */
static bool waits[STACK_CPU_COUNT];
static uint64_t answers[STACK_CPU_COUNT];
static struct psci_regs callers[STACK_CPU_COUNT];
static struct psci_regs expected[STACK_CPU_COUNT];
static unsigned int ends;
static unsigned int continues;
static const char *wrong;

static uint64_t context_of(unsigned int i)
{
	return UINT64_C(0x7700000000) + i;
}

static bool is_allowed(uint64_t pc)
{
	return pc != STACK_REFUSED_ENTRY;
}

/* --- the host --- */

static void kick(void *ctx, void *vctx)
{
}

static bool entry_ok(void *ctx, uint64_t pc)
{
	const struct stack_machine *m = ctx;

	if (!m->below)
		return is_allowed(pc);
	if (pc != MONITOR)
		wrong = "the firmware is given an entry point that is not the monitor's";

	return true;
}

static bool start_ok(void *ctx, void *vctx)
{
	return true;
}

static bool migrate(void *ctx, void *vctx)
{
	return true;
}

static uint64_t now(void *ctx)
{
	return 7;
}

static bool memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	return base + (length - 1) < UINT64_C(0x200000000);
}

static int32_t vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	return cookie == 0 ? PSCI_RET_SUCCESS : PSCI_RET_VENDOR_LIMIT - 1;
}

static void make_machine(struct stack_machine *m)
{
	static const uint64_t mpidrs[] = STACK_MPIDRS;
	static const struct psci_idle_state original[] = {
		{ .power_state = 0, .depth = { 1 } },
		{ .power_state = 0x00010001, .depth = { 200 } },
	};
	static const struct psci_idle_state extended[] = {
		{ .power_state = 0x40000001, .depth = { 200 } },
		{ .power_state = 0x00010001, .depth = { 1 } },
	};
	static const struct psci_host host = {
		.size = sizeof(host),
		.kick = kick,
		.entry_ok = entry_ok,
		.start_ok = start_ok,
		.migrate = migrate,
		.now = now,
		.memory_ok = memory_ok,
		.vendor_reset = vendor_reset,
	};
	const struct psci_config config = {
		.size = sizeof(config),
		.index = m->index,
		.index_size = 4,
		.host = &host,
		.ctx = m,
		.version = made.version,
		.enable_functions = made.version >= PSCI_VERSION_1_0 ? ALL_ENABLED : 0,
		.disable_functions = m->below ? 0 : made.disabled,
		.hide_on_pending = made.hide_on_pending,
		.idle_states = made.extended_state_id ? extended : original,
		.idle_state_count = 2,
		.extended_state_id = made.extended_state_id,
		.stats = m->stats,
		.stat_count = sizeof(m->stats) / sizeof(m->stats[0]),
		.trusted_os = made.trusted_os ? PSCI_TRUSTED_OS_MIGRATABLE : PSCI_TRUSTED_OS_NONE,
		.trusted_os_mpidr = mpidrs[0],
	};

	if (psci_machine_init(&m->machine, &config))
		wrong = "a machine cannot be made";
	for (unsigned int i = 0; i < STACK_CPU_COUNT && !wrong; i++) {
		if (psci_vcpu_init(&m->vcpus[i], &m->machine, mpidrs[i], NULL))
			wrong = "a vCPU cannot be made";
	}
}

/* --- the monitor --- */

static bool relay_entry_ok(void *ctx, uint64_t pc)
{
	return is_allowed(pc);
}

static void life_ends(void *ctx, const struct psci_event *event)
{
	ends++;
}

static void life_continues(void *ctx, struct psci_relay_cpu *cpu, int32_t result)
{
	continues++;
}

/* The monitor's own calls, on CPU 0. */
static void smc(void *ctx, uint64_t x[4])
{
	const struct psci_smccc arch = { .version = SMCCC_VERSION_1_2 };
	struct psci_regs regs = { .aarch32 = false };

	memcpy(regs.x, x, sizeof(regs.x));
	if (!psci_smccc_call(&arch, &regs))
		psci_call(&below.vcpus[0], &regs);
	x[0] = regs.x[0];
}

static void make_relay(void)
{
	static const uint64_t mpidrs[] = STACK_MPIDRS;
	struct psci_client firmware;
	const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &firmware,
		.entry = MONITOR,
		.index = slots,
		.index_size = STACK_CPU_COUNT,
		.disable_functions = made.disabled,
		.entry_ok = relay_entry_ok,
		.life_ends = life_ends,
		.life_continues = life_continues,
	};

	memset(waits, 0, sizeof(waits));
	if (psci_client_probe(&firmware, smc, NULL, true) || psci_relay_init(&relay, &config))
		wrong = "a relay cannot be made";
	for (unsigned int i = STACK_CPU_COUNT; i-- > 0 && !wrong;) {
		if (psci_relay_cpu_init(&cpus[i], &relay, mpidrs[i], context_of(i)))
			wrong = "a CPU cannot be made";
	}
}

static const char *boot(void)
{
	const struct psci_entry os = { .pc = 0x40080000 };
	const struct psci_entry monitor = { .pc = MONITOR };
	struct psci_entry entry;

	psci_machine_boot(&alone.vcpus[0], &os);
	psci_machine_boot(&below.vcpus[0], &monitor);
	if (psci_vcpu_poll(&alone.vcpus[0], &entry) != PSCI_NEXT_START ||
	    psci_vcpu_poll(&below.vcpus[0], &entry) != PSCI_NEXT_START)
		return "a machine does not boot";
	make_relay();

	return wrong;
}

void stack_make(const struct stack_kind *kind)
{
	made = *kind;
	wrong = NULL;
	make_machine(&alone);
	make_machine(&below);
	if (!wrong)
		wrong = boot();
}

/* --- steps --- */

static bool is_same_entry(const struct psci_entry *a, const struct psci_entry *b)
{
	return a->pc == b->pc && a->x0 == b->x0 && a->aarch32 == b->aarch32 && a->t32 == b->t32 &&
	       a->big_endian == b->big_endian && a->wake == b->wake;
}

/*
 * Where several arguments are wrong, the order is not specified: the relay does not know
 * of power states and of other CPUs before the firmware does. And of firmware of 0.2 it
 * does not know whether it has MIGRATE before it calls it.
 */
static bool may_differ(uint32_t number, int32_t without, int32_t with)
{
	if (made.version == PSCI_VERSION_0_2 && (number == 0x05 || number == 0x07))
		return without == PSCI_RET_NOT_SUPPORTED && with == PSCI_RET_INVALID_PARAMETERS;

	return with == PSCI_RET_INVALID_ADDRESS &&
	       ((number == 0x01 && without == PSCI_RET_INVALID_PARAMETERS) ||
		(number == 0x0e && without == PSCI_RET_DENIED));
}

static const char *compare_answers(uint64_t fid, const struct psci_regs *without,
				   const struct psci_regs *with)
{
	const bool is_smc64 = fid & SMCCC_SMC64_MASK;
	const uint64_t mask = is_smc64 || without->aarch32 ? UINT64_MAX : UINT32_MAX;

	if ((without->x[0] & mask) != (with->x[0] & mask) &&
	    !may_differ(fid & 0x1f, (int32_t)without->x[0], (int32_t)with->x[0]))
		return "an answer differs";
	if (memcmp(&without->x[1], &with->x[1], 3 * sizeof(with->x[1])) != 0)
		return "x1 to x3 differ";

	return NULL;
}

/* The firmware's answer, on which a CPU may still wait. */
static enum psci_next forward(unsigned int i, struct psci_regs *regs, const uint64_t x[4])
{
	struct psci_regs call = { .aarch32 = false };
	enum psci_next next;

	memcpy(call.x, x, sizeof(call.x));
	next = psci_call(&below.vcpus[i], &call);
	if (next == PSCI_NEXT_RUN) {
		psci_relay_return(&cpus[i], regs, call.x[0]);
	} else if (next == PSCI_NEXT_SLEEP || next == PSCI_NEXT_SYSTEM_SUSPEND) {
		waits[i] = true;
		answers[i] = call.x[0];
		callers[i] = *regs;
	}

	return next;
}

static const char *call(unsigned int i, const struct psci_regs *given)
{
	struct psci_regs without = *given;
	struct psci_regs with = *given;
	const enum psci_next next = psci_call(&alone.vcpus[i], &without);
	uint64_t x[4];

	switch (psci_relay_call(&cpus[i], &with, x)) {
	case PSCI_RELAY_RETURN:
		if (next != PSCI_NEXT_RUN && !may_differ(given->x[0] & 0x1f, 0, (int32_t)with.x[0]))
			return "a call is not forwarded";
		break;
	case PSCI_RELAY_FORWARD:
		if (forward(i, &with, x) != next)
			return "a call has another effect";
		expected[i] = without;
		if (next != PSCI_NEXT_RUN)
			return NULL;
		break;
	case PSCI_RELAY_PASS:
		return (int32_t)without.x[0] == PSCI_RET_NOT_SUPPORTED ? NULL
								       : "a PSCI call is passed on";
	}

	return compare_answers(given->x[0], &without, &with);
}

/* What a CPU does after a poll, or a wake-up, on either machine. */
static const char *compare_next(unsigned int i, enum psci_next without, enum psci_next with,
				const struct psci_entry *os, const struct psci_entry *monitor)
{
	struct psci_entry entry;

	if (without != with)
		return "a CPU does something else";
	if (with == PSCI_NEXT_RUN && waits[i]) {
		const uint64_t fid = callers[i].x[0];

		waits[i] = false;
		psci_relay_return(&cpus[i], &callers[i], answers[i]);
		return compare_answers(fid, &expected[i], &callers[i]);
	}
	if (with != PSCI_NEXT_START)
		return NULL;
	waits[i] = false;
	if (monitor->pc != MONITOR || monitor->x0 != context_of(i))
		return "a CPU starts outside of the monitor";
	if (!psci_relay_arrive(&cpus[i], &entry))
		return "a CPU arrives and is not expected";

	return is_same_entry(os, &entry) ? NULL : "a CPU starts in another way";
}

static const char *follow(enum stack_step_kind kind, unsigned int i)
{
	struct psci_entry os, monitor;
	enum psci_next without, with;

	switch (kind) {
	case STACK_DENY:
		psci_machine_deny(&alone.machine);
		psci_machine_deny(&below.machine);
		/* Its x0 has said so since the call. */
		return NULL;
	case STACK_WAKE_ALL:
		psci_machine_wake(&alone.machine);
		psci_machine_wake(&below.machine);
		return NULL;
	case STACK_WAKE:
		without = psci_vcpu_wake(&alone.vcpus[i], &os);
		with = psci_vcpu_wake(&below.vcpus[i], &monitor);
		break;
	case STACK_POLL:
	case STACK_CALL:
	case STACK_REBOOT:
	default:
		without = psci_vcpu_poll(&alone.vcpus[i], &os);
		with = psci_vcpu_poll(&below.vcpus[i], &monitor);
		break;
	}

	return compare_next(i, without, with, &os, &monitor);
}

const char *stack_step(const struct stack_step *step)
{
	const unsigned int before = ends - continues;
	const char *found;

	if (wrong)
		return wrong;
	if (step->kind == STACK_REBOOT)
		return boot();
	if (step->kind != STACK_CALL || waits[step->cpu])
		return follow(step->kind, step->cpu);
	if (psci_vcpu_get_state(&alone.vcpus[step->cpu]) != PSCI_STATE_ON ||
	    psci_vcpu_poll(&alone.vcpus[step->cpu], NULL) != PSCI_NEXT_RUN)
		return NULL;

	found = call(step->cpu, &step->regs);
	if (!found && (ends - continues != before) !=
			      (psci_vcpu_poll(&alone.vcpus[step->cpu], NULL) == PSCI_NEXT_EXIT))
		found = "the monitor does not know whether a life has ended";

	return found ? found : wrong;
}

bool stack_has_ended(void)
{
	return psci_machine_event(&alone.machine).kind != PSCI_EVENT_NONE;
}
