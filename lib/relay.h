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
	RELAY_ASK, /**< AFFINITY_INFO in place of a CPU_ON. No row has it. */
};

/** A PSCI function, as the relay sees it. */
struct relay_row {
	uint8_t role; /**< enum relay_role */
	uint8_t args; /**< How many arguments it has. */
	uint8_t words; /**< Bit n: argument n has 32 bits in SMC64 too. */
	uint8_t entry; /**< Which is the entry point, of START and SLEEP. */
	uint8_t event; /**< enum psci_event_kind, of END. */
};

/** The number of rows: the function numbers that the relay knows. */
#define RELAY_ROW_COUNT 0x16

/* relay.c */

extern const struct relay_row psci_relay_rows[RELAY_ROW_COUNT];

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

#endif /* PSCI_LIB_RELAY_H */
