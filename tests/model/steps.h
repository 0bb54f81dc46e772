/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps that the model checker takes: every call with every class of argument, by
 * every vCPU, and everything that a host may do.
 */
#ifndef TESTS_MODEL_STEPS_H
#define TESTS_MODEL_STEPS_H

#include "world.h"

#include <stddef.h>

#define STEP_MAX 8192

struct steps {
	struct step step[STEP_MAX];
	size_t count;
};

/**
 * Fill in the steps of a machine.
 * @starts: how many kinds of a successful start there are, 1 to 4
 * @power: no calls but those that start, suspend, stop or ask for a vCPU
 */
void steps_make(struct steps *steps, const struct world_kind *kind, unsigned int starts,
		bool power);

#endif
