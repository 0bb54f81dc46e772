/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay in every order in which the calls of several CPUs, the firmware's answers and
 * the CPUs that arrive can come: no state is wrong.
 *
 * What is atomic is what the relay does under its lock and what the firmware does. It is
 * checked against what the specification says of the firmware's state in that time.
 */
#ifndef TESTS_MODEL_RELAY_MODEL_H
#define TESTS_MODEL_RELAY_MODEL_H

#include "explore.h"

/** A machine of two or three CPUs, and what they do. */
struct relay_kind {
	unsigned int cpu_count;
	unsigned int variants; /**< In how many ways a call differs from another one. */
	bool all_call; /**< If not: only the last is turned on and off, by the others. */
};

struct exploration relay_explore(const struct relay_kind *kind, bool verbose);

#endif
