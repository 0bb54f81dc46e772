/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many instructions of this machine a call takes, on a PSCI machine whose host
 * has no lock and whose kick() only returns; and that it takes hardly more with
 * 4,096 vCPUs than with one, or with two if it names another than the caller. And how
 * many a relay adds to a call.
 *
 * A child makes the call and its parent lets it go on by one instruction at a
 * time; another child calls a function that does nothing, and the difference is
 * what the call takes. That is the same on every run. It is the library's as it
 * is built for use, without sanitizers. Prints TAP.
 */
#include <psci/psci.h>
#include <psci/relay.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 4096
/* Four slots a vCPU, see SPECIFICATION.md. */
#define INDEX_SIZE (4 * MANY)
#define ENTRY 0x40000000
/* vCPUs lie at different distances from where a search begins: it is their mean. */
#define CALL_REPEAT 16

static struct psci_machine machine;
static struct psci_vcpu vcpus[MANY];
static struct psci_vcpu *slots[INDEX_SIZE];

/** Whom a call names. */
enum target {
	NOBODY,
	CALLER,
	OTHER,
	ABSENT,
};

/* The budgets are for gcc's code; clang 19 needs some instructions more. */
#ifdef __clang__
#define BUDGET(gcc) 0
#else
#define BUDGET(gcc) (gcc)
#endif

/** A call, what it must be answered, and how much it may take; 0: it need not be small. */
static const struct call {
	const char *name;
	uint32_t fid;
	enum target target;
	uint64_t x1, x2; /**< x1 counts if it names nobody. */
	int64_t answer;
	unsigned int budget;
} calls[] = {
	{ "PSCI_VERSION", PSCI_FN32_PSCI_VERSION, NOBODY, 0, 0, PSCI_VERSION_1_3, BUDGET(120) },
	{ "PSCI_FEATURES", PSCI_FN32_PSCI_FEATURES, NOBODY, PSCI_FN64_CPU_ON, 0, 0, 0 },
	{ "CPU_ON", PSCI_FN64_CPU_ON, OTHER, 0, ENTRY, PSCI_RET_SUCCESS, BUDGET(400) },
	{ "CPU_ON of its caller", PSCI_FN64_CPU_ON, CALLER, 0, ENTRY, PSCI_RET_ALREADY_ON, 0 },
	{ "AFFINITY_INFO of a vCPU", PSCI_FN64_AFFINITY_INFO, CALLER, 0, 0, PSCI_AFFINITY_INFO_ON,
	  0 },
	{ "AFFINITY_INFO of none", PSCI_FN64_AFFINITY_INFO, ABSENT, 0, 0,
	  PSCI_RET_INVALID_PARAMETERS, 0 },
};

#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

/** What a relay of one CPU takes, before and after the firmware's answer, which is 0. */
static const struct call relayed_calls[] = {
	{ "a relay's PSCI_VERSION", PSCI_FN32_PSCI_VERSION, NOBODY, 0, 0, PSCI_VERSION_1_3,
	  BUDGET(80) },
	{ "a relay's PSCI_FEATURES", PSCI_FN32_PSCI_FEATURES, NOBODY, PSCI_FN64_CPU_ON, 0, 0,
	  BUDGET(130) },
	{ "a relay's MIGRATE", PSCI_FN64_MIGRATE, NOBODY, 0, 0, 0, BUDGET(160) },
	{ "a relay's AFFINITY_INFO", PSCI_FN64_AFFINITY_INFO, CALLER, 0, 0, 0, BUDGET(230) },
	{ "a relay's CPU_ON", PSCI_FN64_CPU_ON, CALLER, 0, ENTRY, 0, BUDGET(300) },
};

#define RELAYED_COUNT (sizeof(relayed_calls) / sizeof(relayed_calls[0]))

static void die(const char *what)
{
	fprintf(stderr, "test-cost: %s\n", what);
	exit(1);
}

static void kick(void *ctx, void *vctx)
{
}

/* As KVM counts vCPUs. */
static uint64_t mpidr_of(unsigned int i)
{
	return (i & 0xf) | (uint64_t)(i >> 4 & 0xff) << 8 | (uint64_t)(i >> 12) << 16;
}

static void make_machine(unsigned int vcpu_count)
{
	static const struct psci_host host = { .size = sizeof(host), .kick = kick };
	const struct psci_config config = {
		.size = sizeof(config),
		.index = slots,
		.index_size = INDEX_SIZE,
		.host = &host,
	};

	if (psci_machine_init(&machine, &config))
		die("there is no machine");
	for (unsigned int i = 0; i < vcpu_count; i++) {
		if (psci_vcpu_init(&vcpus[i], &machine, mpidr_of(i), NULL))
			die("there is no vCPU");
	}
}

/* This vCPU is on, and no other. */
static void boot(struct psci_vcpu *vcpu)
{
	struct psci_entry entry = { .pc = ENTRY };

	psci_machine_boot(vcpu, &entry);
	if (psci_vcpu_poll(vcpu, &entry) != PSCI_NEXT_START)
		die("the vCPU does not start");
}

static enum psci_next do_nothing(struct psci_vcpu *vcpu, struct psci_regs *regs)
{
	return PSCI_NEXT_RUN;
}

/* The instructions of a process in which a vCPU calls @function, and what it exits with. */
static unsigned int count(enum psci_next (*function)(struct psci_vcpu *, struct psci_regs *),
			  struct psci_vcpu *caller, const struct psci_regs *given, int64_t answer,
			  int *status)
{
	unsigned int steps = 0;
	const pid_t child = fork();

	if (child < 0)
		die("cannot fork");
	if (child == 0) {
		struct psci_regs regs = *given;

		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(2);
		raise(SIGSTOP);
		function(caller, &regs);
		_exit(regs.x[0] != (uint64_t)answer);
	}
	while (waitpid(child, status, 0) == child && WIFSTOPPED(*status)) {
		steps++;
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL))
			die("cannot single-step");
	}

	return steps;
}

/* The call that vCPU @i makes, or the first one if there are not so many. */
static struct psci_regs regs_of(const struct call *call, unsigned int i)
{
	struct psci_regs regs = { .x = { call->fid, call->x1, call->x2 } };

	if (call->target == CALLER)
		regs.x[1] = mpidr_of(i);
	else if (call->target == OTHER)
		regs.x[1] = mpidr_of(i + 1);
	else if (call->target == ABSENT)
		regs.x[1] = mpidr_of(MANY + i);

	return regs;
}

/* What a call takes by some callers, but for its return; the answer must be right. */
static unsigned int measure(const struct call *call, unsigned int vcpu_count)
{
	const unsigned int stride = vcpu_count == MANY ? MANY / CALL_REPEAT - 1 : 0;
	unsigned int sum = 0;
	int status;

	make_machine(vcpu_count);

	const struct psci_regs any = regs_of(call, 0);
	const unsigned int nothing = count(do_nothing, &vcpus[0], &any, call->answer, &status);

	for (unsigned int i = 0; i < CALL_REPEAT; i++) {
		struct psci_vcpu *caller = &vcpus[i * stride];
		const struct psci_regs regs = regs_of(call, i * stride);

		boot(caller);
		sum += count(psci_call, caller, &regs, call->answer, &status) - nothing;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			die("a call is not answered as it should be");
	}

	return sum;
}

static struct psci_relay relay;
static struct psci_relay_cpu relay_cpu;

static void make_relay(void)
{
	static struct psci_relay_cpu *place[1];
	static const struct psci_client firmware = {
		.version = PSCI_VERSION_1_3,
		.fn32 = UINT32_MAX,
		.fn64 = UINT32_MAX,
	};
	static const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &firmware,
		.entry = ENTRY,
		.index = place,
		.index_size = 1,
	};

	if (psci_relay_init(&relay, &config) ||
	    psci_relay_cpu_init(&relay_cpu, &relay, mpidr_of(0), 0))
		die("there is no relay");
}

/* The firmware's call itself is not made. */
static enum psci_next call_relay(struct psci_vcpu *vcpu, struct psci_regs *regs)
{
	uint64_t forward[4];

	if (psci_relay_call(&relay_cpu, regs, forward) == PSCI_RELAY_FORWARD)
		psci_relay_return(&relay_cpu, regs, 0);

	return PSCI_NEXT_RUN;
}

/* Reports what a call takes of a relay. Returns whether it is not more than it may be. */
static bool report_relayed(unsigned int number, const struct call *call)
{
	const struct psci_regs regs = regs_of(call, 0);
	unsigned int taken;
	int status;

	make_relay();
	taken = count(call_relay, NULL, &regs, call->answer, &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("a relay does not answer as it should");
	taken -= count(do_nothing, NULL, &regs, call->answer, &status);

	const bool fits = !call->budget || taken <= call->budget;

	printf("%sok %u - cost: %s takes %u instructions", fits ? "" : "not ", number, call->name,
	       taken);
	if (call->budget)
		printf(", at most %u", call->budget);
	putchar('\n');

	return fits;
}

int main(void)
{
	int status = 0;

	printf("1..%zu\n", 2 * CALL_COUNT + RELAYED_COUNT);
	for (unsigned int i = 0; i < CALL_COUNT; i++) {
		const struct call *call = &calls[i];
		const unsigned int few_count = call->target == OTHER ? 2 : 1;
		const unsigned int few = measure(call, few_count);
		const unsigned int many = measure(call, MANY);
		const unsigned int worst = (few > many ? few : many) / CALL_REPEAT;
		const bool fits = !call->budget || worst <= call->budget;
		const bool level = many * 10 <= few * 11;

		printf("%sok %u - cost: %s takes %u instructions", fits ? "" : "not ", 2 * i + 1,
		       call->name, worst);
		if (call->budget)
			printf(", at most %u", call->budget);
		putchar('\n');
		printf("%sok %u - cost: %s takes %u.%02u times as much with %u vCPUs as with %u\n",
		       level ? "" : "not ", 2 * i + 2, call->name, many / few,
		       many * 100 / few % 100, MANY, few_count);
		if (!fits || !level)
			status = 1;
	}

	for (unsigned int i = 0; i < RELAYED_COUNT; i++) {
		if (!report_relayed((unsigned int)(2 * CALL_COUNT) + i + 1, &relayed_calls[i]))
			status = 1;
	}

	return status;
}
