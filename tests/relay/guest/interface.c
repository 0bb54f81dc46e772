/* SPDX-License-Identifier: BSD-3-Clause */
/* What the monitor answers to HVC. */
#include "guest.h"

#define TRACE_CPU(x2) ((x2) >> 32)
#define TRACE_KIND(x2) ((uint32_t)(x2))

static bool is_not_supported(uint64_t answer)
{
	because("it answers %lx", answer);

	return answer == (uint64_t)SMCCC_RET_NOT_SUPPORTED;
}

/* A PSCI call, and what the newest record says of it, on whichever CPU. */
static uint64_t is_traced(unsigned int cpu)
{
	uint64_t x[CALL_REGISTERS];
	uint64_t next;
	const uint64_t answer = smc(PSCI_FN64_AFFINITY_INFO, guest.mpidr[cpu], 0, 0);

	call(CALL_HVC, x, RELAY_FN64_TRACE, UINT64_MAX, 0, 0);
	next = x[1];
	for (uint64_t i = 1; i <= 64 && i <= next; i++) {
		if (call(CALL_HVC, x, RELAY_FN64_TRACE, next - i, 0, 0) != SMCCC_RET_SUCCESS)
			continue;
		if (TRACE_CPU(x[2]) != cpu)
			continue;
		because("kind %u, x0 %lx, x1 %lx, result %lx", TRACE_KIND(x[2]), x[3], x[4], x[6]);

		return TRACE_KIND(x[2]) == RELAY_TRACE_FORWARDED &&
		       x[3] == PSCI_FN64_AFFINITY_INFO && x[4] == guest.mpidr[cpu] &&
		       x[6] == answer;
	}

	return false;
}

static void test_trace(void)
{
	uint64_t x[CALL_REGISTERS];
	uint64_t answer;

	judge(is_traced(guest.self), "the trace ring has the CPU's last call and its answer");
	for (unsigned int i = 0; i < guest.cpu_count; i++) {
		if (i != guest.self && !on_cpu(i, is_traced)) {
			judge(false, "the trace ring knows which CPU called");

			return;
		}
	}
	judge(on_all(is_traced) == guest.cpu_count,
	      "the trace ring keeps apart CPUs that call at once");
	for (unsigned int i = 0; i < 2 * RELAY_TRACE_SIZE; i++)
		smc(PSCI_FN32_PSCI_VERSION, 0, 0, 0);
	answer = call(CALL_HVC, x, RELAY_FN64_TRACE, 0, 0, 0);
	because("the answer is %lx, the next record %lu", answer, x[1]);
	judge(answer == (uint64_t)SMCCC_RET_INVALID_PARAMETER && x[1] > 2 * RELAY_TRACE_SIZE,
	      "a record that has been overwritten is INVALID_PARAMETER");
}

static void test_counters(void)
{
	uint64_t x[CALL_REGISTERS];
	const uint64_t answered = counter(RELAY_COUNTER_ANSWERED);
	const uint64_t forwarded = counter(RELAY_COUNTER_FORWARDED);
	const uint64_t passed = counter(RELAY_COUNTER_PASSED);
	const uint64_t calls = counter(RELAY_COUNTER_HVC);

	smc(PSCI_FN64_AFFINITY_INFO, guest.mpidr[guest.self], 0, 0);
	judge(counter(RELAY_COUNTER_FORWARDED) == forwarded + 1,
	      "a call that the firmware gets is counted as forwarded");
	smc(PSCI_FN32_BASE + PSCI_FN_COUNT - 1, 0, 0, 0);
	judge(counter(RELAY_COUNTER_ANSWERED) == answered + 1,
	      "a call that the firmware does not get is counted as answered");
	smc(SMCCC_FN32_ARCH_FEATURES, 0, 0, 0);
	judge(counter(RELAY_COUNTER_PASSED) == passed + 1,
	      "a call that is not PSCI's is counted as passed");
	judge(counter(RELAY_COUNTER_HVC) == calls + 4, "each HVC is counted, too");
	judge(call(CALL_HVC, x, RELAY_FN64_COUNTER, RELAY_COUNTER_COUNT, 0, 0) ==
		      (uint64_t)SMCCC_RET_INVALID_PARAMETER,
	      "a counter that does not exist is INVALID_PARAMETER");
}

void test_interface(void)
{
	uint64_t x[CALL_REGISTERS];

	call(CALL_HVC, x, RELAY_FN32_UID, 0, 0, 0);
	because("it is %lx %lx %lx %lx", x[0], x[1], x[2], x[3]);
	judge(x[0] == RELAY_UID_0 && x[1] == RELAY_UID_1 && x[2] == RELAY_UID_2 &&
		      x[3] == RELAY_UID_3 && kept(x, 4),
	      "HVC has the relay's UID and keeps x4 to x30");
	call(CALL_HVC, x, RELAY_FN32_REVISION, 0, 7, 7);
	judge(x[0] == RELAY_REVISION_MAJOR && x[1] == RELAY_REVISION_MINOR && x[2] == 7 &&
		      kept(x, 4),
	      "HVC has the interface's revision");
	judge(call(CALL_HVC, x, UINT64_C(0xffffffff00000000) | RELAY_FN32_REVISION, 0, 0, 0) ==
		      RELAY_REVISION_MAJOR,
	      "the upper half of x0 is no part of the function id");
	test_counters();
	judge(is_not_supported(call(CALL_HVC, x, PSCI_FN32_PSCI_VERSION, 1, 2, 3)) && kept(x, 4) &&
		      x[1] == 1 && x[2] == 2 && x[3] == 3,
	      "an HVC of PSCI is NOT_SUPPORTED and changes x0 only");
	judge(is_not_supported(call(CALL_HVC_1, x, RELAY_FN32_UID, 1, 2, 3)) && kept(x, 4) &&
		      x[1] == 1,
	      "an HVC with an immediate that is not 0 is NOT_SUPPORTED");
	test_trace();
}
