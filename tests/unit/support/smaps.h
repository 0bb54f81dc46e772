/* SPDX-License-Identifier: BSD-3-Clause */
/* This process' mappings, as /proc/self/smaps has them: proc_pid_smaps(5). */
#ifndef TESTS_SMAPS_H
#define TESTS_SMAPS_H

#include <stdbool.h>
#include <stdint.h>

struct mapping {
	uint8_t *start, *end;
	bool readable;
	bool not_dumped; /**< It is in no core dump: MADV_DONTDUMP. */
	bool huge_pages; /**< MADV_HUGEPAGE. */
	uint64_t resident; /**< Bytes of it that are in memory. */
};

/** Call @visit for each mapping, in the order of addresses, until it returns false. */
void smaps_each(bool (*visit)(void *context, const struct mapping *mapping), void *context);

/** Find the one that contains @at. Returns false if there is none. */
bool smaps_find(const void *at, struct mapping *mapping);

#endif
