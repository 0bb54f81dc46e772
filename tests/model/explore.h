/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every state that a world can reach, each seen once, and every step from each.
 */
#ifndef TESTS_MODEL_EXPLORE_H
#define TESTS_MODEL_EXPLORE_H

#include "world.h"

#include <stdbool.h>
#include <stddef.h>

struct exploration {
	size_t states;
	size_t steps;
	bool closed; /**< Every step from every state leads to a state that was seen. */
	const char *wrong; /**< The first difference that was found, or NULL. */
};

/**
 * Follow @steps, in every order, from the world that @kind makes. A difference
 * ends it; if @verbose, the shortest way there is printed.
 */
struct exploration explore(const struct world_kind *kind, const struct step *steps,
			   size_t step_count, bool verbose);

#endif
