/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/host-limits.h"

#include <errno.h>

#include "board/memory.h"

/* KVM has no smaller size. */
#define IPA_BITS_MIN 32

unsigned int host_limits_ipa_bits(uint64_t memory)
{
	unsigned int bits = IPA_BITS_MIN;

	while ((MEMORY_BASE + memory - 1) >> bits)
		bits++;

	return bits;
}

int host_limits_check(const struct host_limits *limits, const struct config *config,
		      struct error *error)
{
	const unsigned int bits = host_limits_ipa_bits(config->memory);

	if (config->cpus > limits->cpus)
		return error_set(error, -E2BIG,
				 "%u CPUs are too many: this host's KVM has at most %u in a VM",
				 config->cpus, limits->cpus);
	if (bits > limits->ipa_bits)
		return error_set(
			error, -E2BIG,
			"%llu MiB of memory are too much: they need guest physical addresses of "
			"%u bits, and this host's KVM has %u bits, enough for %llu MiB",
			(unsigned long long)config->memory >> 20, bits, limits->ipa_bits,
			((1ULL << limits->ipa_bits) - MEMORY_BASE) >> 20);

	return 0;
}
