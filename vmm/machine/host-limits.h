/* SPDX-License-Identifier: BSD-3-Clause */
/* How large a machine a host's KVM can have. */
#ifndef VMM_HOST_LIMITS_H
#define VMM_HOST_LIMITS_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

/** What KVM reports. */
struct host_limits {
	unsigned int cpus; /**< In one VM. */
	unsigned int ipa_bits; /**< The largest size of guest physical addresses. */
};

/**
 * How many bits the guest physical addresses of a machine with @memory bytes of
 * RAM have: no more than needed, since each further level of translation tables
 * makes every walk longer, and no fewer than KVM's 32.
 */
unsigned int host_limits_ipa_bits(uint64_t memory);

/**
 * Check that a machine is within the limits. Returns 0, or -E2BIG with @error
 * set.
 */
int host_limits_check(const struct host_limits *limits, const struct config *config,
		      struct error *error);

#endif
