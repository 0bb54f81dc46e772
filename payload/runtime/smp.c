/* SPDX-License-Identifier: BSD-3-Clause */
#include "smp.h"

#include <psci/abi.h>

#include <stddef.h>

#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/sysreg.h"
#include "../../arch/arm64/timer.h"
#include "board.h"
#include "report.h"

/* Long enough for any machine: this only turns a hang into a failure. */
#define PATIENCE (20 * SECOND)

struct cpu cpus[CPU_MAX];
extern uint64_t cpu_affinities[CPU_MAX];
extern const char secondary_entry[];

/* For start.S, where a CPU finds its entry; unused ones match no CPU. */
uint64_t cpu_affinities[CPU_MAX];

struct cpu *this_cpu(void)
{
	if (sysreg_read(CurrentEL) == CURRENT_EL_EL2)
		return (struct cpu *)(uintptr_t)sysreg_read(tpidr_el2);

	return (struct cpu *)(uintptr_t)sysreg_read(tpidr_el1);
}

static void be(struct cpu *cpu)
{
	if (sysreg_read(CurrentEL) == CURRENT_EL_EL2)
		sysreg_write(tpidr_el2, (uint64_t)(uintptr_t)cpu);
	else
		sysreg_write(tpidr_el1, (uint64_t)(uintptr_t)cpu);
}

void smp_begin(void)
{
	be(&cpus[0]);
	cpus[0].arrival.current_el = sysreg_read(CurrentEL);
}

bool smp_init(void)
{
	const uint64_t self = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;
	unsigned int boot = CPU_MAX;

	for (unsigned int i = 0; i < board.cpu_count; i++) {
		if (board.affinities[i] == self)
			boot = i;
	}
	if (boot == CPU_MAX)
		return false;
	for (unsigned int i = 0; i < CPU_MAX; i++)
		cpu_affinities[i] = UINT64_MAX;
	/* The CPU that boots takes the first place, and the first CPU takes its place. */
	board.affinities[boot] = board.affinities[0];
	board.affinities[0] = self;
	for (unsigned int i = 0; i < board.cpu_count; i++) {
		cpus[i].index = i;
		cpus[i].affinity = board.affinities[i];
		cpu_affinities[i] = board.affinities[i];
	}
	atomic_store(&cpus[0].running, true);

	return true;
}

uint64_t secondary_address(void)
{
	return (uint64_t)(uintptr_t)secondary_entry;
}

int64_t cpu_on(const struct cpu *cpu, uint64_t context)
{
	return call3(PSCI_FN64_CPU_ON, cpu->affinity, secondary_address(), context);
}

int64_t affinity_info(const struct cpu *cpu)
{
	return call2(PSCI_FN64_AFFINITY_INFO, cpu->affinity, 0);
}

bool cpu_arrived(const struct cpu *cpu, unsigned int before)
{
	const uint64_t deadline = timer_deadline(PATIENCE);

	while (atomic_load(&cpu->arrivals) == before) {
		if (timer_passed(deadline))
			return false;
		cpu_relax();
	}

	return true;
}

bool cpu_start(struct cpu *cpu)
{
	const unsigned int before = atomic_load(&cpu->arrivals);

	return cpu_on(cpu, CONTEXT_RUNTIME | cpu->index) == PSCI_RET_SUCCESS &&
	       cpu_arrived(cpu, before);
}

struct cpu *cpu_that_fails(void)
{
	for (unsigned int i = 1; i < board.cpu_count; i++) {
		if (affinity_info(&cpus[i]) == PSCI_AFFINITY_INFO_OFF && !cpu_start(&cpus[i]) &&
		    (int64_t)last_call()->out[0] == PSCI_RET_INTERNAL_FAILURE)
			return &cpus[i];
	}

	return NULL;
}

void cpu_give(struct cpu *cpu, job_fn *job, uint64_t argument)
{
	cpu->argument = argument;
	cpu->result = 0;
	atomic_store(&cpu->flag, 0);
	atomic_store(&cpu->jobs_done, 0);
	atomic_store(&cpu->job, job);
	sev();
}

bool cpu_finished(struct cpu *cpu)
{
	const uint64_t deadline = timer_deadline(PATIENCE);

	while (atomic_load(&cpu->jobs_done) == 0) {
		if (timer_passed(deadline))
			return false;
		cpu_relax();
	}

	return true;
}

bool cpu_flagged(const struct cpu *cpu, unsigned int value)
{
	const uint64_t deadline = timer_deadline(PATIENCE);

	while (atomic_load(&cpu->flag) != value) {
		if (timer_passed(deadline))
			return false;
		cpu_relax();
	}

	return true;
}

bool cpu_is_off(const struct cpu *cpu)
{
	const uint64_t deadline = timer_deadline(PATIENCE);

	while (affinity_info(cpu) != PSCI_AFFINITY_INFO_OFF) {
		if (timer_passed(deadline) || atomic_load(&cpu->off_returned))
			return false;
		cpu_relax();
	}

	return true;
}

bool cpu_stop(struct cpu *cpu)
{
	atomic_store(&cpu->off_wanted, true);
	sev();

	return cpu_is_off(cpu);
}

bool smp_settle(void)
{
	bool settled = true;

	for (unsigned int i = 1; i < board.cpu_count; i++) {
		if (atomic_load(&cpus[i].running))
			settled = cpu_stop(&cpus[i]) && settled;
	}

	return settled;
}

bool cpu_interrupts(void)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->interrupts)
		cpu->interrupts = board.gic.version != 0 && gic_init_cpu(board.timer_intid);

	return cpu->interrupts;
}

bool context_save(struct context *context) __attribute__((returns_twice));
_Noreturn void context_restore(const struct context *context);

bool call_and_arrive(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, int64_t *result)
{
	struct context context;
	bool arrived;

	this_cpu()->resume = &context;
	arrived = context_save(&context);
	if (!arrived)
		*result = call_x(x0, x1, x2, x3);
	this_cpu()->resume = NULL;

	return arrived;
}

static void serve(struct cpu *cpu)
{
	job_fn *job = atomic_exchange(&cpu->job, NULL);

	if (job) {
		job(cpu);
		atomic_fetch_add(&cpu->jobs_done, 1);
		sev();
	} else if (atomic_exchange(&cpu->off_wanted, false)) {
		atomic_store(&cpu->running, false);
		cpu->off_result = call0(PSCI_FN32_CPU_OFF);
		atomic_store(&cpu->off_returned, true);
		atomic_store(&cpu->running, true);
	} else {
		wfe();
	}
}

/* From start.S. */
void secondary_main(uint64_t index, const struct arrival *arrival);

void secondary_main(uint64_t index, const struct arrival *arrival)
{
	struct cpu *cpu = &cpus[index];

	be(cpu);
	cpu->timer_had_fired = timer_fired();
	timer_disarm();
	cpu->interrupts = false;
	cpu->arrival = *arrival;
	atomic_store(&cpu->off_returned, false);
	atomic_store(&cpu->running, true);
	atomic_fetch_add(&cpu->arrivals, 1);
	sev();
	if (cpu->resume)
		context_restore(cpu->resume);
	for (;;)
		serve(cpu);
}
