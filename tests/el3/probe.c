/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A next stage that looks at psci-el3 from below. Each byte that it reads from the console
 * is a command; what it finds is a line:
 *
 *	c	do calls keep to their conventions
 *	m	can the monitor's memory be accessed
 *	r	have any registers an answer
 *	a	calls of all CPUs at once
 *	s	a CPU turned off while it streams vectors (SME), if it can
 *	t	what calls cost, with -icount
 *	u	SYSTEM_SUSPEND until a byte comes, with the GIC's CPU interface closed
 *	w	write a pattern to the end of RAM
 *	p	enable MEM_PROTECT
 *	l	is the pattern there
 *	q	SYSTEM_OFF
 */
#include <psci/abi.h>
#include <psci/smccc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/frame.h"
#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/give-up.h"
#include "../../arch/arm64/io.h"
#include "../../arch/arm64/sysreg.h"
#include "../../el3/layout.h"
#include "../bare/random.h"
#include "probe.h"

/* From probe-start.S. */
void probe_main(void);
void probe_exception(struct frame *frame);
void probe_smc(uint64_t x[4]);
void probe_smc_1(uint64_t x[4]);
uint64_t probe_system_suspend(void);
void probe_worker(uint64_t cpu);
extern const char probe_worker_entry[];

#define UARTDR (CONSOLE_UART + 0x00)
#define UARTFR (CONSOLE_UART + 0x18)
#define UARTIMSC (CONSOLE_UART + 0x38)
#define FR_RXFE 0x10
#define IMSC_RX_AND_TIMEOUT 0x50
#define UART_INTID 33

#define WORKERS 3 /* Beside CPU 0. */
#define WORK 2000

/* The last words of the least RAM that a test gives. */
#define PATTERN_AT (RAM_BASE + 0x7fff000)
#define PATTERN_WORDS 512
#define PATTERN(i) (UINT64_C(0x9e3779b97f4a7c15) * ((i) + 1))

bool exception_expected;
volatile uint64_t exception_syndrome;

void check(bool passed, const char *sentence)
{
	print("%s %s\n", passed ? "yes:" : "NO:", sentence);
}

int64_t call(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	uint64_t x[4] = { x0, x1, x2, x3 };

	probe_smc(x);

	return (int64_t)x[0];
}

_Noreturn void give_up(const char *format, ...)
{
	print("NO: %s\n", format);
	call(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}

void probe_exception(struct frame *frame)
{
	if (!exception_expected) {
		print("ESR %lx ELR %lx FAR %lx\n", frame->esr, frame->elr, frame->far);
		give_up("an exception that was not provoked");
	}
	exception_syndrome = frame->esr;
	frame->elr += 4;
}

/* --- calls --- */

/* The functions that do not return, or that sleep. */
static bool ends(uint32_t fid)
{
	switch (fid & ~(uint32_t)(SMCCC_SMC64_MASK | SMCCC_SVE_HINT_MASK)) {
	case PSCI_FN32_CPU_SUSPEND:
	case PSCI_FN32_CPU_OFF:
	case PSCI_FN32_CPU_ON:
	case PSCI_FN32_SYSTEM_OFF:
	case PSCI_FN32_SYSTEM_RESET:
	case PSCI_FN32_CPU_FREEZE:
	case PSCI_FN32_CPU_DEFAULT_SUSPEND:
	case PSCI_FN32_SYSTEM_SUSPEND:
	case PSCI_FN32_SYSTEM_RESET2:
	case PSCI_FN32_SYSTEM_OFF2:
		return true;
	default:
		return false;
	}
}

/*
 * Random registers, and of each id in the ranges of SMCCC's owners: an answer
 * comes.
 */
static void check_any_registers(void)
{
	uint64_t state = 0x9e3779b97f4a7c15;
	bool known = false;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t fid = random_number(&state);

		if (i & 1)
			fid = (fid & 0xff00ffff) | SMCCC_FAST_CALL_MASK;
		if (ends((uint32_t)fid))
			continue;
		known |= call(fid, random_number(&state), random_number(&state),
			      random_number(&state)) == PSCI_VERSION_1_3;
	}
	for (uint32_t owner = 0; owner < 64; owner++) {
		const uint32_t fid = SMCCC_FAST_CALL_MASK | owner << SMCCC_OWNER_SHIFT | 0xff42;

		known |= call(fid, 0, 0, 0) != PSCI_RET_NOT_SUPPORTED;
		known |= call(fid & ~SMCCC_FAST_CALL_MASK, 0, 0, 0) != PSCI_RET_NOT_SUPPORTED;
	}
	check(!known, "unknown calls are NOT_SUPPORTED, whatever the registers hold");
	call(PSCI_FN32_MEM_PROTECT, 0, 0, 0);
}

static void check_conventions(void)
{
	uint64_t x[4] = { PSCI_FN32_PSCI_VERSION, 1, 2, 3 };
	uint64_t y[4] = { PSCI_FN32_PSCI_VERSION, 1, 2, 3 };

	probe_smc(x);
	probe_smc_1(y);
	check(x[0] == PSCI_VERSION_1_3 && x[1] == 1 && x[2] == 2 && x[3] == 3,
	      "SMC #0 answers in x0 alone");
	check((int64_t)y[0] == PSCI_RET_NOT_SUPPORTED, "SMC #1 is NOT_SUPPORTED");
	check(call(SMCCC_FN32_VERSION, 0, 0, 0) == SMCCC_VERSION_1_3, "SMCCC_VERSION is 1.3");
	print("workarounds %ld %ld %ld\n",
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_1, 0, 0),
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_2, 0, 0),
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_3, 0, 0));
	check(call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_SOC_ID, 0, 0) ==
		      SMCCC_RET_NOT_SUPPORTED,
	      "SMCCC_ARCH_SOC_ID, which is not there, is not announced");
}

/* --- all CPUs at once --- */

static volatile bool streams;
static volatile uint64_t gate;
static volatile uint64_t done[WORKERS + 1];
static volatile uint64_t wrong[WORKERS + 1];

static void stream(void);

void probe_worker(uint64_t cpu)
{
	if (streams) {
		stream();
		return;
	}
	while (!gate)
		cpu_relax();
	for (unsigned int i = 0; i < WORK; i++) {
		const uint64_t other = (cpu + i) % (WORKERS + 1);

		wrong[cpu] += call(PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_ON, 0, 0) != 0;
		wrong[cpu] += call(PSCI_FN64_AFFINITY_INFO, other, 0, 0) < 0;
		wrong[cpu] += call(PSCI_FN64_CPU_ON, cpu, (uintptr_t)probe_worker_entry, 0) !=
			      PSCI_RET_ALREADY_ON;
	}
	done[cpu] = 1;
}

static void check_at_once(void)
{
	uint64_t sum = 0;

	gate = 0;
	for (uint64_t i = 1; i <= WORKERS; i++) {
		done[i] = wrong[i] = 0;
		sum += call(PSCI_FN64_CPU_ON, i, (uintptr_t)probe_worker_entry, i) != 0;
	}
	wrong[0] = 0;
	gate = 1;
	probe_worker(0);
	for (uint64_t i = 1; i <= WORKERS; i++) {
		while (!done[i])
			cpu_relax();
		while (call(PSCI_FN64_AFFINITY_INFO, i, 0, 0) != PSCI_AFFINITY_INFO_OFF)
			cpu_relax();
	}
	for (uint64_t i = 0; i <= WORKERS; i++)
		sum += wrong[i];
	check(sum == 0, "calls from all CPUs at once have their answers");
}

/* --- streaming mode --- */

#define SVCR S3_3_C4_C2_2
#define SVCR_SM 1
#define CPTR_EL2_TSM (UINT64_C(1) << 12)
#define CPACR_EL1_SMEN (UINT64_C(3) << 24)

static bool has_sme(void)
{
	return sysreg_read(id_aa64pfr1_el1) >> 24 & 0xf;
}

static void stream(void)
{
	if (sysreg_read(CurrentEL) == CURRENT_EL_EL2)
		sysreg_write(cptr_el2, sysreg_read(cptr_el2) & ~CPTR_EL2_TSM);
	else
		sysreg_write(cpacr_el1, sysreg_read(cpacr_el1) | CPACR_EL1_SMEN);
	isb();
	sysreg_write(SVCR, SVCR_SM);
	isb();
}

static void check_streaming(void)
{
	uint64_t wrong_answers = 0;

	if (!has_sme()) {
		check(true, "this CPU has no SME");
		return;
	}
	streams = true;
	for (unsigned int i = 0; i < 2; i++) {
		wrong_answers += call(PSCI_FN64_CPU_ON, 1, (uintptr_t)probe_worker_entry, 1) != 0;
		while (call(PSCI_FN64_AFFINITY_INFO, 1, 0, 0) != PSCI_AFFINITY_INFO_OFF)
			cpu_relax();
	}
	streams = false;
	check(wrong_answers == 0, "a CPU that streamed vectors when it was turned off starts");
}

/* --- sleep --- */

static unsigned int read_byte(void)
{
	while (read32(UARTFR) & FR_RXFE)
		cpu_relax();

	return read32(UARTDR) & 0xff;
}

static void check_uart_wakes(void)
{
	const struct gic gic = {
		.version = 3,
		.distributor = 0x08000000,
		.redistributor_count = 1,
		.redistributors = { { 0x080a0000, 0xf60000 } },
	};
	uint64_t came;

	gic_init(&gic);
	gic_init_cpu(27);
	gic_enable_shared(UART_INTID);
	/*
	 * As Linux leaves it where it may: nothing comes through to this level.
	 */
	sysreg_write(ICC_IGRPEN1_EL1, 0);
	sysreg_write(ICC_PMR_EL1, 0);
	isb();
	write32(UARTIMSC, IMSC_RX_AND_TIMEOUT);
	print("suspending\n");
	came = probe_system_suspend();
	write32(UARTIMSC, 0);
	check(came == 1, "the UART wakes the machine at its entry point");
	print("byte %c\n", (char)read_byte());
	gic_disable_shared(UART_INTID);
}

/* --- what a reset keeps --- */

static void write_pattern(void)
{
	volatile uint64_t *words = (volatile uint64_t *)PATTERN_AT;

	for (uint64_t i = 0; i < PATTERN_WORDS; i++)
		words[i] = PATTERN(i);
	dsb();
	print("pattern written\n");
}

static void look_for_pattern(void)
{
	const volatile uint64_t *words = (const volatile uint64_t *)PATTERN_AT;
	unsigned int found = 0;
	unsigned int zeros = 0;

	for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
		found += words[i] == PATTERN(i);
		zeros += words[i] == 0;
	}
	print("pattern %s\n", found == PATTERN_WORDS   ? "kept"
			      : zeros == PATTERN_WORDS ? "gone"
						       : "damaged");
}

static void obey(unsigned int command)
{
	switch (command) {
	case 'c':
		check_conventions();
		break;
	case 'm':
		check_memory();
		check_undefined();
		break;
	case 'r':
		check_any_registers();
		break;
	case 'a':
		check_at_once();
		break;
	case 's':
		check_streaming();
		break;
	case 't':
		print_costs();
		break;
	case 'u':
		check_uart_wakes();
		break;
	case 'w':
		write_pattern();
		break;
	case 'p':
		print("protected %ld\n", (long)call(PSCI_FN32_MEM_PROTECT, 1, 0, 0));
		break;
	case 'l':
		look_for_pattern();
		break;
	case 'q':
		call(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
		give_up("SYSTEM_OFF came back");
	default:
		break;
	}
}

void probe_main(void)
{
	const struct console console = { .kind = CONSOLE_SBSA, .base = CONSOLE_UART };

	console_use(&console);
	print("probe at EL%u\n", (unsigned int)(sysreg_read(CurrentEL) >> 2));
	for (;;)
		obey(read_byte());
}
