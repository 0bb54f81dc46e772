/* SPDX-License-Identifier: BSD-3-Clause */
#include "power.h"

#include "../arch/arm64/spinlock.h"
#include "end.h"
#include "gic.h"
#include "lower.h"
#include "machine.h"
#include "marks.h"
#include "report.h"

#define INDEX_SIZE (4 * CPU_MAX)
#define STAT_COUNT ((CPU_MAX + POWER_CLUSTERS_MAX) * POWER_STATE_COUNT)

static struct psci_machine psci;
static struct psci_vcpu *psci_index[INDEX_SIZE];
static struct psci_domain clusters[POWER_CLUSTERS_MAX];
static uint64_t cluster_affinities[POWER_CLUSTERS_MAX];
static unsigned int cluster_count;
static struct psci_stat stats[STAT_COUNT];
static atomic_flag lock;

/*
 * In the original format, and with the numbers of dormouse --idle-states.
 * Power-down means that a CPU comes back through its entry point; of the
 * emulated power nothing is saved. A cluster has none of its own: its states
 * are for the coordination of its CPUs.
 */
#define DEPTH_STANDBY 1
#define POWER_DOWN PSCI_POWER_STATE_TYPE_MASK
#define OF_CLUSTER (1 << PSCI_POWER_STATE_LEVEL_SHIFT)

const struct psci_idle_state power_states[POWER_STATE_COUNT] = {
	{ .power_state = 0, .depth = { DEPTH_STANDBY } },
	{ .power_state = POWER_DOWN, .depth = { PSCI_DEPTH_OFF } },
	{ .power_state = 1 | POWER_DOWN | OF_CLUSTER, .depth = { PSCI_DEPTH_OFF, DEPTH_STANDBY } },
	{ .power_state = POWER_DOWN | OF_CLUSTER, .depth = { PSCI_DEPTH_OFF, PSCI_DEPTH_OFF } },
};

const struct power_state power_state_texts[POWER_STATE_COUNT] = {
	{ "standby", 1, 2, 100 },
	{ "powerdown", 20, 80, 1000 },
	{ "cluster-retention", 25, 85, 2000 },
	{ "cluster-powerdown", 30, 100, 5000 },
};

/* --- what the library calls --- */

static void on_kick(void *ctx, void *vctx)
{
	gic_kick(vctx);
}

static void on_lock(void *ctx)
{
	spin_lock(&lock);
}

static void on_unlock(void *ctx)
{
	spin_unlock(&lock);
}

static bool on_entry_ok(void *ctx, uint64_t address)
{
	return machine_is_ram(address, sizeof(uint32_t));
}

static bool on_memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	return machine_is_ram(base, length);
}

static uint64_t on_now(void *ctx)
{
	const uint64_t frequency = sysreg_read(cntfrq_el0);
	uint64_t count;

	isb();
	count = sysreg_read(cntpct_el0);

	return count / frequency * 1000000 + count % frequency * 1000000 / frequency;
}

static const struct psci_host host = {
	.size = sizeof(host),
	.kick = on_kick,
	.lock = on_lock,
	.unlock = on_unlock,
	.entry_ok = on_entry_ok,
	.now = on_now,
	.memory_ok = on_memory_ok,
};

static const struct psci_config config = {
	.size = sizeof(config),
	.index = psci_index,
	.index_size = INDEX_SIZE,
	.host = &host,
	.enable_functions =
		PSCI_FN_BIT(PSCI_FN32_CPU_FREEZE) | PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND) |
		PSCI_FN_BIT(PSCI_FN32_NODE_HW_STATE) | PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND) |
		PSCI_FN_BIT(PSCI_FN32_PSCI_SET_SUSPEND_MODE),
	.idle_states = power_states,
	.idle_state_count = POWER_STATE_COUNT,
	.stats = stats,
	.stat_count = STAT_COUNT,
};

/* --- the machine --- */

static bool find_cluster(uint64_t affinity, unsigned int *cluster)
{
	for (*cluster = 0; *cluster < cluster_count; ++*cluster) {
		if (cluster_affinities[*cluster] == affinity >> 8)
			return true;
	}

	return false;
}

unsigned int power_cluster(const struct cpu *cpu)
{
	unsigned int cluster;

	find_cluster(cpu->affinity, &cluster);

	return cluster;
}

static int add_cpu(struct cpu *cpu)
{
	unsigned int cluster;
	int err = 0;

	if (!find_cluster(cpu->affinity, &cluster)) {
		if (cluster_count == POWER_CLUSTERS_MAX)
			return PSCI_ERR_FULL;
		cluster_affinities[cluster_count++] = cpu->affinity >> 8;
		err = psci_domain_init(&clusters[cluster], &psci, 1, NULL);
	}
	if (!err)
		err = psci_vcpu_init(&cpu->psci, &psci, cpu->affinity, cpu);

	return err ? err : psci_vcpu_place(&cpu->psci, &clusters[cluster]);
}

const char *power_begin(void)
{
	int err = psci_machine_init(&psci, &config);

	if (err)
		return psci_config_problem(&config);
	for (unsigned int i = 0; i < cpu_count && !err; i++) {
		err = add_cpu(&cpus[i]);
		if (!err && !atomic_load(&cpus[i].arrived))
			err = psci_vcpu_set_availability(&cpus[i].psci, PSCI_VCPU_DISABLED);
	}

	return err ? psci_strerror(err) : NULL;
}

void power_boot(uint64_t pc, uint64_t x0)
{
	const struct psci_entry entry = { .pc = pc, .x0 = x0 };

	psci_machine_boot(&cpus[0].psci, &entry);
}

/* --- one CPU --- */

/* In microseconds, from one SYSTEM_SUSPEND to the next. */
#define SUSPEND_INTERVAL 20000

/*
 * Who reads the secure UART sees whether the machine is suspended. One that
 * suspends and wakes without end must not flood the reader: it has to wait for
 * its turn.
 */
static void report_sleep(enum psci_next next, bool *suspended)
{
	static uint64_t earliest;
	const bool now = next == PSCI_NEXT_SYSTEM_SUSPEND;

	if (now == *suspended)
		return;
	*suspended = now;
	if (!now) {
		report("running");
		return;
	}
	while (on_now(NULL) < earliest)
		cpu_relax();
	earliest = on_now(NULL) + SUSPEND_INTERVAL;
	report("suspended");
}

static enum psci_next sleep(struct cpu *cpu, struct psci_entry *entry)
{
	return gic_wait_for_interrupt() ? psci_vcpu_wake(&cpu->psci, entry)
					: psci_vcpu_poll(&cpu->psci, entry);
}

static void act(struct cpu *cpu, enum psci_next next, struct psci_entry *entry)
{
	bool suspended = false;

	for (;;) {
		report_sleep(next, &suspended);
		switch (next) {
		case PSCI_NEXT_RUN:
			return;
		case PSCI_NEXT_START:
			lower_start(entry);
		case PSCI_NEXT_WAIT:
			gic_wait_for_kick();
			next = psci_vcpu_poll(&cpu->psci, entry);
			break;
		case PSCI_NEXT_SLEEP:
		case PSCI_NEXT_SYSTEM_SUSPEND:
			next = sleep(cpu, entry);
			break;
		case PSCI_NEXT_EXIT:
			end(cpu, &psci);
		}
	}
}

void power_act(struct cpu *cpu, enum psci_next next)
{
	struct psci_entry entry;

	act(cpu, next, &entry);
}

static void poll(struct cpu *cpu)
{
	struct psci_entry entry;
	const enum psci_next next = psci_vcpu_poll(&cpu->psci, &entry);

	act(cpu, next, &entry);
}

_Noreturn void power_live(struct cpu *cpu)
{
	poll(cpu);
	/* A CPU that has not started cannot continue to run. */
	give_up("CPU %u: the library lets it run where it never was; stopped", cpu->index);
}

void power_kicked(void)
{
	if (gic_take_kick())
		poll(this_cpu());
}

/*
 * The mark is for a reset that does not come from here. Each caller of
 * MEM_PROTECT asks the library and sets the mark under one lock. So the last of
 * several callers sets it to the state that the library is in.
 */
void power_mark_protection(void)
{
	static atomic_flag marking;

	spin_lock(&marking);
	marks_set_protected(psci_machine_memory_protected(&psci));
	spin_unlock(&marking);
}
