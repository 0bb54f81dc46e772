/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine of two vCPUs around lifecycle_step(): its threads, the gate, the disk with
 * the record and the saved file, and the main thread that carries out plans. All that
 * threads, users and the host's failures can do next is a step.
 *
 * The model of the gate and of vm_stop() is what gate.h and vm.h promise. The decisions
 * are the shipped code's.
 */
#ifndef TESTS_LIFECYCLE_WORLD_H
#define TESTS_LIFECYCLE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VCPU_COUNT 2

/** What a vCPU's thread does. */
enum thread {
	THREAD_RUN, /**< It executes the guest's code. */
	THREAD_GATE, /**< It waits at the gate, to continue. */
	THREAD_ASKED, /**< It called SYSTEM_SUSPEND and waits for the answer. */
	THREAD_SLEEP, /**< It sleeps in KVM until an interrupt comes. */
	THREAD_GATE_ASLEEP, /**< It waits at the gate, to sleep on. */
	THREAD_WOKEN, /**< An interrupt came: it reported that and waits. */
	THREAD_OFF, /**< Its vCPU is off. */
	THREAD_GONE,
	THREAD_GONE_ASKED, /**< It left, and its question stands. */
	THREAD_GONE_WOKEN,
};

/** Of the file that a VM is saved in. */
enum saved_file {
	FILE_NONE,
	FILE_TEMPORARY, /**< Complete, without its name. */
	FILE_THERE,
	FILE_DOUBTFUL, /**< It had its name for a moment: after a power cut it may have it again. */
};

/** Only bytes, so that equal states have equal bytes. */
struct world_state {
	/* struct lifecycle. */
	uint8_t state, stage, cause, paused, panicked, quit, vcpu;
	uint8_t parking, parked, then, then_vcpu;
	/* The plan that the main thread carries out, and its purpose. */
	uint8_t action_count, action_at, actions[6];
	uint8_t saving; /**< A client waits for the end of its save. */
	uint8_t saved; /**< Its answer was that it is saved. */
	/* The threads and how they stop. */
	uint8_t threads[VCPU_COUNT];
	uint8_t gate_closed, ending, ended_by;
	uint8_t says_panic; /**< The guest said it, and the main thread has not heard it. */
	/* The disk. */
	uint8_t names_file; /**< The record in memory names the file. */
	uint8_t record, record_has_file, record_lags;
	uint8_t file;
	uint8_t second; /**< The file that a parked machine is saved in, with the same number. */
	uint8_t guest_ran_on; /**< Since the state in the file. */
	uint8_t given_back; /**< RAM is in the file alone. */
	/* What happened, for judging the end. */
	uint8_t begun, failed, undo_failed, off2, frozen, clock_stands;
	/* The last event that listeners received. */
	uint8_t told_asleep, told_stopped, told_panicked, told_end;
};

struct world_step {
	const char *what;
	/** Returns false if it cannot happen in this state. */
	bool (*take)(struct world_state *w, unsigned int argument);
	unsigned int argument;
};

extern const struct world_step world_steps[];
extern const size_t world_step_count;

/** The state in which a VM is found, with or without a saved file that its record names. */
void world_init(struct world_state *w, uint8_t record);

/** What is wrong in this state, or NULL. */
const char *world_judge(const struct world_state *w);

/** Set by a step that found something wrong, until world_judge() returns it. */
extern const char *world_wrong;

/** Returns whether the run has come to its end, its record with it. */
bool world_is_over(const struct world_state *w);

#endif
