/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci-el3: from the reset of QEMU's virt to the next stage, and PSCI for it.
 */
#include "board.h"
#include "cpu.h"
#include "gic.h"
#include "lower.h"
#include "machine.h"
#include "marks.h"
#include "memory.h"
#include "next.h"
#include "power.h"
#include "report.h"
#include "smc.h"
#include "tree-edit.h"
#include "workaround.h"

/* A CPU that does not come within this is left out. */
#define ARRIVAL_SECONDS 5

extern const char vectors[];

/* The library knows the machine. */
static atomic_bool begun;

/* From start.S. */
_Noreturn void primary_main(void);
_Noreturn void secondary_main(uint64_t index);

static void need(const char *problem)
{
	if (problem)
		give_up("%s; stopped", problem);
}

/*
 * What a CPU has of its own is what belongs to it; the last thing before it
 * arrives.
 */
static void verify(const struct cpu *cpu)
{
	const uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t top = cpu_stack_top(cpu->index);

	if ((sysreg_read(mpidr_el1) & MPIDR_AFFINITY) != cpu->affinity || sp >= top ||
	    sp < top - STACK_SIZE)
		give_up("CPU %u: its stack is another CPU's; stopped", cpu->index);
	if (sysreg_read(vbar_el3) != (uintptr_t)vectors)
		give_up("CPU %u: its vectors are not ours; stopped", cpu->index);
}

static void be(struct cpu *cpu)
{
	sysreg_write(tpidr_el3, (uint64_t)(uintptr_t)cpu);
	lower_begin();
	workaround_begin_cpu();
	gic_begin_cpu();
	verify(cpu);
	atomic_store(&cpu->arrived, true);
}

_Noreturn void secondary_main(uint64_t index)
{
	be(&cpus[index]);
	/* A machine that boots kicks all of its CPUs. */
	while (!atomic_load(&begun))
		gic_wait_for_kick();
	power_live(&cpus[index]);
}

static void await_others(void)
{
	const uint64_t begin = sysreg_read(cntpct_el0);
	const uint64_t limit = ARRIVAL_SECONDS * sysreg_read(cntfrq_el0);

	for (unsigned int i = 1; i < cpu_count; i++)
		gic_kick(&cpus[i]);
	for (unsigned int i = 1; i < cpu_count; i++) {
		while (!atomic_load(&cpus[i].arrived) && sysreg_read(cntpct_el0) - begin < limit)
			cpu_relax();
		if (!atomic_load(&cpus[i].arrived))
			report("CPU %u does not come", i);
	}
}

/* A reset that came while memory was protected, and not by our doing. */
static void settle_marks(void)
{
	marks_begin();
	if (marks_protected() && !marks_warm()) {
		memory_overwrite();
		marks_set_protected(false);
		report("memory overwritten after an unexpected reset");
		/* What QEMU had loaded is gone, too: it loads it again. */
		board_reset();
	}
}

static void report_boot(const struct next *next)
{
	report("boot, %s, %u CPUs, next stage at EL%c %lx from %s", marks_warm() ? "warm" : "cold",
	       cpu_count, lower_has_el2() ? '2' : '1', (unsigned long)next->entry,
	       next->from_qemu ? "fw_cfg" : "RAM");
}

_Noreturn void primary_main(void)
{
	struct next next;

	report_begin();
	need(machine_read());
	memory_map();
	if (sysreg_read(cntfrq_el0) == 0)
		give_up("CNTFRQ_EL0 is 0: the counter's frequency is not known; stopped");
	settle_marks();
	need(gic_begin());
	smc_begin();
	be(&cpus[0]);
	need(next_find(&next));
	await_others();
	need(power_begin());
	need(tree_edit(&next));
	report_boot(&next);
	marks_set_warm(false);
	marks_set_protected(false);
	atomic_store(&begun, true);
	power_boot(next.entry, RAM_BASE);
	power_live(&cpus[0]);
}
