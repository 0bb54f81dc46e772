/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DEN0022F.b says of each function, written down a second time and apart
 * from the library's table, so that the tests have something to hold against it.
 */
#ifndef TESTS_PSCI_SPEC_H
#define TESTS_PSCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One function of the specification. */
struct spec_function {
	uint32_t number;
	uint32_t since; /**< The first version that has it. */
	const char *name;
	unsigned int arg_count;
	bool smc64; /**< It has an SMC64 id beside the SMC32 one. */
	bool mandatory;
	bool implemented; /**< By this library, today. */
	int features; /**< What PSCI_FEATURES answers where it is implemented. */
	/** Bit n: the function may answer -n. SUCCESS and other positive answers apart. */
	unsigned int errors;
};

extern const struct spec_function spec_functions[];
extern const size_t spec_function_count;

/** Every version that the library can show to a guest, oldest first. */
extern const uint32_t spec_versions[];
extern const size_t spec_version_count;

/** The row of a number, or NULL for an unallocated one. */
const struct spec_function *spec_find(uint32_t number);

/** Whether a machine of @version has the function behind @fid, nothing being withheld. */
bool spec_offers(uint32_t version, uint32_t fid);

#endif
