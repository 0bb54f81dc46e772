/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of the OS: the library decides what becomes of those of PSCI. */
#include <psci/abi.h>
#include <psci/smccc.h>

#include "../arch/arm64/give-up.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"
#include "trace.h"

#define ISS_IMMEDIATE 0xffff

/* FF-A, of which both conventions have these numbers. */
#define FFA_FIRST 0x60
#define FFA_LAST 0xef

/* From start.S. */
_Noreturn void relay_arrive(uint64_t number);

static uint64_t not_supported(void)
{
	return (uint64_t)SMCCC_RET_NOT_SUPPORTED;
}

/*
 * Calls whose purpose is that the secure side reads and writes memory that the caller names,
 * and would so reach the monitor's.
 */
static bool shares_memory(uint64_t x0)
{
	const uint32_t number = x0 & SMCCC_NUMBER_MASK;

	return (x0 & SMCCC_FAST_CALL_MASK) &&
	       (x0 & SMCCC_OWNER_MASK) >> SMCCC_OWNER_SHIFT == SMCCC_OWNER_STANDARD &&
	       number >= FFA_FIRST && number <= FFA_LAST;
}

static void pass(struct cpu *cpu, struct smc *smc)
{
	if (shares_memory(smc->regs.x[0])) {
		smc->regs.x[0] = not_supported();
		count(cpu, RELAY_COUNTER_ANSWERED);

		return;
	}
	count(cpu, RELAY_COUNTER_PASSED);
	smc_pass(smc);
}

static void forward(struct cpu *cpu, struct psci_regs *regs, const uint64_t x[4])
{
	uint64_t number;
	struct trace_slot *slot =
		trace_begin(cpu, RELAY_TRACE_FORWARDED, regs->x[0], regs->x, &number);

	count(cpu, RELAY_COUNTER_FORWARDED);
	psci_relay_return(&cpu->relay, regs, smc_forward(x));
	trace_end(slot, number, regs->x[0]);
}

void os_smc(struct smc *smc)
{
	struct cpu *cpu = this_cpu();
	struct psci_regs *regs = &smc->regs;
	const uint64_t x0 = regs->x[0];
	struct trace_slot *slot;
	uint64_t number;
	uint64_t x[4];

	regs->aarch32 = false;
	regs->big_endian = sysreg_read(sctlr_el1) & SCTLR_EE;
	switch (psci_relay_call(&cpu->relay, regs, x)) {
	case PSCI_RELAY_RETURN:
		count(cpu, RELAY_COUNTER_ANSWERED);
		slot = trace_begin(cpu, RELAY_TRACE_ANSWERED, x0, regs->x, &number);
		trace_end(slot, number, regs->x[0]);
		break;
	case PSCI_RELAY_FORWARD:
		forward(cpu, regs, x);
		break;
	case PSCI_RELAY_PASS:
		pass(cpu, smc);
		break;
	}
}

/* What a CPU has of its own is what belongs to it: it comes with a number that we once gave. */
static void verify(const struct cpu *cpu)
{
	const uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t bottom = (uintptr_t)stacks + ((uintptr_t)cpu->number << STACK_SHIFT);

	if ((sysreg_read(mpidr_el1) & MPIDR_AFFINITY) != cpu->affinity ||
	    sp - bottom >= UINT64_C(1) << STACK_SHIFT)
		give_up("CPU %u: its stack is another CPU's", cpu->number);
	if (sysreg_read(vbar_el2) != (uintptr_t)vectors)
		give_up("CPU %u: its vectors are not the monitor's", cpu->number);
}

/* A CPU that the firmware turned on, or that woke up. */
void relay_arrive(uint64_t number)
{
	struct cpu *cpu = &cpus[number];
	struct psci_entry entry;
	uint64_t trace;

	el2_setup(cpu);
	if (number >= monitor.cpu_count || !psci_relay_arrive(&cpu->relay, &entry))
		give_up("CPU %lu came from the firmware, and the OS did not ask for it", number);
	verify(cpu);
	count(cpu, RELAY_COUNTER_ARRIVED);
	trace_begin(cpu, RELAY_TRACE_ARRIVED, entry.pc, (uint64_t[]){ 0, entry.x0, entry.wake },
		    &trace);
	os_enter(cpu, entry.pc, entry.x0, entry.big_endian);
}

/* --- the monitor's own interface --- */

static void answer_counter(struct frame *frame)
{
	const uint64_t counter = frame->x[1];
	uint64_t sum = 0;

	if (counter >= RELAY_COUNTER_COUNT) {
		frame->x[0] = (uint64_t)SMCCC_RET_INVALID_PARAMETER;

		return;
	}
	/* Others may count in the meantime; each of these reads is whole. */
	for (unsigned int i = 0; i < monitor.cpu_count; i++)
		sum += *(volatile uint64_t *)&cpus[i].counters[counter];
	frame->x[0] = SMCCC_RET_SUCCESS;
	frame->x[1] = sum;
}

static void answer_trace(struct frame *frame)
{
	struct relay_trace record;
	const bool found = trace_read(frame->x[1], &record);

	frame->x[0] = (uint64_t)(found ? SMCCC_RET_SUCCESS : SMCCC_RET_INVALID_PARAMETER);
	frame->x[1] = atomic_load_explicit(&trace_count, memory_order_relaxed);
	if (!found)
		return;
	frame->x[2] = (uint64_t)record.cpu << 32 | record.kind;
	frame->x[3] = record.x[0];
	frame->x[4] = record.x[1];
	frame->x[5] = record.x[2];
	frame->x[6] = record.result;
	frame->x[7] = record.time;
}

/* SMCCC gives no other immediate a meaning. */
void os_smc_not_0(struct frame *frame)
{
	count(this_cpu(), RELAY_COUNTER_ANSWERED);
	frame->x[0] = not_supported();
	/* As vectors.S does. */
	frame->elr += INSTRUCTION_SIZE;
	frame->spsr &= ~(uint64_t)(SPSR_BTYPE | SPSR_SS);
}

void os_hvc(struct frame *frame)
{
	const uint32_t fid = (uint32_t)frame->x[0] & ~(uint32_t)SMCCC_SVE_HINT_MASK;

	count(this_cpu(), RELAY_COUNTER_HVC);
	if (frame->esr & ISS_IMMEDIATE) {
		frame->x[0] = not_supported();

		return;
	}
	switch (fid) {
	case RELAY_FN32_UID:
		frame->x[0] = RELAY_UID_0;
		frame->x[1] = RELAY_UID_1;
		frame->x[2] = RELAY_UID_2;
		frame->x[3] = RELAY_UID_3;
		break;
	case RELAY_FN32_REVISION:
		frame->x[0] = RELAY_REVISION_MAJOR;
		frame->x[1] = RELAY_REVISION_MINOR;
		break;
	case RELAY_FN64_COUNTER:
		answer_counter(frame);
		break;
	case RELAY_FN64_TRACE:
		answer_trace(frame);
		break;
	default:
		frame->x[0] = not_supported();
		break;
	}
}
