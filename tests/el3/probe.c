/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A next stage that looks at psci-el3 from below, and prints TAP: whether its memory can be
 * accessed, whether any registers have an answer, and, with -icount, what calls cost.
 */
#include <psci/abi.h>
#include <psci/smccc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/frame.h"
#include "../../arch/arm64/give-up.h"
#include "../../arch/arm64/sysreg.h"
#include "../../el3/layout.h"

/* From probe-start.S. */
void probe_main(void);
void probe_exception(struct frame *frame);
uint64_t probe_calls(uint64_t times, uint32_t fid, uint64_t argument);
void probe_smc(uint64_t x[4]);
void probe_smc_1(uint64_t x[4]);
extern const char probe_secondary[];

#define TIMES 256
/* -icount shift=0: one instruction takes 1 ns, and the counter has 62.5 MHz. */
#define INSTRUCTIONS_PER_TICK 16
/* Of a round, the loop's own: all but the SMC. */
#define LOOP 6
#define ROUNDS 16

#define ESR_EC_DATA_ABORT 0x25
#define ESR_EXTERNAL_ABORT 0x10

static unsigned int number;
static bool expected;
static volatile uint64_t syndrome;

static void check(bool passed, const char *sentence)
{
	print("%sok %u - %s\n", passed ? "" : "not ", ++number, sentence);
}

static int64_t call(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	uint64_t x[4] = { x0, x1, x2, x3 };

	probe_smc(x);

	return (int64_t)x[0];
}

_Noreturn void give_up(const char *format, ...)
{
	print("Bail out! %s\n", format);
	call(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}

void probe_exception(struct frame *frame)
{
	if (!expected) {
		print("# ESR %lx ELR %lx FAR %lx\n", frame->esr, frame->elr, frame->far);
		give_up("an exception that was not provoked");
	}
	syndrome = frame->esr;
	frame->elr += 4;
}

/* --- the monitor's memory --- */

static bool is_refused(void)
{
	return (syndrome >> ESR_EC_SHIFT & ESR_EC_MASK) == ESR_EC_DATA_ABORT &&
	       (syndrome & 0x3f) == ESR_EXTERNAL_ABORT;
}

static bool write_refused(uintptr_t address)
{
	syndrome = 0;
	expected = true;
	__asm__ volatile("str %0, [%1]\n\tdsb sy" ::"r"(UINT64_C(0)), "r"(address) : "memory");
	expected = false;

	return is_refused();
}

static bool read_refused(uintptr_t address)
{
	uint64_t value;

	syndrome = 0;
	expected = true;
	__asm__ volatile("ldr %0, [%1]\n\tdsb sy" : "=&r"(value) : "r"(address) : "memory");
	expected = false;

	return is_refused();
}

static void check_memory(void)
{
	static const uintptr_t places[] = {
		FLASH_BASE,
		FLASH_BASE + 0x1000,
		SECURE_RAM_BASE,
		SECURE_RAM_BASE + 0x1000,
		SECURE_RAM_BASE + SECURE_RAM_SIZE / 2,
		SECURE_RAM_BASE + SECURE_RAM_SIZE - 8,
		SECURE_UART,
		SECURE_GPIO_BASE,
	};
	bool written = false;
	bool read = false;
	bool entered = false;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		written = written || !write_refused(places[i]);
		read = read || !read_refused(places[i]);
		entered = entered || call(PSCI_FN64_CPU_ON, 1, places[i] & ~UINT64_C(3), 0) !=
					     PSCI_RET_INVALID_ADDRESS;
	}
	check(!written, "the monitor's memory and devices cannot be written");
	check(!read, "nor read");
	check(!entered, "no CPU starts in them");
	check(call(PSCI_FN64_MEM_PROTECT_CHECK_RANGE, SECURE_RAM_BASE, 0x1000, 0) ==
		      PSCI_RET_DENIED,
	      "they are no range of MEM_PROTECT_CHECK_RANGE");
}

/* --- calls --- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;

	return *state;
}

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

/* Random registers, and of each id in the ranges of SMCCC's owners: an answer comes. */
static void check_any_registers(void)
{
	uint64_t state = 0x9e3779b97f4a7c15;
	bool known = false;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t fid = next_random(&state);

		if (i & 1)
			fid = (fid & 0xff00ffff) | SMCCC_FAST_CALL_MASK;
		if (ends((uint32_t)fid))
			continue;
		known |= call(fid, next_random(&state), next_random(&state), next_random(&state)) ==
			 PSCI_VERSION_1_3;
	}
	for (uint32_t owner = 0; owner < 64; owner++) {
		const uint32_t fid = SMCCC_FAST_CALL_MASK | owner << SMCCC_OWNER_SHIFT | 0xff42;

		known |= call(fid, 0, 0, 0) != PSCI_RET_NOT_SUPPORTED;
		known |= call(fid & ~SMCCC_FAST_CALL_MASK, 0, 0, 0) != PSCI_RET_NOT_SUPPORTED;
	}
	check(!known, "calls that nobody knows are NOT_SUPPORTED, whatever the registers hold");
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
	print("# workarounds: %ld %ld %ld\n",
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_1, 0, 0),
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_2, 0, 0),
	      (long)call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_WORKAROUND_3, 0, 0));
	check(call(SMCCC_FN32_ARCH_FEATURES, SMCCC_FN32_ARCH_SOC_ID, 0, 0) ==
		      SMCCC_RET_NOT_SUPPORTED,
	      "what is not there is not announced");
}

/* --- costs --- */

static uint64_t least_cost(uint32_t fid, uint64_t argument)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t ticks = probe_calls(TIMES, fid, argument);

		if (ticks < least)
			least = ticks;
	}

	return least * INSTRUCTIONS_PER_TICK / TIMES - LOOP;
}

/* From the call to the other CPU's first instruction. */
static uint64_t start_cost(void)
{
	static volatile uint64_t there;
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t here;

		there = 0;
		dsb();
		here = sysreg_read(cntvct_el0);
		if (call(PSCI_FN64_CPU_ON, 1, (uintptr_t)probe_secondary, (uintptr_t)&there))
			return 0;
		while (call(PSCI_FN64_AFFINITY_INFO, 1, 0, 0) != PSCI_AFFINITY_INFO_OFF)
			cpu_relax();
		if (there - here < least)
			least = there - here;
	}

	return least * INSTRUCTIONS_PER_TICK;
}

static void print_costs(void)
{
	print("# cost PSCI_VERSION %lu\n", (unsigned long)least_cost(PSCI_FN32_PSCI_VERSION, 0));
	print("# cost PSCI_FEATURES %lu\n",
	      (unsigned long)least_cost(PSCI_FN32_PSCI_FEATURES, PSCI_FN32_CPU_ON));
	print("# cost AFFINITY_INFO %lu\n", (unsigned long)least_cost(PSCI_FN64_AFFINITY_INFO, 0));
	print("# cost CPU_ON %lu\n", (unsigned long)start_cost());
}

void probe_main(void)
{
	const struct console console = { .kind = CONSOLE_SBSA, .base = CONSOLE_UART };

	console_use(&console);
	print("TAP version 14\n# probe at EL%u\n", (unsigned int)(sysreg_read(CurrentEL) >> 2));
	check_conventions();
	check_memory();
	check_any_registers();
	print_costs();
	print("1..%u\n", number);
	call(PSCI_FN32_SYSTEM_OFF, 0, 0, 0);
	give_up("SYSTEM_OFF came back");
}
