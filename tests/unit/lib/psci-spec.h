/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DEN0022F.b says of each function, written down a second time and independently of
 * the library's table, so that the tests can compare the two.
 */
#ifndef TESTS_PSCI_SPEC_H
#define TESTS_PSCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a host must provide before a machine of libpsci has a function. */
enum spec_means {
	SPEC_NOTHING = 0,
	SPEC_FREEZE = 1 << 0, /**< psci_config.enable_functions has the function: five bits. */
	SPEC_DEFAULT_SUSPEND = 1 << 1,
	SPEC_HW_STATE = 1 << 2,
	SPEC_SYSTEM_SUSPEND = 1 << 3,
	SPEC_MODE = 1 << 4,
	SPEC_STATS = 1 << 5, /**< A clock and a place for statistics. */
	SPEC_TRUSTED_OS = 1 << 6,
	SPEC_MEMORY = 1 << 7, /**< It knows what memory can be protected. */
	SPEC_ALL_MEANS = (1 << 8) - 1,
};

/** One function of the specification. */
struct spec_function {
	uint32_t number;
	uint32_t since; /**< The first version that has it. */
	const char *name;
	unsigned int arg_count;
	bool smc64; /**< It has an SMC64 id beside the SMC32 one. */
	bool mandatory;
	enum spec_means means;
	int features; /**< What PSCI_FEATURES answers where standby is the only state. */
	/**
	 * Bit n: the function may answer -n. SUCCESS and other positive answers are not
	 * included.
	 */
	unsigned int errors;
};

extern const struct spec_function spec_functions[];
extern const size_t spec_function_count;

/** Every version that the library can show to a guest, oldest first. */
extern const uint32_t spec_versions[];
extern const size_t spec_version_count;

/** The row of a number, or NULL for an unallocated one. */
const struct spec_function *spec_find(uint32_t number);

/**
 * Whether a machine of @version has the function behind @fid, nothing being
 * disabled, on a host that has all of @means.
 */
bool spec_offers(uint32_t version, uint32_t fid, uint32_t means);

#endif
