/* SPDX-License-Identifier: BSD-3-Clause */
/* SMCs: what is kept, what the firmware does not get, and any register value. */
#include "../../bare/random.h"
#include "guest.h"

#define ROUNDS 20000
#define FFA_VERSION 0x84000063
#define FFA_RXTX_MAP 0xc4000066
#define SDEI_EVENT_REGISTER 0xc4000021
#define SIP_CALL 0xc2000042
#define EC_UNKNOWN 0
#define EC_STEP 0x33

static uint64_t reached_firmware(void)
{
	return counter(RELAY_COUNTER_FORWARDED) + counter(RELAY_COUNTER_PASSED);
}

static bool is_not_supported(uint64_t answer)
{
	because("it answers %lx", answer);

	return answer == (uint64_t)SMCCC_RET_NOT_SUPPORTED;
}

/* Returns whether a call is NOT_SUPPORTED and the firmware never sees it. */
static bool is_refused(unsigned int kind, uint64_t x0)
{
	uint64_t x[CALL_REGISTERS];
	const uint64_t before = reached_firmware();
	const uint64_t answer = call(kind, x, x0, 1, 2, 3);

	return is_not_supported(answer) && x[1] == 1 && x[2] == 2 && x[3] == 3 && kept(x, 4) &&
	       reached_firmware() == before;
}

/* Functions after which this CPU, or the machine, would not be here. */
static bool may_try(uint32_t fid)
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
		return false;
	default:
		return true;
	}
}

/* A number that looks like a function id now and then. */
static uint64_t random_id(uint64_t *state)
{
	const uint64_t number = random_number(state);
	const uint64_t upper = number & UINT64_C(0xffffffff00000000);

	switch (number & 7) {
	case 0:
		return number;
	case 1:
	case 2:
	case 3:
		return upper | PSCI_FN32_BASE | (number >> 8 & 0x4000003f);
	case 4:
		return upper | SMCCC_FN32_VERSION | (number >> 8 & 0x4000000f);
	case 5:
		return upper | (number >> 8 & 0xff01ffff) | SMCCC_FAST_CALL_MASK;
	case 6:
		return upper | RELAY_FN32_UID | (number >> 8 & 3);
	default:
		return upper | RELAY_FN64_COUNTER | (number >> 8 & 3);
	}
}

/* Returns how many calls changed a register that they must keep. */
static uint64_t try_any(unsigned int cpu)
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15) * (cpu + 1);
	uint64_t x[CALL_REGISTERS];
	uint64_t changed = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t id = random_id(&state);
		const unsigned int kind = random_number(&state) & 3;

		if (kind == CALL_SMC && !may_try((uint32_t)id))
			continue;
		call(kind, x, id, random_number(&state), random_number(&state),
		     random_number(&state) & 0xff);
		if (!kept(x, 18))
			changed++;
	}

	return changed;
}

static void test_at_el0(void)
{
	because("ESR is %lx, %lx, %lx, %lx", el0_syndromes.smc, el0_syndromes.hvc,
		el0_syndromes.smc_32, el0_syndromes.smc_eq_32);
	judge(el0_syndromes.smc >> ESR_EC_SHIFT == EC_UNKNOWN &&
		      el0_syndromes.hvc >> ESR_EC_SHIFT == EC_UNKNOWN,
	      "SMC and HVC at EL0 are undefined");
	/* One that is not executed may be undefined, too, or nothing: then SVC comes. */
	if (el0_syndromes.smc_32 != UINT64_MAX)
		judge(el0_syndromes.smc_32 >> ESR_EC_SHIFT == EC_UNKNOWN,
		      "SMC of AArch32 at EL0 is undefined");
}

static void test_step(void)
{
	const uint64_t esr = exception_of(step_over_smc, PSCI_FN32_PSCI_VERSION);

	because("ESR is %lx, ELR %lx", esr, exception_address());
	judge(esr >> ESR_EC_SHIFT == EC_STEP && exception_address() == (uintptr_t)behind_smc,
	      "a single step over an SMC ends behind it");
}

void test_calls(void)
{
	uint64_t x[CALL_REGISTERS];
	uint64_t answer;

	test_at_el0();
	test_step();
	judge(is_refused(CALL_SMC_1, PSCI_FN32_PSCI_VERSION),
	      "an SMC with an immediate that is not 0 is NOT_SUPPORTED");
	judge(is_refused(CALL_SMC_1, PSCI_FN32_SYSTEM_OFF),
	      "an SMC with an immediate that is not 0 does not turn the machine off");
	judge(is_refused(CALL_SMC, FFA_VERSION) && is_refused(CALL_SMC, FFA_RXTX_MAP),
	      "FF-A, which can share the monitor's memory, does not reach the firmware");
	judge(is_refused(CALL_SMC, SDEI_EVENT_REGISTER),
	      "SDEI, which takes an entry point, does not reach the firmware");
	answer = call(CALL_SMC, x, SIP_CALL, 1, 2, 3);
	judge(is_not_supported(answer) && x[1] == 1 && x[2] == 2 && x[3] == 3 && kept(x, 4),
	      "a vendor's call gets the firmware's answer, and all other registers are kept");
	answer = call(CALL_SMC, x, PSCI_FN64_AFFINITY_INFO, guest.mpidr[guest.self], 0, 77);
	because("it answers %lx", answer);
	judge(answer == 0 && x[1] == guest.mpidr[guest.self] && x[2] == 0 && x[3] == 77 &&
		      kept(x, 4),
	      "a PSCI call changes x0 only");
	judge(on_all(try_any) == 0,
	      "whatever all CPUs call at once, x18 to x30 are kept and all calls return");
}
