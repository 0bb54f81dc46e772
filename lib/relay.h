/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the relay share with each other only: see psci/relay.h.
 *
 * They share numbers with the rest of the library, but no code: a monitor links
 * relay.c, relay-call.c and client.c alone.
 */
#ifndef PSCI_LIB_RELAY_H
#define PSCI_LIB_RELAY_H

#include <psci/env.h>
#include <psci/relay.h>
#include <psci/smccc.h>

/** The most arguments that a PSCI function has. */
#define RELAY_ARG_MAX 3

/** What the relay does with a function that the OS has. */
enum relay_role {
	RELAY_PLAIN, /**< Forwards it as it is. */
	RELAY_VERSION, /**< PSCI_VERSION: answers it. */
	RELAY_FEATURES, /**< PSCI_FEATURES: answers it. */
	RELAY_START, /**< CPU_ON. */
	RELAY_SLEEP, /**< The CPU may come back through its entry point. */
	RELAY_INFO, /**< AFFINITY_INFO. */
	RELAY_END, /**< The machine may not come back. */
	RELAY_ASK, /**< AFFINITY_INFO in place of a CPU_ON. It is in no row. */
};

/** A PSCI function, as the relay sees it; 4 bytes, since each call looks for its row. */
struct relay_row {
	uint8_t role; /**< enum relay_role */
	uint8_t args; /**< How many arguments it has. */
	uint8_t words; /**< Bit n: argument n has 32 bits in SMC64 too. */
	uint8_t event; /**< enum psci_event_kind, of END. */
};

/** The number of rows: the function numbers that the relay knows. */
#define RELAY_ROW_COUNT 0x16

/* relay.c */

extern const struct relay_row psci_relay_rows[RELAY_ROW_COUNT];

/** Returns what PSCI_FEATURES answers. */
int32_t psci_relay_features_of(const struct psci_relay *relay, uint32_t fid, bool aarch32);

/** Returns how many CPUs have a lower MPIDR, by which the index is sorted. */
size_t psci_relay_count_below(const struct psci_relay *relay, uint64_t mpidr);

/** Whether there is a CPU in a place of the index that lies in an instance of a level, 0 to 3. */
static inline bool relay_is_within(const struct psci_relay *relay, size_t place, uint64_t mpidr,
				   unsigned int level)
{
	return place < relay->cpu_count &&
	       relay->config.index[place]->mpidr >> 8 * level == mpidr >> 8 * level;
}

static inline uint32_t relay_number(uint32_t fid)
{
	return (fid & ~(uint32_t)SMCCC_SMC64_MASK) - PSCI_FN32_BASE;
}

static inline bool relay_is_smc64(uint32_t fid)
{
	return fid & SMCCC_SMC64_MASK;
}

/** Whether a set of functions has one; @number is a function number, or an id. */
static inline bool relay_has(uint32_t numbers, uint32_t number)
{
	return numbers & PSCI_FN_BIT(number);
}

/** Returns whether the OS has a function. PSCI_FEATURES uses this too. */
static inline bool relay_os_has(const struct psci_relay *relay, uint32_t fid, bool aarch32)
{
	const uint32_t number = relay_number(fid);

	if (number >= RELAY_ROW_COUNT)
		return false;
	if (!relay_is_smc64(fid))
		return relay_has(relay->fn32, number);
	/* In 0.2 it is INVALID_PARAMETERS instead. */
	if (aarch32 && relay->version >= PSCI_VERSION_1_0)
		return false;

	return relay_has(relay->fn64, number);
}

#endif /* PSCI_LIB_RELAY_H */
