/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest.c - a bare-metal guest that uses all of PSCI, through psci/client.h
 *
 * It asks what there is, starts the other CPUs one by one, sleeps in standby and
 * in a power-down state until its timer wakes it, and ends as a guest does that
 * has saved itself to disk. Runs on dormouse, on QEMU's virt, and on embed-el2.c:
 *
 *	dormouse run --name guest --flat guest.img --cpus 2
 *	qemu-system-aarch64 -M virt,gic-version=3 -cpu cortex-a72 -smp 2 -nographic \
 *		-kernel guest.img
 */
#include <psci/client.h>

#include <stdbool.h>
#include <stdint.h>

#include "../arch/arm64/sysreg.h"
#include "bare.h"

enum { CPU_MAX = 16, STACK_WORDS = 512 };

/** As guest-start.S has it: what to call is at the top, and the stack below. */
struct stack {
	uint64_t words[STACK_WORDS];
	void (*arrive)(const struct stack *stack);
	uint64_t unused;
};

/* Hidden: its address is found relative to here, wherever the image lies. */
extern const char guest_entry[] __attribute__((visibility("hidden")));

static struct psci_client psci;
/*
 * The boot CPU's is for its way back from power-down. All CPUs run without caches,
 * so that what one writes is there for all.
 */
static _Alignas(16) struct stack stacks[CPU_MAX];
static volatile bool arrived[CPU_MAX];

/*
 * The conduit. That it is HVC only the device tree can tell; here it is a property
 * of the machines that this guest is for.
 */
static void hvc(void *ctx, uint64_t x[4])
{
	register uint64_t x0 __asm__("x0") = x[0];
	register uint64_t x1 __asm__("x1") = x[1];
	register uint64_t x2 __asm__("x2") = x[2];
	register uint64_t x3 __asm__("x3") = x[3];

	/* SMCCC 1.0 lets a call change x0 to x17. */
	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	x[0] = x0;
}

static void say(const char *text, int64_t number)
{
	print("guest: ");
	print(text);
	print_number(number, 10);
	print("\n");
}

/* --- other CPUs --- */

static uint64_t context_of(unsigned int cpu, void (*arrive)(const struct stack *stack))
{
	stacks[cpu].arrive = arrive;

	return (uint64_t)(uintptr_t)&stacks[cpu].arrive;
}

static void secondary_arrives(const struct stack *stack)
{
	const unsigned int self = (unsigned int)(sysreg_read(mpidr_el1) & PSCI_TARGET_AFF0_MASK);

	arrived[self] = true;
	say("CPU_OFF returned ", psci_client_cpu_off(&psci));
}

/* Start each CPU, and see it turn itself off. */
static void visit_cpus(void)
{
	int64_t visited = 0;

	for (unsigned int i = 1; i < CPU_MAX; i++) {
		if (psci_client_affinity_info(&psci, i, 0) != PSCI_AFFINITY_INFO_OFF)
			break;

		const int32_t result = psci_client_cpu_on(&psci, i, (uintptr_t)guest_entry,
							  context_of(i, secondary_arrives));

		if (result != PSCI_RET_SUCCESS) {
			say("CPU_ON: ", result);
			break;
		}
		while (!arrived[i] ||
		       psci_client_affinity_info(&psci, i, 0) != PSCI_AFFINITY_INFO_OFF)
			cpu_relax();
		visited++;
	}
	say("other CPUs that came and went: ", visited);
}

/* --- sleep --- */

static void arm_timer(void)
{
	sysreg_write(cntv_tval_el0, sysreg_read(cntfrq_el0) / 20);
	sysreg_write(cntv_ctl_el0, CNT_CTL_ENABLE);
	isb();
}

/* Whether it has fired; then it is off again. */
static bool timer_fired(void)
{
	const bool fired = sysreg_read(cntv_ctl_el0) & CNT_CTL_ISTATUS;

	sysreg_write(cntv_ctl_el0, 0);
	isb();

	return fired;
}

static void hibernate(const struct stack *stack)
{
	say(stack ? "back from power-down at its entry point, timer fired: "
		  : "back behind the call, timer fired: ",
	    timer_fired());
	say("hibernates, SYSTEM_OFF2 types: ", psci.off2_types);
	/* Here a kernel would have saved its memory to disk. */
	say("still on: ", psci_client_power_off(&psci, true));
}

void guest_main(void);

void guest_main(void)
{
	/* As dormouse's idle states and Linux's device trees have them: of the core alone. */
	const uint32_t standby = 0;
	const uint32_t power_down = PSCI_POWER_STATE_TYPE_MASK;

	if (psci_client_probe(&psci, hvc, 0, true) != PSCI_OK) {
		print("guest: there is no PSCI\n");
		return;
	}
	say("PSCI major version ", psci.version >> PSCI_VERSION_MAJOR_SHIFT);
	say("PSCI minor version ", psci.version & PSCI_VERSION_MINOR_FIELD);
	visit_cpus();

	gic_enable(0, PPI_VIRTUAL_TIMER);
	arm_timer();
	say("standby: ", psci_client_cpu_suspend(&psci, standby, 0, 0));
	say("timer fired: ", timer_fired());

	arm_timer();
	/* A state that there is comes back in hibernate(), or returns, if it was not entered. */
	say("power-down: ", psci_client_cpu_suspend(&psci, power_down, (uintptr_t)guest_entry,
						    context_of(0, hibernate)));
	hibernate(0);
}
