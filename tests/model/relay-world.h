/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs with a relay above a firmware, in some state, and one step of one of them: what
 * the relay does under its lock or what the firmware does, which are atomic.
 *
 * After each step it is judged what the relay has recorded, and after each call what the
 * OS gets as an answer: it must have been true at some time since the call began.
 */
#ifndef TESTS_MODEL_RELAY_WORLD_H
#define TESTS_MODEL_RELAY_WORLD_H

#include <psci/relay.h>

#include <stdbool.h>
#include <stdint.h>

#define RELAY_WORLD_CPU_MAX 3

/** A CPU: the relay's part is private to the relay. */
struct relay_seat {
	struct psci_relay_cpu cpu;
	uint64_t forward[4];
	int64_t answer; /**< What the firmware answered. */
	uint64_t granted; /**< Where the CPU_ON that the firmware granted starts it, or 0. */
	uint64_t wakes; /**< Where it wakes, or 0. */
	uint8_t power; /**< enum power */
	uint8_t phase; /**< enum phase */
	uint8_t call; /**< enum os_call */
	uint8_t target;
	uint8_t variant;
	/** Another CPU was starting the target when the call began. */
	uint8_t began_starting;
	/** What was true of the target at some time since then. */
	uint8_t was_on, was_off, was_starting;
};

/** All of a state. It is compared as bytes: what does not matter is always the same. */
struct relay_world {
	struct relay_seat seats[RELAY_WORLD_CPU_MAX];
};

/** What a CPU does, or what is done with it. */
enum relay_step_kind {
	RELAY_STEP_ON,
	RELAY_STEP_OFF,
	RELAY_STEP_SLEEP,
	RELAY_STEP_INFO,
	RELAY_STEP_SERVE, /**< The firmware carries out the call ... */
	RELAY_STEP_REFUSE, /**< ... or refuses, or cuts it short. */
	RELAY_STEP_RETURN,
	RELAY_STEP_COME, /**< The firmware starts or wakes a CPU. */
	RELAY_STEP_ARRIVE,
};

struct relay_step {
	enum relay_step_kind kind;
	uint8_t cpu, target, variant;
};

/**
 * The state that is looked at. The relay knows its CPUs by their addresses: a state that
 * is to be continued is copied here.
 */
extern struct relay_world relay_world;

/** Make it anew: all CPUs are on but the last one. */
void relay_world_make(unsigned int cpu_count);

/** Whether a step can follow. */
bool relay_world_is_possible(const struct relay_step *step);

/** Take a step. Returns what is wrong then, or NULL. */
const char *relay_world_step(const struct relay_step *step);

#endif
