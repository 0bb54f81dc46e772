/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/env.h - the types of C that libpsci uses
 *
 * The one file of the library that includes headers of the compiler. Where
 * these do not exist, as in the Linux kernel and in Xen, put a psci/env.h of
 * your own in its place, or in front of it in the search path. It defines:
 *
 *	bool, true, false
 *	size_t, NULL, offsetof()
 *	uint8_t, uint16_t, uint32_t, uint64_t, int32_t, int64_t
 *	UINT32_MAX, UINT64_MAX, UINT32_C(), UINT64_C()
 *
 * Linux has all of them but the last line in <linux/types.h> and
 * <linux/stddef.h>; <linux/limits.h> has U32_MAX and U64_MAX to define two of
 * that line with.
 */
#ifndef PSCI_ENV_H
#define PSCI_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif /* PSCI_ENV_H */
