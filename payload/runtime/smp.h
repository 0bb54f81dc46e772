/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs: what each of them does and what was observed of it.
 *
 * Tests run on the first CPU. The others are off unless a test starts them, run the jobs
 * that they receive, and are off again before the next test.
 */
#ifndef PAYLOAD_RUNTIME_SMP_H
#define PAYLOAD_RUNTIME_SMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "layout.h"

/** The state of a CPU when it arrived; start.S stores it in this order. */
struct arrival {
	uint64_t x0;
	uint64_t current_el;
	uint64_t daif;
	uint64_t spsel;
	uint64_t sctlr;
	uint64_t unused;
};

/** What a CPU needs to continue where it was, after it lost its registers; call.S. */
struct context {
	uint64_t x19_to_x30[12];
	uint64_t sp;
};

struct cpu;
typedef void job_fn(struct cpu *cpu);

struct cpu {
	unsigned int index;
	uint64_t affinity; /**< As PSCI takes it. */
	struct call call; /**< Its last call. */

	struct arrival arrival; /**< Of the last time that it arrived. */
	_Atomic unsigned int arrivals;
	const struct context *resume; /**< On arrival, continue there. */
	bool timer_had_fired; /**< When it arrived. */
	_Atomic bool running; /**< From arrival until just before CPU_OFF. */

	_Atomic(job_fn *) job;
	_Atomic unsigned int jobs_done;
	_Atomic bool off_wanted;
	_Atomic bool off_returned; /**< CPU_OFF came back, with off_result. */
	int64_t off_result;

	uint64_t argument; /**< For a job. */
	int64_t result; /**< Of a job. */
	_Atomic unsigned int flag; /**< A job's progress, as the job reports it. */

	bool undefined_expected; /**< An undefined instruction is skipped, and seen. */
	bool undefined_seen;

	_Atomic unsigned int irqs; /**< Taken. */
	uint32_t last_intid;
	uint64_t timer_period; /**< If not 0, the timer is set again for so much later. */
	bool interrupts; /**< gic_init_cpu() was called since it arrived. */
};

extern struct cpu cpus[CPU_MAX];

/** Context ids that no test uses by itself. */
#define CONTEXT_RUNTIME 0x0dd0c0de00000000

/** Before anything else: from here on this_cpu() works. */
void smp_begin(void);

/** Fill cpus[] from the board, the caller first. False if the board does not list it. */
bool smp_init(void);

struct cpu *this_cpu(void);

/** The physical address for CPU_ON. */
uint64_t secondary_address(void);

/** CPU_ON to secondary_address(), in the conventions that the version allows. */
int64_t cpu_on(const struct cpu *cpu, uint64_t context);

/** AFFINITY_INFO at level 0. */
int64_t affinity_info(const struct cpu *cpu);

/** Start a CPU that is off and wait until it has arrived. */
bool cpu_start(struct cpu *cpu);

/**
 * The first CPU that is off and that CPU_ON cannot start, INTERNAL_FAILURE; NULL if there
 * is none. The CPUs before it that can be started have arrived.
 */
struct cpu *cpu_that_fails(void);

/** Wait for one more arrival than @before. */
bool cpu_arrived(const struct cpu *cpu, unsigned int before);

/** Pass a running CPU a job, and wait until it is done. */
void cpu_give(struct cpu *cpu, job_fn *job, uint64_t argument);
bool cpu_finished(struct cpu *cpu);

/** Wait until a CPU's flag has a value. */
bool cpu_flagged(const struct cpu *cpu, unsigned int value);

/** Have a running CPU turn itself off; wait until AFFINITY_INFO says so. */
bool cpu_stop(struct cpu *cpu);

/** Wait until AFFINITY_INFO says OFF. */
bool cpu_is_off(const struct cpu *cpu);

/**
 * Make a call that may end in power-down and come back at secondary_address(). Returns
 * true if it came back there, with what was observed in this_cpu()->arrival; false if it
 * returned @result.
 */
bool call_and_arrive(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, int64_t *result);

/** Turn off the CPUs that a test left running. */
bool smp_settle(void);

/** The interrupts of this CPU since it arrived. */
bool cpu_interrupts(void);

#endif
