/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * calls COUNT CALL - calls of libpsci's in a machine of COUNT vCPUs
 *
 * Makes one of the calls in `calls` CALLS times, each about another vCPU if there
 * are so many. For valgrind's callgrind, which counts the instructions beneath
 * measured_call(); see tests/bench/library. The host has no lock. Exits 0 if each
 * call was answered as it should be.
 */
#include <psci/abi.h>
#include <psci/psci.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 64
#define ENTRY 0x40080000ULL

/* Whom a call is about. */
enum target { NOBODY, PRESENT, ABSENT };

static const struct call {
	const char *name;
	uint64_t fid;
	enum target target;
	uint64_t x1; /* If it is about nobody. */
	uint64_t x2;
	int64_t answer;
} calls[] = {
	{ "PSCI_VERSION", PSCI_FN32_PSCI_VERSION, NOBODY, 0, 0, PSCI_VERSION_1_3 },
	{ "PSCI_FEATURES", PSCI_FN32_PSCI_FEATURES, NOBODY, PSCI_FN64_CPU_ON, 0, 0 },
	{ "AFFINITY_INFO-hit", PSCI_FN64_AFFINITY_INFO, PRESENT, 0, 0, PSCI_AFFINITY_INFO_OFF },
	{ "AFFINITY_INFO-miss", PSCI_FN64_AFFINITY_INFO, ABSENT, 0, 0,
	  PSCI_RET_INVALID_PARAMETERS },
	{ "CPU_ON", PSCI_FN64_CPU_ON, PRESENT, 0, ENTRY, PSCI_RET_SUCCESS },
};

static void on_kick(void *ctx, void *vctx)
{
}

static const struct psci_host host = { .size = sizeof(struct psci_host), .kick = on_kick };

/* As KVM gives them: 16 to a group. */
static uint64_t mpidr(size_t i)
{
	return (i & 0xf) | (i >> 4 & 0xff) << 8 | (i >> 12 & 0xff) << 16;
}

/* Where callgrind counts. */
__attribute__((noinline)) void measured_call(struct psci_vcpu *vcpu, struct psci_regs *regs);

void measured_call(struct psci_vcpu *vcpu, struct psci_regs *regs)
{
	(void)psci_call(vcpu, regs);
}

static int make_machine(struct psci_machine *machine, struct psci_vcpu *vcpus,
			struct psci_vcpu **index, size_t count)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.index = index,
		.index_size = 2 * count,
		.host = &host,
	};
	const struct psci_entry entry = { .pc = ENTRY };
	struct psci_entry started;

	if (psci_machine_init(machine, &config) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (psci_vcpu_init(&vcpus[i], machine, mpidr(i), &vcpus[i]) != 0)
			return -1;
	psci_machine_boot(&vcpus[0], &entry);

	return psci_vcpu_poll(&vcpus[0], &started) == PSCI_NEXT_START ? 0 : -1;
}

/* Off again, if it is on. */
static void turn_off(struct psci_vcpu *vcpu)
{
	struct psci_regs regs = { .x = { PSCI_FN32_CPU_OFF } };
	struct psci_entry entry;

	if (psci_vcpu_poll(vcpu, &entry) == PSCI_NEXT_START)
		(void)psci_call(vcpu, &regs);
}

/* Returns whether the answer is right. */
static bool make_call(const struct call *call, struct psci_vcpu *vcpus, size_t count, size_t nth)
{
	/* vCPU 0 calls. */
	const size_t target = 1 + nth * (count - 1) / CALLS;
	struct psci_regs regs = { .x = { call->fid, call->x1, call->x2 } };

	if (call->target == PRESENT)
		regs.x[1] = mpidr(target);
	else if (call->target == ABSENT)
		regs.x[1] = mpidr(target) | (uint64_t)(nth + 1) << 32;
	measured_call(&vcpus[0], &regs);
	turn_off(&vcpus[target]);
	if ((int64_t)regs.x[0] == call->answer)
		return true;
	fprintf(stderr, "calls: %s was answered with %lld\n", call->name, (long long)regs.x[0]);

	return false;
}

static int run(const struct call *call, size_t count)
{
	struct psci_machine machine;
	struct psci_vcpu *vcpus = calloc(count, sizeof(*vcpus));
	struct psci_vcpu **index =
		(struct psci_vcpu **)calloc(2 * count, sizeof(struct psci_vcpu *));
	bool good = vcpus && index && make_machine(&machine, vcpus, index, count) == 0;

	if (!good)
		fprintf(stderr, "calls: there is no machine of %zu vCPUs\n", count);
	for (size_t i = 0; i < CALLS && good; i++)
		good = make_call(call, vcpus, count, i);
	free(vcpus);
	free((void *)index);

	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	const size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	for (size_t i = 0; count >= 2 && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, argv[2]) == 0)
			return run(&calls[i], count);
	fprintf(stderr, "Usage: calls COUNT CALL, with COUNT a power of two from 2 on\n");

	return 2;
}
