/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every execution of a relay of one to three CPUs, for Frama-C's Eva: above any firmware,
 * any number of steps, each any call with any registers, any answer of the firmware to a
 * call that was forwarded, or a CPU that comes to the monitor's entry point, whether it
 * was started or not. Read by make prove only; docs/prove.md says what follows from it.
 *
 * A volatile object has any value each time it is read.
 */
#include <psci/relay.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many CPUs: tools/prove says. */
#ifndef CPUS
#define CPUS 3
#endif

#define CPU_MAX 3
#define MONITOR UINT64_C(0xb0ff1c000)

static volatile uint64_t any_word;

static struct psci_relay relay;
static struct psci_relay_cpu cpus[CPU_MAX];
static struct psci_relay_cpu *slots[CPU_MAX];

static bool any(void)
{
	return any_word & 1;
}

static unsigned int any_below(unsigned int limit)
{
	return (unsigned int)(any_word % limit);
}

static bool entry_ok(void *ctx, uint64_t pc)
{
	return any();
}

static void life_ends(void *ctx, const struct psci_event *event)
{
}

static void life_continues(void *ctx, struct psci_relay_cpu *cpu, int32_t result)
{
}

static void lock(void *ctx)
{
}

static void unlock(void *ctx)
{
}

/* A CPU may be in the firmware for any time: another one steps then. */
static void step(struct psci_relay_cpu *cpu)
{
	struct psci_regs regs = {
		.x = { any_word, any_word, any_word, any_word },
		.aarch32 = any(),
		.big_endian = any(),
	};
	struct psci_entry entry;
	uint64_t x[4];

	switch (any_below(3)) {
	case 0:
		psci_relay_arrive(cpu, &entry);
		break;
	case 1:
		psci_relay_return(cpu, &regs, any_word);
		break;
	default:
		psci_relay_call(cpu, &regs, x);
		break;
	}
}

int main(void)
{
	const struct psci_client firmware = {
		.version = (uint32_t)any_word,
		.smccc_version = (uint32_t)any_word,
		.fn32 = (uint32_t)any_word,
		.fn64 = (uint32_t)any_word,
		.suspend_features = (uint32_t)any_word,
		.off2_types = (uint32_t)any_word,
	};
	const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &firmware,
		.entry = MONITOR,
		.index = slots,
		.index_size = CPU_MAX,
		.disable_functions = (uint32_t)any_word,
		.entry_ok = entry_ok,
		.life_ends = life_ends,
		.life_continues = life_continues,
		.lock = lock,
		.unlock = unlock,
	};

	if (psci_relay_init(&relay, &config))
		return 0;
	/* As the monitor would: it does not start without one of its CPUs. */
	if (psci_relay_cpu_init(&cpus[0], &relay, 0x100, 0))
		return 0;
#if CPUS > 1
	if (psci_relay_cpu_init(&cpus[1], &relay, 0, UINT32_MAX))
		return 0;
#endif
#if CPUS > 2
	if (psci_relay_cpu_init(&cpus[2], &relay, UINT64_C(0x0100000100), 2))
		return 0;
#endif
	while (any())
		step(&cpus[any_below(CPUS)]);

	return 0;
}
