/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known, before a guest is asked to hibernate, that prevents it or makes it
 * doubtful.
 */
#ifndef VMM_RUN_HINDRANCES_H
#define VMM_RUN_HINDRANCES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/image-release.h"
#include "config/config.h"
#include "record/record.h"
#include "run/images.h"

/** Ways to ask, PSCI's version, swap space, the kernel, what an agent says: one of each. */
#define RUN_HINDRANCES_MAX 5

struct run_hindrance {
	bool prevents; /**< Otherwise the guest may do it all the same. */
	char reason[192];
	bool unless_agent; /**< It is none if the guest has an agent that answers. */
	bool of_kernel;
};

struct run_hindrances {
	struct run_hindrance list[RUN_HINDRANCES_MAX];
	size_t count;
};

/**
 * Find them.
 *
 * @config: the machine
 * @psci_version: what its guest has, a PSCI_VERSION_ value
 * @places: what its disks hold
 */
void run_find_hindrances(const struct config *config, uint32_t psci_version,
			 const struct run_places *places, struct run_hindrances *hindrances);

/**
 * Its kernel is this Linux, which may be too old to report that it hibernated. What was known
 * of another one before is forgotten.
 */
void run_hear_kernel(struct run_hindrances *hindrances, const struct image_release *kernel);

/**
 * Likewise for a VM that runs: from its record, and its disks and kernel as they are. Returns
 * 0, or -ENOMEM with @error set.
 */
int run_find_hindrances_of(const struct record *record, struct run_hindrances *hindrances,
			   struct error *error);

/**
 * The guest has an agent that answers, and has said what prevents it, @reason, or
 * has not: NULL.
 */
void run_hear_agent(struct run_hindrances *hindrances, const char *reason);

/** Whether one of them prevents it. */
bool run_is_prevented(const struct run_hindrances *hindrances);

/** An array of objects. Returns a new reference, or NULL if memory ran out. */
json_t *run_hindrances_to_json(const struct run_hindrances *hindrances);

#endif
