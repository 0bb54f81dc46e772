/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/table.h - the library's table of functions, for documents and checks
 *
 * psci_call() and PSCI_FEATURES use this table, and docs/support.md is made
 * from it. No host needs this file.
 */
#ifndef PSCI_TABLE_H
#define PSCI_TABLE_H

#include <psci/env.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a function needs of the host, without which no guest has it. */
enum psci_need {
	PSCI_NEED_NOTHING, /**< Every machine of a version with it has it. */
	PSCI_NEED_ENABLE, /**< Its bit in psci_config.enable_functions. */
	PSCI_NEED_STATS, /**< psci_host.now() and psci_config.stats. */
	PSCI_NEED_TRUSTED_OS, /**< psci_config.trusted_os. */
	PSCI_NEED_MEMORY, /**< psci_host.memory_ok(). */
};

/** One function. */
struct psci_function {
	const char *name; /**< As DEN0022F.b spells it. */
	uint32_t fn32; /**< 0: it has no such id. */
	uint32_t fn64; /**< 0: it has no such id. */
	uint32_t since; /**< The first version that has it. */
	unsigned int arg_count;
	bool optional; /**< psci_config.disable_functions may name it. */
	enum psci_need need;
};

/**
 * psci_function_at() - a row of the table
 * @number: the function number: the low five bits of its ids
 * @function: filled in if there is such a function
 *
 * Return: whether there is one. From any thread.
 */
bool psci_function_at(uint32_t number, struct psci_function *function);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_TABLE_H */
