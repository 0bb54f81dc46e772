/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every execution of a machine of one to three vCPUs, for Frama-C's Eva: any
 * number of steps, each any call with any registers, or anything that a host may
 * do. Read by make prove only; docs/prove.md says what follows from it.
 *
 * A volatile object has any value each time it is read.
 */
#include <psci/kvm.h>
#include <psci/psci.h>
#include <psci/smccc-arch.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Eva takes from there what memcpy() does, which lib/config.c declares by itself. */
#include <string.h>

/* Which machine: tools/prove says. */
#ifndef VCPUS
#define VCPUS 3
#define VERSION PSCI_VERSION_1_3
#define ENABLED 0
#define POWER 0
#endif

#define VCPU_MAX 3
#define INDEX_SIZE 4
#define STAT_COUNT 30

static volatile uint64_t any_word;

static struct psci_machine machine;
static struct psci_vcpu vcpus[VCPU_MAX];
static struct psci_vcpu *slots[INDEX_SIZE];
static struct psci_domain domains[3];
static struct psci_stat stats[STAT_COUNT];
static int seats[VCPU_MAX];

/* Each kind of state, and one of each level. */
static const struct psci_idle_state states[] = {
	{ .power_state = 0x00000000, .depth = { 1 } },
	{ .power_state = 0x00010001, .depth = { 200 } },
	{ .power_state = 0x01010003, .depth = { 200, 201 } },
	{ .power_state = 0x01010005, .depth = { 200, 201 }, .last_level = 2 },
	{ .power_state = 0x02010004, .depth = { 200, 201, 202 } },
};

#define STATE_COUNT (sizeof(states) / sizeof(states[0]))

static bool any(void)
{
	return any_word & 1;
}

static void kick(void *ctx, void *vctx)
{
}

static bool entry_ok(void *ctx, uint64_t ipa)
{
	return any();
}

static bool start_ok(void *ctx, void *vctx)
{
	return any();
}

static bool migrate(void *ctx, void *vctx)
{
	return any();
}

static uint64_t now(void *ctx)
{
	return any_word;
}

static bool memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	return any();
}

static int32_t vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	return (int32_t)any_word;
}

static void trace(void *ctx, const struct psci_trace *call)
{
}

static void lock(void *ctx)
{
}

static void unlock(void *ctx)
{
}

static unsigned int any_below(unsigned int limit)
{
	return (unsigned int)(any_word % limit);
}

static struct psci_entry any_entry(void)
{
	return (struct psci_entry){
		.pc = any_word,
		.x0 = any_word,
		.aarch32 = any(),
		.t32 = any(),
		.big_endian = any(),
	};
}

static void call(struct psci_vcpu *vcpu)
{
	static const struct psci_smccc_feature features[] = { { .fid = 0x80008000, .answer = 1 } };
	const struct psci_smccc smccc = {
		.version = (uint32_t)any_word,
		.features = features,
		.feature_count = any_below(2),
	};
	struct psci_regs regs = {
		.x = { any_word, any_word, any_word, any_word },
		.aarch32 = any(),
		.big_endian = any(),
	};

	if (!psci_smccc_call(&smccc, &regs))
		psci_call(vcpu, &regs);
}

static void step(struct psci_vcpu *vcpu)
{
	struct psci_entry entry = any_entry();
	uint64_t flags = any_word;

	switch (any_below(9)) {
	case 0:
		psci_vcpu_poll(vcpu, &entry);
		break;
	case 1:
		psci_vcpu_wake(vcpu, &entry);
		break;
	case 2:
		psci_machine_boot(vcpu, &entry);
		break;
	case 3:
		psci_event_kind_to_kvm(psci_machine_event(&machine).kind, &flags);
		psci_event_kind_from_kvm((uint32_t)any_word, flags);
		break;
	case 4:
		psci_machine_wake(&machine);
		break;
	case 5:
		psci_machine_deny(&machine);
		break;
	case 6:
		psci_machine_memory_protected(&machine);
		psci_vcpu_get_state(vcpu);
		psci_vcpu_set_availability(vcpu, (enum psci_vcpu_availability)any_below(5));
		break;
	case 7:
		psci_arg_count((uint32_t)any_word);
		psci_function_name((uint32_t)any_word);
		psci_strerror((int)any_word);
		break;
	default:
		call(vcpu);
		break;
	}
}

#if POWER
static void add_domains(void)
{
	psci_domain_init(&domains[1], &machine, 2, NULL);
	psci_domain_init(&domains[0], &machine, 1, &domains[1]);
	psci_vcpu_place(&vcpus[0], &domains[0]);
	psci_vcpu_place(&vcpus[1], &domains[0]);
}
#endif

int main(void)
{
	static const struct psci_host host = {
		.size = sizeof(host),
		.kick = kick,
		.entry_ok = entry_ok,
		.lock = lock,
		.unlock = unlock,
		.start_ok = start_ok,
		.migrate = migrate,
		.now = now,
		.memory_ok = memory_ok,
		.vendor_reset = vendor_reset,
		.trace = trace,
	};
	const struct psci_config config = {
		.size = sizeof(config),
		.version = VERSION,
		.enable_functions = ENABLED,
#if POWER
		.idle_states = states,
		.idle_state_count = STATE_COUNT,
#endif
		.index = slots,
		.index_size = INDEX_SIZE,
		.stats = stats,
		.stat_count = STAT_COUNT,
		.trusted_os = PSCI_TRUSTED_OS_MIGRATABLE,
		.trusted_os_mpidr = 0,
		.hide_on_pending = any(),
		.fids_0_1 = { 0x95c1ba5e, 0x95c1ba5f, 0x95c1ba60, 0x95c1ba61 },
		.host = &host,
		.ctx = &machine,
	};

	psci_machine_init(&machine, &config);
	psci_vcpu_init(&vcpus[0], &machine, 0, &seats[0]);
#if VCPUS > 1
	psci_vcpu_init(&vcpus[1], &machine, 1, &seats[1]);
#endif
#if VCPUS > 2
	psci_vcpu_init(&vcpus[2], &machine, UINT64_C(0x0100000100), &seats[2]);
#endif
#if POWER
	add_domains();
#endif
	while (any())
		step(&vcpus[any_below(VCPUS)]);

	return 0;
}
