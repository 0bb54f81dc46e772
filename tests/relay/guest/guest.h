/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's test at EL1: its parts, as they know each other. */
#ifndef TESTS_RELAY_GUEST_H
#define TESTS_RELAY_GUEST_H

#define CPU_MAX 8
#define STACK_SIZE 8192

/* enum call_kind, for assembly, too. */
#define CALL_SMC 0
#define CALL_HVC 1
#define CALL_SMC_1 2 /* An immediate that is not 0. */
#define CALL_HVC_1 3

#define CALL_REGISTERS 31

#ifndef __ASSEMBLER__

#include <psci/abi.h>
#include <psci/smccc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../arch/arm64/frame.h"
#include "../../../arch/arm64/sysreg.h"
#include "../../../arch/arm64/tree.h"
#include "../../../relay/hvc.h"

/** What start.S found at the entry of the image. */
struct arrival {
	uint64_t x[4];
	uint64_t current_el;
	uint64_t daif;
	uint64_t spsel;
	uint64_t sctlr;
};

/** Syndromes of what was tried at EL0; all ones where there is no AArch32. */
struct el0_syndromes {
	uint64_t smc;
	uint64_t hvc;
	uint64_t smc_32;
	uint64_t smc_eq_32;
};

struct guest {
	unsigned int cpu_count;
	uint64_t mpidr[CPU_MAX]; /**< In the order of the device tree. */
	unsigned int self; /**< The CPU that booted. */
	struct region monitor; /**< As the device tree reserves it. */
	bool no_map;
	bool costs; /**< Asked for by bootargs. */
};

extern struct arrival arrival;
extern struct el0_syndromes el0_syndromes;
extern struct guest guest;

/** start.S and call.S */
extern const char guest_secondary[];
void call_registers(uint64_t x[CALL_REGISTERS], unsigned int kind);
void step_over_smc(uint64_t x0);
extern const char behind_smc[];

/** One line of TAP; a reason follows if it failed. */
void judge(bool ok, const char *sentence);
void because(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A call with sentinels in x4 to x30, of which @x gets all afterwards. */
uint64_t call(unsigned int kind, uint64_t x[CALL_REGISTERS], uint64_t x0, uint64_t x1, uint64_t x2,
	      uint64_t x3);

/** Whether registers @first to x30 are what call() put there. */
bool kept(const uint64_t x[CALL_REGISTERS], unsigned int first);

/** An SMC or HVC of which only x0 matters. */
uint64_t smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/** A sum of the monitor's. */
uint64_t counter(enum relay_counter which);

/** Do something that may be an exception; returns its syndrome, or 0 if there was none. */
uint64_t exception_of(void (*act)(uint64_t address), uint64_t address);
uint64_t exception_address(void);

/** On one other CPU, from CPU_ON to CPU_OFF. Returns what @work returned. */
uint64_t on_cpu(unsigned int cpu, uint64_t (*work)(unsigned int cpu));

/** On all CPUs at once; the sum of what @work returned. */
uint64_t on_all(uint64_t (*work)(unsigned int cpu));

/** As on_all(), without @absent, which does what set_life() says if it is turned on. */
uint64_t on_all_but(unsigned int absent, uint64_t (*work)(unsigned int cpu));
void set_life(unsigned int cpu, uint64_t (*work)(unsigned int cpu));

void test_protection(void);
void test_interface(void);
void test_calls(void);
void test_races(void);
void test_features(void);

/** What calls cost, instead of tests: bootargs "cost". */
void print_costs(void);

#endif

#endif
