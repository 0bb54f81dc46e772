/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library against the reference, in every state that machines of one to
 * three vCPUs can reach; and the relay, see relay-model.h.
 */
#include "explore.h"
#include "relay-model.h"
#include "relay-stack.h"
#include "steps.h"

#include <psci/abi.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define VERSION(number) .version = PSCI_VERSION_##number
/* Versions of clang-format disagree about this. */
/* clang-format off */
#define MACHINE(count, ...)                        \
	{                                          \
		.vcpu_count = (count), __VA_ARGS__ \
	}
/* clang-format on */

/* What hosts enable: CPU_FREEZE, CPU_DEFAULT_SUSPEND, NODE_HW_STATE, SYSTEM_SUSPEND, modes. */
#define FREEZE (1 << 0x0b)
#define DEFAULT_SUSPEND (1 << 0x0c)
#define HW_STATE (1 << 0x0d)
#define SYSTEM_SUSPEND (1 << 0x0e)
#define MODE (1 << 0x0f)
#define ALL .enabled = FREEZE | DEFAULT_SUSPEND | HW_STATE | SYSTEM_SUSPEND | MODE, .memory = true

static const struct model {
	const char *sentence;
	struct world_kind kind;
	unsigned int starts;
	bool power; /**< Only the steps about which vCPU runs and sleeps. */
	bool quick; /**< Part of what --quick runs. */
} models[] = {
	/* clang-format off */
	{ "one vCPU, 0.2", MACHINE(1, VERSION(0_2)), 4, false, true },
	{ "one vCPU, 1.0", MACHINE(1, VERSION(1_0)), 4, false, true },
	{ "one vCPU, 1.1", MACHINE(1, VERSION(1_1)), 4, false, true },
	{ "one vCPU, 1.2", MACHINE(1, VERSION(1_2)), 4, false, true },
	{ "one vCPU, 1.3", MACHINE(1, VERSION(1_3)), 4, false, true },
	{ "one vCPU, 1.3, nothing optional",
	  MACHINE(1, VERSION(1_3), ALL, .disabled = 0x3ff8e0), 4, false, true },
	{ "one vCPU, 1.1, no SYSTEM_RESET2",
	  MACHINE(1, VERSION(1_1), .disabled = 1 << 0x12), 4, false, false },
	{ "one vCPU, 1.3, no SYSTEM_OFF2",
	  MACHINE(1, VERSION(1_3), .disabled = 1 << 0x15), 4, false, false },
	{ "one vCPU, 1.3, half of MEM_PROTECT",
	  MACHINE(1, VERSION(1_3), ALL, .disabled = 1 << 0x14), 1, false, false },
	{ "one vCPU, 1.0, all that a host can offer",
	  MACHINE(1, VERSION(1_0), ALL, .state_count = 2), 1, false, true },
	{ "one vCPU, 1.3, all that a host can offer",
	  MACHINE(1, VERSION(1_3), ALL, .state_count = 6, .domains = true, .vendor_reset = true),
	  2, false, true },
	{ "one vCPU, 1.3, extended StateID",
	  MACHINE(1, VERSION(1_3), ALL, .state_count = 2, .extended = true,
		  .hide_on_pending = true), 1, false, true },
	{ "one vCPU, 1.3, power-down by CPU_DEFAULT_SUSPEND",
	  MACHINE(1, VERSION(1_3), .enabled = DEFAULT_SUSPEND, .state_count = 1,
		  .extended = true), 1, false, true },
	{ "one vCPU, 0.1", MACHINE(1, VERSION(0_1)), 1, false, true },
	{ "two vCPUs, 0.1, a trusted OS that can migrate",
	  MACHINE(2, VERSION(0_1), .trusted_os = PSCI_TRUSTED_OS_MIGRATABLE), 1, true, true },
	{ "two vCPUs, 0.1, one that is denied",
	  MACHINE(2, VERSION(0_1), .availability = PSCI_VCPU_DENIED), 1, true, true },
	{ "two vCPUs, 1.1, one that is denied",
	  MACHINE(2, VERSION(1_1), .availability = PSCI_VCPU_DENIED), 1, true, true },
	{ "two vCPUs, 1.2, one that is denied",
	  MACHINE(2, VERSION(1_2), .availability = PSCI_VCPU_DENIED), 1, true, true },
	{ "two vCPUs, 1.3, one that is disabled",
	  MACHINE(2, VERSION(1_3), .availability = PSCI_VCPU_DISABLED), 1, true, true },
	{ "two vCPUs, 1.3, one that the host cannot start",
	  MACHINE(2, VERSION(1_3), .refuses = true), 1, true, true },
	{ "two vCPUs, 1.3, a trusted OS that can migrate",
	  MACHINE(2, VERSION(1_3), .enabled = FREEZE, .trusted_os = PSCI_TRUSTED_OS_MIGRATABLE),
	  1, true, true },
	{ "two vCPUs, 1.3, a trusted OS that can migrate, but not to the other",
	  MACHINE(2, VERSION(1_3), .trusted_os = PSCI_TRUSTED_OS_MIGRATABLE, .refuses = true),
	  1, true, true },
	{ "two vCPUs, 0.2, a trusted OS that stays",
	  MACHINE(2, VERSION(0_2), .trusted_os = PSCI_TRUSTED_OS_FIXED), 1, true, true },
	{ "one vCPU, 1.3, MIGRATE without MIGRATE_INFO_UP_CPU",
	  MACHINE(1, VERSION(1_3), .trusted_os = PSCI_TRUSTED_OS_MIGRATABLE,
		  .disabled = 1 << 0x07), 1, false, true },
	{ "two vCPUs, 0.2", MACHINE(2, VERSION(0_2)), 2, false, false },
	{ "two vCPUs, 1.0", MACHINE(2, VERSION(1_0)), 2, true, false },
	{ "two vCPUs, 1.3", MACHINE(2, VERSION(1_3)), 1, false, true },
	{ "two vCPUs, 1.3, more ways to start", MACHINE(2, VERSION(1_3)), 3, true, true },
	{ "two vCPUs, 1.3, a host that polls at once",
	  MACHINE(2, VERSION(1_3), .eager = true), 2, true, true },
	{ "two vCPUs, 1.3, a host without a lock",
	  MACHINE(2, VERSION(1_3), .no_lock = true), 1, true, false },
	{ "two vCPUs, 1.3, a cluster, all that a host can offer",
	  MACHINE(2, VERSION(1_3), ALL, .state_count = 4, .domains = true), 1, true, true },
	{ "two vCPUs, 1.3, SYSTEM_SUSPEND, a host that polls at once",
	  MACHINE(2, VERSION(1_3), .enabled = SYSTEM_SUSPEND, .eager = true), 1, true, true },
	{ "two vCPUs, 1.3, ON_PENDING is hidden",
	  MACHINE(2, VERSION(1_3), ALL, .hide_on_pending = true), 2, true, true },
	{ "two vCPUs, 0.1, ON_PENDING is hidden",
	  MACHINE(2, VERSION(0_1), .hide_on_pending = true), 1, true, true },
	{ "two vCPUs, 1.3, ON_PENDING is hidden, a host that polls at once",
	  MACHINE(2, VERSION(1_3), .hide_on_pending = true, .eager = true), 2, true, true },
	{ "three vCPUs, 1.3", MACHINE(3, VERSION(1_3)), 1, true, false },
	{ "three vCPUs, 1.3, ON_PENDING is hidden",
	  MACHINE(3, VERSION(1_3), .hide_on_pending = true), 1, true, false },
	{ "three vCPUs in two clusters, 1.3, both modes",
	  MACHINE(3, VERSION(1_3), .enabled = HW_STATE | MODE, .first_state = 2, .state_count = 3,
		  .domains = true), 1, true, false },
	/* clang-format on */
};

#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

static const struct relay_model {
	const char *sentence;
	struct relay_kind kind;
	bool quick;
} relay_models[] = {
	{ "a relay of two CPUs", { .cpu_count = 2, .variants = 2, .all_call = true }, true },
	{ "a relay of three CPUs, of which two start the third",
	  { .cpu_count = 3, .variants = 1, .all_call = false },
	  true },
	{ "a relay of three CPUs, of which two start the third in two ways",
	  { .cpu_count = 3, .variants = 2, .all_call = false },
	  false },
	{ "a relay of three CPUs", { .cpu_count = 3, .variants = 1, .all_call = true }, false },
};

#define RELAY_MODEL_COUNT (sizeof(relay_models) / sizeof(relay_models[0]))

/** What all explorations found. */
struct sum {
	size_t states, steps;
	unsigned int number, failed;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);

	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Reports one. Returns whether nothing was wrong. */
static bool report(struct sum *sum, const char *sentence, const struct exploration *out)
{
	const bool ok = !out->wrong && out->closed;

	sum->states += out->states;
	sum->steps += out->steps;
	sum->failed += !ok;
	printf("%sok %u - model: %s: %zu states, %zu steps\n", ok ? "" : "not ", ++sum->number,
	       sentence, out->states, out->steps);
	if (!out->wrong && !out->closed)
		printf("# it is too large to be closed\n");

	return ok;
}

static void explore_machines(struct sum *sum, bool quick)
{
	static struct steps steps;
	bool ok = true;

	for (size_t i = 0; i < MODEL_COUNT && (ok || !quick); i++) {
		const struct model *model = &models[i];

		if (quick && !model->quick)
			continue;
		steps_make(&steps, &model->kind, model->starts, model->power);

		const struct exploration out = explore(&model->kind, steps.step, steps.count, true);

		ok = report(sum, model->sentence, &out);
	}
}

static void explore_relays(struct sum *sum, bool quick)
{
	bool ok = true;

	for (size_t i = 0; i < RELAY_MODEL_COUNT && (ok || !quick); i++) {
		const struct relay_model *model = &relay_models[i];

		if (quick && !model->quick)
			continue;

		const struct exploration out = relay_explore(&model->kind, true);

		ok = report(sum, model->sentence, &out);
	}
}

/* The relay above the library, and the library alone. */
static void play(struct sum *sum, unsigned int count)
{
	const char *wrong = stack_play(count);

	sum->failed += wrong != NULL;
	printf("%sok %u - model: a relay above the library is as if it were not there: %u random steps\n",
	       wrong ? "not " : "", ++sum->number, count);
	if (wrong)
		printf("# %s\n", wrong);
}

int main(int argc, char **argv)
{
	const bool relays = argc > 1 && strcmp(argv[1], "--quick-relays") == 0;
	const bool quick = relays || (argc > 1 && strcmp(argv[1], "--quick") == 0);
	const double start = now();
	struct sum sum = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!relays)
		explore_machines(&sum, quick);
	explore_relays(&sum, quick);
	play(&sum, quick ? 300000 : 3000000);
	printf("1..%u\n", sum.number);
	printf("# %zu states, %zu steps, %.1f s\n", sum.states, sum.steps, now() - start);

	return sum.failed != 0;
}
