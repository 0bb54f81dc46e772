/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay-guest: what an OS at EL1 sees of psci-relay, from inside. It prints TAP and turns the
 * machine off.
 */
#include <libfdt.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "../../../arch/arm64/console.h"
#include "../../../arch/arm64/format.h"
#include "../../../arch/arm64/give-up.h"
#include "../../../arch/arm64/image.h"
#include "../../../arch/arm64/mmu.h"
#include "../../../arch/arm64/string.h"
#include "guest.h"

#define FDT_SIZE_MAX 0x200000
#define SENTINEL(n) (UINT64_C(0x5eed000000000000) + (n)*UINT64_C(0x0101))
#define EC_INSTRUCTION_ABORT 0x21
#define EC_STEP 0x33

void guest_main(const void *fdt);
void map_first(const void *fdt);
void exception(struct frame *frame);
void secondary_main(unsigned int cpu, uint64_t context);

struct guest guest;
static unsigned int judged;
static char reason[256];

/* Each CPU's, found by its affinity; for exceptions that are expected. */
static struct expected {
	bool wanted;
	uint64_t esr;
	uint64_t far;
} expected[CPU_MAX];

static struct job {
	uint64_t (*work)(unsigned int cpu);
	_Atomic uint64_t result;
	_Atomic bool done;
} jobs[CPU_MAX];

static _Atomic unsigned int gathered;
static unsigned int expected_at_gate;

/* --- reporting --- */

void because(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(reason, sizeof(reason), format, args);
	va_end(args);
}

void judge(bool ok, const char *sentence)
{
	print("%s %u - psci-relay: %s\n", ok ? "ok" : "not ok", ++judged, sentence);
	if (!ok && reason[0])
		print("# %s\n", reason);
	reason[0] = '\0';
}

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(reason, sizeof(reason), format, args);
	va_end(args);
	print("Bail out! %s\n", reason);
	smc(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}

/* --- CPUs --- */

static unsigned int this_cpu(void)
{
	const uint64_t mpidr = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;

	for (unsigned int i = 0; i < guest.cpu_count; i++) {
		if (guest.mpidr[i] == mpidr)
			return i;
	}

	return 0;
}

void exception(struct frame *frame)
{
	struct expected *own = &expected[this_cpu()];

	if (!own->wanted)
		give_up("an exception: ESR %lx, ELR %lx (image + %lx), FAR %lx", frame->esr,
			frame->elr, frame->elr - (uintptr_t)image_start, frame->far);
	own->wanted = false;
	own->esr = frame->esr;
	own->far = frame->far;
	if ((frame->esr >> ESR_EC_SHIFT & ESR_EC_MASK) == EC_STEP) {
		sysreg_write(mdscr_el1, 0);
		frame->spsr = (frame->spsr & ~(uint64_t)SPSR_SS) | DAIF_ALL;
		own->far = frame->elr;

		return;
	}
	/* A branch to where nothing can be executed is left as a return from it. */
	if ((frame->esr >> ESR_EC_SHIFT & ESR_EC_MASK) == EC_INSTRUCTION_ABORT)
		frame->elr = frame->x[30];
	else
		frame->elr += 4;
}

uint64_t exception_of(void (*act)(uint64_t address), uint64_t address)
{
	volatile struct expected *own = &expected[this_cpu()];

	own->esr = 0;
	own->wanted = true;
	act(address);
	own->wanted = false;

	return own->esr;
}

uint64_t exception_address(void)
{
	return expected[this_cpu()].far;
}

void secondary_main(unsigned int cpu, uint64_t context)
{
	struct job *job = &jobs[cpu];

	atomic_store(&job->result, job->work(cpu));
	atomic_store(&job->done, true);
	smc(PSCI_FN32_CPU_OFF, 0, 0, 0);
	give_up("CPU_OFF returned");
}

static void start(unsigned int cpu, uint64_t (*work)(unsigned int cpu))
{
	uint64_t answer;

	jobs[cpu].work = work;
	atomic_store(&jobs[cpu].done, false);
	/* It may be on its way to off. */
	do {
		answer = smc(PSCI_FN64_CPU_ON, guest.mpidr[cpu], (uintptr_t)guest_secondary, cpu);
	} while (answer == (uint64_t)PSCI_RET_ALREADY_ON);
	if (answer != PSCI_RET_SUCCESS)
		give_up("CPU_ON of CPU %u answers %ld", cpu, (int64_t)answer);
}

static uint64_t result_of(unsigned int cpu)
{
	while (!atomic_load(&jobs[cpu].done))
		cpu_relax();

	return atomic_load(&jobs[cpu].result);
}

uint64_t on_cpu(unsigned int cpu, uint64_t (*work)(unsigned int cpu))
{
	start(cpu, work);

	return result_of(cpu);
}

/* So that what all do begins on all at one time. */
static uint64_t (*gated)(unsigned int cpu);

static uint64_t at_gate(unsigned int cpu)
{
	atomic_fetch_add(&gathered, 1);
	while (atomic_load(&gathered) < expected_at_gate)
		cpu_relax();

	return gated(cpu);
}

uint64_t on_all_but(unsigned int absent, uint64_t (*work)(unsigned int cpu))
{
	uint64_t sum;

	gated = work;
	expected_at_gate = guest.cpu_count - (absent < guest.cpu_count);
	atomic_store(&gathered, 0);
	for (unsigned int i = 0; i < guest.cpu_count; i++) {
		if (i != guest.self && i != absent)
			start(i, at_gate);
	}
	sum = at_gate(guest.self);
	for (unsigned int i = 0; i < guest.cpu_count; i++) {
		if (i != guest.self && i != absent)
			sum += result_of(i);
	}

	return sum;
}

uint64_t on_all(uint64_t (*work)(unsigned int cpu))
{
	return on_all_but(guest.cpu_count, work);
}

void set_life(unsigned int cpu, uint64_t (*work)(unsigned int cpu))
{
	jobs[cpu].work = work;
}

/* --- calls --- */

uint64_t call(unsigned int kind, uint64_t x[CALL_REGISTERS], uint64_t x0, uint64_t x1, uint64_t x2,
	      uint64_t x3)
{
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	for (unsigned int i = 4; i < CALL_REGISTERS; i++)
		x[i] = SENTINEL(i) ^ sysreg_read(mpidr_el1) << 32;
	call_registers(x, kind);

	return x[0];
}

bool kept(const uint64_t x[CALL_REGISTERS], unsigned int first)
{
	for (unsigned int i = first; i < CALL_REGISTERS; i++) {
		if (x[i] != (SENTINEL(i) ^ sysreg_read(mpidr_el1) << 32)) {
			because("x%u is %lx", i, x[i]);

			return false;
		}
	}

	return true;
}

uint64_t smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	uint64_t x[CALL_REGISTERS];

	return call(CALL_SMC, x, x0, x1, x2, x3);
}

uint64_t counter(enum relay_counter which)
{
	uint64_t x[CALL_REGISTERS];

	if (call(CALL_HVC, x, RELAY_FN64_COUNTER, which, 0, 0) != SMCCC_RET_SUCCESS)
		give_up("the monitor does not count %u", which);

	return x[1];
}

/* --- the beginning --- */

void map_first(const void *fdt)
{
	mmu_prepare();
	mmu_add_ram((uintptr_t)image_start, (uintptr_t)image_end - (uintptr_t)image_start);
	mmu_add_ram((uintptr_t)fdt, FDT_SIZE_MAX);
}

static void read_board(const void *fdt)
{
	const uint64_t self = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;
	const int reserved = fdt_path_offset(fdt, "/reserved-memory/psci-relay");
	struct console console = { .kind = CONSOLE_NONE };
	const char *bootargs;
	uint64_t affinity;
	int node = -1;

	tree_console(fdt, &console);
	console_use(&console);
	bootargs = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL);
	guest.costs = bootargs && strcmp(bootargs, "cost") == 0;
	while ((node = tree_next_cpu(fdt, node, &affinity)) >= 0 && guest.cpu_count < CPU_MAX) {
		guest.mpidr[guest.cpu_count] = affinity;
		if (affinity == self)
			guest.self = guest.cpu_count;
		guest.cpu_count++;
	}
	if (reserved < 0)
		return;
	tree_region(fdt, reserved, 0, &guest.monitor);
	guest.no_map = fdt_getprop(fdt, reserved, "no-map", NULL);
}

static void test_arrival(const void *fdt)
{
	because("EL %lx, DAIF %lx, SPSel %lx, SCTLR %lx", arrival.current_el, arrival.daif,
		arrival.spsel, arrival.sctlr);
	judge(arrival.current_el == CURRENT_EL_EL1 && arrival.daif == DAIF_ALL &&
		      arrival.spsel == 1 && arrival.sctlr == SCTLR_EL1_RES1,
	      "the OS starts at EL1 with exceptions masked and the MMU off");
	because("x1 %lx, x2 %lx, x3 %lx", arrival.x[1], arrival.x[2], arrival.x[3]);
	judge(fdt_check_header(fdt) == 0 && !arrival.x[1] && !arrival.x[2] && !arrival.x[3],
	      "x0 of the OS is a device tree and x1 to x3 are 0");
	judge(guest.no_map && guest.monitor.size,
	      "the device tree reserves the monitor's memory with no-map");
}

void guest_main(const void *fdt)
{
	read_board(fdt);
	if (guest.costs) {
		print_costs();
		smc(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	}
	print("TAP version 14\n");
	test_arrival(fdt);
	if (!guest.monitor.size)
		give_up("without it nothing else can be tested");
	mmu_add_ram(guest.monitor.base, guest.monitor.size);
	test_protection();
	test_interface();
	test_calls();
	test_features();
	test_races();
	judge(counter(RELAY_COUNTER_UNDEFINED) == 0,
	      "no instruction of the OS was undefined because of the monitor");
	print("1..%u\n", judged);
	smc(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	give_up("SYSTEM_OFF returned");
}
