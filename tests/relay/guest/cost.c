/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What calls cost, in instructions: on a machine whose clock counts these, QEMU's -icount
 * shift=0, where one takes a nanosecond. QEMU's own PSCI takes none.
 */
#include "../../../arch/arm64/console.h"
#include "guest.h"

#define CALLS 4096
#define NANOSECONDS UINT64_C(1000000000)

#define REPEAT(instruction)                                                                    \
	for (unsigned int i = 0; i < CALLS; i++) {                                             \
		x0 = fid;                                                                      \
		x1 = argument;                                                                 \
		x2 = entry;                                                                    \
		__asm__ volatile(instruction                                                   \
				 : "+r"(x0), "+r"(x1), "+r"(x2)::"x3", "x4", "x5", "x6", "x7", \
				   "memory");                                                  \
	}

static uint64_t now(void)
{
	isb();

	return sysreg_read(cntvct_el0);
}

/* Instructions of a call, beyond the one that makes it. */
static uint64_t cost(bool hvc, uint64_t fid, uint64_t argument, uint64_t entry)
{
	register uint64_t x0 __asm__("x0");
	register uint64_t x1 __asm__("x1");
	register uint64_t x2 __asm__("x2");
	uint64_t start = now();
	uint64_t empty;
	uint64_t full;

	REPEAT("nop")
	empty = now() - start;
	start = now();
	if (hvc)
		REPEAT("hvc #0")
	else
		REPEAT("smc #0")
	full = now() - start;

	return (full - empty) * (NANOSECONDS / sysreg_read(cntfrq_el0)) / CALLS;
}

void print_costs(void)
{
	const struct {
		const char *name;
		bool hvc;
		uint64_t fid;
		uint64_t argument;
		uint64_t entry;
	} calls[] = {
		{ "PSCI_VERSION", false, PSCI_FN32_PSCI_VERSION, 0, 0 },
		{ "PSCI_FEATURES", false, PSCI_FN32_PSCI_FEATURES, PSCI_FN64_CPU_ON, 0 },
		{ "AFFINITY_INFO", false, PSCI_FN64_AFFINITY_INFO, guest.mpidr[guest.self], 0 },
		{ "CPU_SUSPEND", false, PSCI_FN64_CPU_SUSPEND, 0x80000000, 0 },
		/* With another entry point it would not come to the firmware. */
		{ "CPU_ON", false, PSCI_FN64_CPU_ON, guest.mpidr[guest.self],
		  (uintptr_t)guest_secondary },
		{ "passed", false, SMCCC_FN32_ARCH_FEATURES, 0, 0 },
		{ "HVC", true, RELAY_FN32_UID, 0, 0 },
	};

	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		print("cost of %s: %lu\n", calls[i].name,
		      cost(calls[i].hvc, calls[i].fid, calls[i].argument, calls[i].entry));
}
