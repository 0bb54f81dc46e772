/* SPDX-License-Identifier: BSD-3-Clause */
/* A relay: its CPUs, and which of the firmware's functions the OS has. */
#include "relay.h"

#include <psci/env.h>
#include <psci/relay.h>
#include <psci/smccc.h>

/* Every PSCI function, by function number: one without a row never reaches the firmware. */
const struct relay_row psci_relay_rows[RELAY_ROW_COUNT] = {
	/* clang-format off */
	[0x00] = { .role = RELAY_VERSION }, /* PSCI_VERSION */
	[0x01] = { .role = RELAY_SLEEP, .args = 3, .words = 1 }, /* CPU_SUSPEND */
	[0x02] = { .role = RELAY_PLAIN }, /* CPU_OFF */
	[0x03] = { .role = RELAY_START, .args = 3 }, /* CPU_ON */
	[0x04] = { .role = RELAY_INFO, .args = 2, .words = 2 }, /* AFFINITY_INFO */
	[0x05] = { .role = RELAY_PLAIN, .args = 1 }, /* MIGRATE */
	[0x06] = { .role = RELAY_PLAIN }, /* MIGRATE_INFO_TYPE */
	[0x07] = { .role = RELAY_PLAIN }, /* MIGRATE_INFO_UP_CPU */
	[0x08] = { .role = RELAY_END, .event = PSCI_EVENT_OFF }, /* SYSTEM_OFF */
	[0x09] = { .role = RELAY_END, .event = PSCI_EVENT_RESET }, /* SYSTEM_RESET */
	[0x0a] = { .role = RELAY_FEATURES }, /* PSCI_FEATURES */
	/* It comes back by CPU_ON only, as after CPU_OFF. */
	[0x0b] = { .role = RELAY_PLAIN }, /* CPU_FREEZE */
	[0x0c] = { .role = RELAY_SLEEP, .args = 2 }, /* CPU_DEFAULT_SUSPEND */
	[0x0d] = { .role = RELAY_PLAIN, .args = 2, .words = 2 }, /* NODE_HW_STATE */
	[0x0e] = { .role = RELAY_SLEEP, .args = 2 }, /* SYSTEM_SUSPEND */
	[0x0f] = { .role = RELAY_PLAIN, .args = 1 }, /* PSCI_SET_SUSPEND_MODE */
	[0x10] = { .role = RELAY_PLAIN, .args = 2, .words = 2 }, /* PSCI_STAT_RESIDENCY */
	[0x11] = { .role = RELAY_PLAIN, .args = 2, .words = 2 }, /* PSCI_STAT_COUNT */
	[0x12] = { .role = RELAY_END, .args = 2, .words = 1, .event = PSCI_EVENT_RESET2 }, /* SYSTEM_RESET2 */
	[0x13] = { .role = RELAY_PLAIN, .args = 1 }, /* MEM_PROTECT */
	[0x14] = { .role = RELAY_PLAIN, .args = 2 }, /* MEM_PROTECT_CHECK_RANGE */
	[0x15] = { .role = RELAY_END, .args = 2, .words = 1, .event = PSCI_EVENT_OFF2 }, /* SYSTEM_OFF2 */
	/* clang-format on */
};

/** Sets of functions, by PSCI_FN_BIT(). */
static const uint32_t known_numbers = PSCI_FN_BIT(RELAY_ROW_COUNT) - 1;
static const uint32_t mandatory_numbers =
	PSCI_FN_BIT(PSCI_FN32_PSCI_VERSION) | PSCI_FN_BIT(PSCI_FN32_CPU_SUSPEND) |
	PSCI_FN_BIT(PSCI_FN32_CPU_OFF) | PSCI_FN_BIT(PSCI_FN32_CPU_ON) |
	PSCI_FN_BIT(PSCI_FN32_AFFINITY_INFO) | PSCI_FN_BIT(PSCI_FN32_SYSTEM_OFF) |
	PSCI_FN_BIT(PSCI_FN32_SYSTEM_RESET) | PSCI_FN_BIT(PSCI_FN32_PSCI_FEATURES);
static const uint32_t entry_numbers =
	PSCI_FN_BIT(PSCI_FN32_CPU_ON) | PSCI_FN_BIT(PSCI_FN32_CPU_SUSPEND) |
	PSCI_FN_BIT(PSCI_FN32_CPU_DEFAULT_SUSPEND) | PSCI_FN_BIT(PSCI_FN32_SYSTEM_SUSPEND);

/* Decides what the OS has, of what the firmware has. */
static void choose_functions(struct psci_relay *relay)
{
	const struct psci_client *below = &relay->below;
	const uint32_t only_smc32 = below->fn32 & ~below->fn64 & entry_numbers;
	const uint32_t allowed = known_numbers & ~relay->config.disable_functions;

	relay->fn32 = below->fn32 & allowed;
	relay->fn64 = below->fn64 & allowed;
	if (below->version < PSCI_VERSION_1_0) {
		/* A 64-bit caller does not find those that a 32-bit OS above it has to use. */
		relay->fn32 |= relay->fn64;
	} else {
		/* The relay answers it, also if the firmware's does not name itself. */
		relay->fn32 |= PSCI_FN_BIT(PSCI_FN32_PSCI_FEATURES);
	}
	relay->fn32 |= PSCI_FN_BIT(PSCI_FN32_PSCI_VERSION);

	/* No flags that the OS could not use, and none that look like an error. */
	relay->below.off2_types &= UINT32_MAX >> 1;
	relay->below.suspend_features &= PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID |
					 PSCI_FEATURES_CPU_SUSPEND_OS_INITIATED;
	if (!relay_has(relay->fn32, PSCI_FN32_PSCI_SET_SUSPEND_MODE))
		relay->below.suspend_features &= PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;

	relay->narrow = only_smc32 && relay->config.entry <= UINT32_MAX;
	if (!relay->narrow)
		relay->fn32 &= ~only_smc32;
}

int psci_relay_init(struct psci_relay *relay, const struct psci_relay_config *config)
{
	const struct psci_client *below = config->firmware;

	if (config->size != sizeof(*config) || !below || !config->index ||
	    !config->lock != !config->unlock ||
	    config->disable_functions & (mandatory_numbers | ~known_numbers))
		return PSCI_ERR_INVALID;
	if (below->version < PSCI_VERSION_0_2 || below->version >> PSCI_VERSION_MAJOR_SHIFT > 1)
		return PSCI_ERR_UNSUPPORTED;

	*relay = (struct psci_relay){ .config = *config, .below = *below };
	/* A later minor version may have what the relay does not know. */
	relay->version = below->version < PSCI_VERSION_1_3 ? below->version : PSCI_VERSION_1_3;
	choose_functions(relay);

	return PSCI_OK;
}

int32_t psci_relay_features_of(const struct psci_relay *relay, uint32_t fid, bool aarch32)
{
	if (fid == SMCCC_FN32_VERSION)
		return relay->below.smccc_version > SMCCC_VERSION_1_0 ? PSCI_RET_SUCCESS
								      : PSCI_RET_NOT_SUPPORTED;
	if (!relay_os_has(relay, fid, aarch32))
		return PSCI_RET_NOT_SUPPORTED;
	if (relay_number(fid) == relay_number(PSCI_FN32_CPU_SUSPEND))
		return (int32_t)relay->below.suspend_features;
	if (relay_number(fid) == relay_number(PSCI_FN32_SYSTEM_OFF2))
		return (int32_t)relay->below.off2_types;

	return 0;
}

/* --- CPUs --- */

size_t psci_relay_count_below(const struct psci_relay *relay, uint64_t mpidr)
{
	size_t low = 0;
	size_t high = relay->cpu_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (relay->config.index[middle]->mpidr < mpidr)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

int psci_relay_cpu_init(struct psci_relay_cpu *cpu, struct psci_relay *relay, uint64_t mpidr,
			uint64_t context)
{
	const uint64_t affinity = mpidr & PSCI_TARGET_MASK;
	const size_t place = psci_relay_count_below(relay, affinity);

	if (relay->narrow && context > UINT32_MAX)
		return PSCI_ERR_INVALID;
	if (relay_is_within(relay, place, affinity, 0))
		return PSCI_ERR_EXISTS;
	if (relay->cpu_count == relay->config.index_size)
		return PSCI_ERR_FULL;

	*cpu = (struct psci_relay_cpu){
		.relay = relay,
		.mpidr = affinity,
		.context = context,
		.target = cpu,
	};
	for (size_t i = relay->cpu_count; i > place; i--)
		relay->config.index[i] = relay->config.index[i - 1];
	relay->config.index[place] = cpu;
	relay->cpu_count++;

	return PSCI_OK;
}
