/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration that a host passes: it is read as far as its caller knows
 * the structures, and checked field by field.
 *
 * A caller may have been compiled with an earlier or later version of host.h.
 * What it does not know is zero, which is the default of every field; what this
 * library does not know must be zero. So a field is only ever added at the end
 * of a structure, and a structure never ends in padding.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/** No version of a structure will be larger; a larger one is no such structure. */
#define STRUCT_SIZE_MAX 1024

#define END_OF(type, field) (offsetof(type, field) + sizeof(((type *)NULL)->field))

/* Every version of a caller knows the fields before the first optional one. */
#define CONFIG_SIZE_MIN offsetof(struct psci_config, ctx)
#define HOST_SIZE_MIN offsetof(struct psci_host, lock)

_Static_assert(sizeof(struct psci_config) == END_OF(struct psci_config, trusted_os_mpidr),
	       "padding at the end would become part of a later field");
_Static_assert(sizeof(struct psci_host) == END_OF(struct psci_host, trace),
	       "padding at the end would become part of a later field");

/* A compiler without a C library has the function, but no header that declares it. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);

static bool is_struct_size(size_t size, size_t least)
{
	return size >= least && size <= STRUCT_SIZE_MAX && size % sizeof(void *) == 0;
}

/* Returns whether all bytes of a structure are zero, from @known to its end at @size. */
static bool is_rest_zero(const void *structure, size_t known, size_t size)
{
	const unsigned char *bytes = structure;

	for (size_t i = known; i < size; i++) {
		if (bytes[i])
			return false;
	}

	return true;
}

static size_t at_most(size_t size, size_t limit)
{
	return size < limit ? size : limit;
}

/* Returns whether @fids has a function, and no two functions have one id. */
static bool are_fids_0_1(const struct psci_fids_0_1 *fids)
{
	const uint32_t all[] = { fids->cpu_suspend, fids->cpu_off, fids->cpu_on, fids->migrate };
	bool any = false;

	for (unsigned int i = 0; i < 4; i++) {
		any = any || all[i];
		for (unsigned int j = 0; j < i; j++) {
			if (all[i] && all[i] == all[j])
				return false;
		}
	}

	return any;
}

bool psci_version_valid(uint32_t version, const struct psci_fids_0_1 *fids)
{
	switch (version) {
	case PSCI_VERSION_0_1:
		return are_fids_0_1(fids);
	case PSCI_VERSION_0_2:
	case PSCI_VERSION_1_0:
	case PSCI_VERSION_1_1:
	case PSCI_VERSION_1_2:
	case PSCI_VERSION_1_3:
		return true;
	default:
		return false;
	}
}

static bool is_power_of_two(size_t size)
{
	return size && (size & (size - 1)) == 0;
}

static const char *find_problem_of_host(const struct psci_host *host)
{
	if (!host->kick)
		return "psci_host.kick is NULL";
	if (!host->lock && host->unlock)
		return "psci_host.lock is NULL, and unlock is not";
	if (host->lock && !host->unlock)
		return "psci_host.unlock is NULL, and lock is not";

	return NULL;
}

static const char *find_problem_of_functions(const struct psci_config *config)
{
	if (!psci_version_valid(config->version, &config->fids_0_1))
		return config->version == PSCI_VERSION_0_1
			       ? "psci_config.fids_0_1 has no function, or one id twice"
			       : "psci_config.version is not a version of PSCI";
	if (config->enable_functions & ~psci_table_may_enable(config->version))
		return "psci_config.enable_functions has a function that cannot be enabled";
	if (config->disable_functions & ~psci_table_optional(config->version))
		return "psci_config.disable_functions has a function that is not optional";

	return NULL;
}

/*
 * Fields are checked in their order, except sizes and host, which come first,
 * and psci_host.migrate, which is checked with trusted_os.
 */
static const char *find_problem(const struct psci_config *config)
{
	const char *problem;

	if (!config->index)
		return "psci_config.index is NULL";
	if (!is_power_of_two(config->index_size))
		return "psci_config.index_size is not a power of two";
	problem = find_problem_of_host(config->host);
	if (!problem)
		problem = find_problem_of_functions(config);
	if (!problem)
		problem = psci_idle_states_problem(config);
	if (!problem && !config->stats && config->stat_count)
		problem = "psci_config.stat_count is not 0, and stats is NULL";
	if (!problem)
		problem = psci_trusted_os_problem(config);

	return problem;
}

const char *psci_config_read(struct psci_config *config, struct psci_host *host,
			     const struct psci_config *given)
{
	if (!is_struct_size(given->size, CONFIG_SIZE_MIN))
		return "psci_config.size is not the size of a struct psci_config";
	if (!is_rest_zero(given, sizeof(*config), given->size))
		return "psci_config.size is of a later version, of which a field is not zero";
	if (!given->host)
		return "psci_config.host is NULL";
	if (!is_struct_size(given->host->size, HOST_SIZE_MIN))
		return "psci_host.size is not the size of a struct psci_host";
	if (!is_rest_zero(given->host, sizeof(*host), given->host->size))
		return "psci_host.size is of a later version, of which a field is not zero";

	*config = (struct psci_config){ .size = 0 };
	*host = (struct psci_host){ .size = 0 };
	memcpy(config, given, at_most(given->size, sizeof(*config)));
	memcpy(host, given->host, at_most(given->host->size, sizeof(*host)));
	config->host = host;
	if (!config->version)
		config->version = PSCI_VERSION_1_3;

	return find_problem(config);
}

const char *psci_config_problem(const struct psci_config *config)
{
	struct psci_config own;
	struct psci_host host;

	return psci_config_read(&own, &host, config);
}
