/* SPDX-License-Identifier: BSD-3-Clause */
#include "end.h"

#include "board.h"
#include "marks.h"
#include "memory.h"
#include "report.h"

/** How many CPUs run no code of the power cycle any more. */
static atomic_uint ended;

/*
 * Memory must not be written any more. All others were kicked, and no lower
 * level can mask that.
 */
static void await_others(void)
{
	unsigned int others = 0;

	for (unsigned int i = 0; i < cpu_count; i++)
		others += atomic_load(&cpus[i].arrived);
	while (atomic_load(&ended) + 1 < others)
		cpu_relax();
}

static const char *word(const struct psci_event *event)
{
	switch (event->kind) {
	case PSCI_EVENT_OFF:
		return "off";
	case PSCI_EVENT_OFF2:
		return "hibernated";
	case PSCI_EVENT_RESET2:
		return "warm reset";
	case PSCI_EVENT_RESET:
	case PSCI_EVENT_NONE:
	case PSCI_EVENT_SUSPEND:
		break;
	}

	return "reset";
}

static _Noreturn void finish(const struct cpu *cpu, const struct psci_event *event)
{
	await_others();
	if (event->overwrite_memory) {
		memory_overwrite();
		report("memory overwritten");
	}
	marks_set_warm(event->kind == PSCI_EVENT_RESET2);
	marks_set_protected(false);
	report("%s, by CPU %u", word(event), cpu->index);
	if (event->kind == PSCI_EVENT_OFF || event->kind == PSCI_EVENT_OFF2)
		board_off();
	board_reset();
}

_Noreturn void end(const struct cpu *cpu, struct psci_machine *psci)
{
	const struct psci_event event = psci_machine_event(psci);

	if (event.vctx == cpu)
		finish(cpu, &event);
	atomic_fetch_add(&ended, 1);
	for (;;)
		wfi();
}
