/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library against the reference, in every state that machines of one to
 * three vCPUs can reach.
 */
#include "explore.h"
#include "steps.h"

#include <psci/abi.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define VERSION(number) .version = PSCI_VERSION_##number
#define MACHINE(count, ...)                        \
	{                                          \
		.vcpu_count = (count), __VA_ARGS__ \
	}

static const struct model {
	const char *sentence;
	struct world_kind kind;
	unsigned int starts;
	bool quick; /**< Part of what --quick runs. */
} models[] = {
	/* clang-format off */
	{ "one vCPU, 0.2", MACHINE(1, VERSION(0_2)), 4, true },
	{ "one vCPU, 1.0", MACHINE(1, VERSION(1_0)), 4, true },
	{ "one vCPU, 1.1", MACHINE(1, VERSION(1_1)), 4, true },
	{ "one vCPU, 1.2", MACHINE(1, VERSION(1_2)), 4, true },
	{ "one vCPU, 1.3", MACHINE(1, VERSION(1_3)), 4, true },
	{ "one vCPU, 1.3, nothing optional", MACHINE(1, VERSION(1_3), .withheld = 0x3ff8e0), 4, true },
	{ "one vCPU, 1.1, no SYSTEM_RESET2", MACHINE(1, VERSION(1_1), .withheld = 1 << 0x12), 4, false },
	{ "one vCPU, 1.3, no SYSTEM_OFF2", MACHINE(1, VERSION(1_3), .withheld = 1 << 0x15), 4, false },
	{ "two vCPUs, 0.2", MACHINE(2, VERSION(0_2)), 2, true },
	{ "two vCPUs, 1.0", MACHINE(2, VERSION(1_0)), 2, false },
	{ "two vCPUs, 1.3", MACHINE(2, VERSION(1_3)), 2, true },
	{ "two vCPUs, 1.3, a host that polls at once", MACHINE(2, VERSION(1_3), .eager = true), 2, true },
	{ "two vCPUs, 1.3, a host without a lock", MACHINE(2, VERSION(1_3), .no_lock = true), 1, false },
	{ "three vCPUs, 1.3", MACHINE(3, VERSION(1_3)), 1, false },
	/* clang-format on */
};

#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);

	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct steps steps;
	const bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	size_t states = 0;
	size_t taken = 0;
	unsigned int failed = 0;
	unsigned int number = 0;
	const double start = now();

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < MODEL_COUNT; i++) {
		const struct model *model = &models[i];
		struct exploration out;

		if (quick && !model->quick)
			continue;
		steps_make(&steps, model->kind.vcpu_count, model->starts);
		out = explore(&model->kind, steps.step, steps.count, true);
		states += out.states;
		taken += out.steps;
		if (out.wrong || !out.closed)
			failed++;
		printf("%sok %u - model: %s: %zu states, %zu steps\n",
		       out.wrong || !out.closed ? "not " : "", ++number, model->sentence,
		       out.states, out.steps);
		if (!out.wrong && !out.closed)
			printf("# it is too large to be closed\n");
		if (out.wrong && quick)
			break;
	}
	printf("1..%u\n", number);
	printf("# %zu states, %zu steps, %.1f s\n", states, taken, now() - start);

	return failed != 0;
}
