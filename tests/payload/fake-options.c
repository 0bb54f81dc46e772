/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fake machine was asked to be.
 */
#include <psci/abi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-machine.h"

/* Than what merely loses its contents. */
#define DEEPER (PSCI_DEPTH_OFF + 1)

struct options options = { .version = PSCI_VERSION_1_3, .cpu_count = 4, .append = "" };
struct psci_idle_state idle_states[STATES_MAX];

void describe_states(void)
{
	static const uint8_t depths[STATES_MAX][2] = {
		{ 1 },
		{ PSCI_DEPTH_OFF },
		{ PSCI_DEPTH_OFF, 1 },
		{ PSCI_DEPTH_OFF, PSCI_DEPTH_OFF },
	};
	static const uint32_t original[STATES_MAX] = { 0, 0x00010000, 0x01010001, 0x01010000 };
	static const uint32_t extended[STATES_MAX] = { 0, 0x40000000, 0x40010001, 0x40010000 };

	for (unsigned int i = 0; i < STATES_MAX; i++)
		/* The states of a CPU change places if the first is to be the other. */
		idle_states[i ^ (options.default_power_down && i < CPU_STATES)] =
			(struct psci_idle_state){
				.power_state =
					options.extended_state_id ? extended[i] : original[i],
				.depth = { depths[i][0], depths[i][1] },
			};
	if (options.third_state)
		idle_states[CPU_STATES] =
			(struct psci_idle_state){ .power_state = 0x00010001, .depth = { DEEPER } };
}

static void read_test_words(char *words)
{
	for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) {
		sscanf(word, "deny-cpu=%u", &options.denied_cpu);
		sscanf(word, "disable-cpu=%u", &options.disabled_cpu);
		sscanf(word, "fail-cpu=%u", &options.failing_cpu);
		sscanf(word, "hold-cpu=%u", &options.held_cpu);
		sscanf(word, "vendor-reset=%d", &options.vendor_reset);
		options.on_pending |= options.held_cpu || strcmp(word, "on-pending") == 0;
		options.trusted_os |= strncmp(word, "trusted-os=", 11) == 0;
		options.trusted_os_fixed |= strcmp(word, "trusted-os=fixed") == 0;
		options.extended_state_id |= strcmp(word, "extended-state-id") == 0;
		options.third_state |= strcmp(word, "third-state") == 0;
		options.default_power_down |= strcmp(word, "default-power-down") == 0;
	}
}

void read_options(int argc, char **argv)
{
	unsigned int major;
	unsigned int minor;

	options.append = argc > 2 ? argv[2] : "";
	for (int i = 3; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		options.clusters |= strcmp(argv[i], "--idle-states=clusters") == 0;
		options.idle_states |= strncmp(argv[i], "--idle-states", 13) == 0;
		if (strcmp(argv[i], "--psci-version") == 0 &&
		    sscanf(value, "%u.%u", &major, &minor) == 2)
			options.version = major << PSCI_VERSION_MAJOR_SHIFT | minor;
		if (strcmp(argv[i], "--cpus") == 0)
			options.cpu_count = (unsigned int)strtoul(value, NULL, 10);
		/* A copy: the next life reads them, too. */
		if (strcmp(argv[i], "--psci-test") == 0)
			read_test_words(strdup(value));
	}
}

uint32_t enabled_functions(void)
{
	if (options.version < PSCI_VERSION_1_0)
		return 0;

	return PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND) |
	       (options.idle_states ? PSCI_FN_BIT(PSCI_FN32_CPU_FREEZE) |
					      PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND) |
					      PSCI_FN_BIT(PSCI_FN32_NODE_HW_STATE)
				    : 0) |
	       (options.clusters ? PSCI_FN_BIT(PSCI_FN32_PSCI_SET_SUSPEND_MODE) : 0);
}

size_t index_slots(void)
{
	size_t size = 1;

	while (size < options.cpu_count)
		size *= 2;

	return size;
}
