/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake-machine - the payload's tests on a fake machine, with libpsci as its PSCI
 *
 * The tests and most of the runtime are the payload's own sources, compiled for the
 * machine that builds; a CPU is a thread, a call is psci_call(), a reset is a new
 * process over the same RAM. It stands for a VMM where thousands of boots must be
 * cheap: for tests/payload/mutate, which has each mutant of libpsci served to them.
 *
 *	fake-machine IMAGE APPEND [--psci-version V] [--cpus N] [--idle-states[=clusters]]
 *		[--psci-test WORD,...]
 *
 * Options, exit statuses and what it says of ends on standard error are dormouse's.
 * Two words of --psci-test are not: default-power-down, and third-state, which is a
 * third power state of a core. Threads: a vCPU's state is its own thread's, but for what
 * its lock guards.
 */
#include <psci/psci.h>
#include <psci/smccc-arch.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../payload/runtime/smp.h"
#include "fake-machine.h"
#include "fake-sysreg.h"

#define RAM_FD "FAKE_RAM"
#define INDEX_SIZE (2 * CPU_MAX)
#define GARBAGE 0xa5
/* Each time that a CPU was off makes its stack deeper. */
#define STACK_SIZE ((size_t)64 << 20)
#define CLUSTERS_MAX 4
#define STATUS_HIBERNATED 3

static struct psci_machine machine;
static struct psci_vcpu *vcpu_index[INDEX_SIZE];
static struct psci_domain clusters[CLUSTERS_MAX];
static struct psci_stat stats[(CPU_MAX + CLUSTERS_MAX) * STATES_MAX];
struct vcpu vcpus[CPU_MAX];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t machine_lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static _Atomic bool held;
static char **arguments;

void payload_main(const void *fdt);
void secondary_main(uint64_t index, const struct arrival *arrival);
extern const char secondary_entry[];

static _Noreturn void refuse(const char *what)
{
	fprintf(stderr, "fake-machine: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A promise that libpsci gives its host is broken: the machine ends as no machine should. */
static void demand(bool kept, const char *promise)
{
	if (kept)
		return;
	fprintf(stderr, "fake-machine: libpsci has promised: %s\n", promise);
	abort();
}

/* --- what libpsci asks of its host --- */

static void on_kick(void *ctx, void *vctx)
{
	struct vcpu *vcpu = vctx;

	pthread_mutex_lock(&vcpu->lock);
	vcpu->kicked = true;
	vcpu->kicks++;
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
}

static bool on_entry_ok(void *ctx, uint64_t ipa)
{
	demand(ipa % 4 == 0, "entry_ok() has an address that is one of an instruction");

	return ipa >= PROGRAM_BASE && ipa < RAM_BASE + RAM_SIZE;
}

static bool on_start_ok(void *ctx, void *vctx)
{
	const struct vcpu *vcpu = vctx;

	return vcpu->index == 0 || vcpu->index != options.failing_cpu;
}

static uint64_t on_now(void *ctx)
{
	return fake_count() / 1000;
}

static bool on_memory_ok(void *ctx, uint64_t base, uint64_t length)
{
	demand(length && length - 1 <= UINT64_MAX - base, "memory_ok() has a range");

	return base >= RAM_BASE && length <= RAM_SIZE && base - RAM_BASE <= RAM_SIZE - length;
}

static int32_t on_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	return options.vendor_reset;
}

/* Somebody was told of the CPU that is held ON_PENDING: it may go. */
static void on_trace(void *ctx, const struct psci_trace *call)
{
	const uint32_t fid = (uint32_t)call->x[0];
	const uint64_t target = fid == PSCI_FN32_CPU_ON ? (uint32_t)call->x[1] : call->x[1];

	if ((fid != PSCI_FN32_CPU_ON && fid != PSCI_FN64_CPU_ON) || !options.held_cpu ||
	    (int64_t)call->result != PSCI_RET_ON_PENDING ||
	    target != fake_affinity(options.held_cpu))
		return;
	atomic_store(&held, false);
	on_kick(NULL, &vcpus[options.held_cpu]);
}

static void on_lock(void *ctx)
{
	bool locked;

	/* Who waits for the lock has the turn: a CPU that calls again and again gets in line. */
	pthread_mutex_lock(&turn);
	locked = pthread_mutex_lock(&machine_lock) == 0;
	pthread_mutex_unlock(&turn);
	demand(locked, "no thread locks twice");
}

static void on_unlock(void *ctx)
{
	demand(pthread_mutex_unlock(&machine_lock) == 0, "who unlocks has locked");
}

static struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = on_kick,
	.entry_ok = on_entry_ok,
	.start_ok = on_start_ok,
	.now = on_now,
	.memory_ok = on_memory_ok,
	.trace = on_trace,
	.lock = on_lock,
	.unlock = on_unlock,
};

/* --- how a life ends --- */

/* Of the RAM that a former life has left; -1 if this is the first one. */
static long ram_fd(void)
{
	const char *number = getenv(RAM_FD);

	return number ? strtol(number, NULL, 10) : -1;
}

static _Noreturn void begin_again(bool keep_memory)
{
	const int fd = (int)ram_fd();

	if (!keep_memory && (ftruncate(fd, 0) || ftruncate(fd, (off_t)RAM_SIZE)))
		refuse("its RAM");
	execv("/proc/self/exe", arguments);
	refuse("/proc/self/exe");
}

static unsigned int kicks_of(struct vcpu *vcpu)
{
	unsigned int kicks;

	pthread_mutex_lock(&vcpu->lock);
	kicks = vcpu->kicks;
	pthread_mutex_unlock(&vcpu->lock);

	return kicks;
}

/* Of the caller's last call: how often the others had been kicked before it. */
static _Thread_local unsigned int kicks_before[CPU_MAX];

static void count_kicks(void)
{
	for (unsigned int i = 0; i < options.cpu_count; i++)
		kicks_before[i] = kicks_of(&vcpus[i]);
}

/* Who is not told runs on, which the end of this process would hide. */
static void demand_kicks(void)
{
	for (unsigned int i = 0; i < options.cpu_count; i++)
		demand(i == self->index || kicks_of(&vcpus[i]) != kicks_before[i],
		       "who stops the machine has all others kicked");
}

/* The first that learns of it says so, and the others do nothing any more. */
static _Noreturn void end_life(void)
{
	static atomic_flag told;
	const struct psci_event event = psci_machine_event(&machine);
	const struct vcpu *caller = event.vctx;

	if (caller == self)
		demand_kicks();
	while (atomic_flag_test_and_set(&told))
		pause();
	switch (event.kind) {
	case PSCI_EVENT_OFF:
		fprintf(stderr, "off: SYSTEM_OFF, from vCPU %u\n", caller->index);
		_exit(0);
	case PSCI_EVENT_OFF2:
		fprintf(stderr, "hibernated: SYSTEM_OFF2, from vCPU %u\n", caller->index);
		_exit(event.type <= PSCI_OFF2_TYPE_HIBERNATE_OFF ? STATUS_HIBERNATED : 1);
	case PSCI_EVENT_RESET:
		fprintf(stderr, "resetting: SYSTEM_RESET, from vCPU %u\n", caller->index);
		begin_again(false);
	case PSCI_EVENT_RESET2:
		fprintf(stderr, "resetting: SYSTEM_RESET2, from vCPU %u\n", caller->index);
		begin_again(event.type == PSCI_RESET2_TYPE_SYSTEM_WARM_RESET &&
			    !event.overwrite_memory);
	case PSCI_EVENT_NONE:
	case PSCI_EVENT_SUSPEND:
		break;
	}
	fprintf(stderr, "fake-machine: the machine stopped without a reason\n");
	_exit(1);
}

/* --- running a CPU --- */

/* From reset, or from a power-down state: it does not come back. */
static _Noreturn void arrive(const struct psci_entry *entry)
{
	const struct arrival arrival = {
		.x0 = entry->x0,
		.current_el = CURRENT_EL_EL1,
		.daif = DAIF_ALL,
		.spsel = 1,
		.sctlr = SCTLR_EL1_RES1 | (entry->big_endian ? SCTLR_EE : 0),
	};

	if (!entry->wake)
		self->registers[FAKE_cntv_ctl_el0] = 0;
	self->masked = true;
	if (entry->pc == (uintptr_t)secondary_entry)
		secondary_main(self->index, &arrival);
	else if (entry->pc == PROGRAM_BASE)
		payload_main(NULL);
	/* It is lost. */
	for (;;)
		pause();
}

static bool is_held(void)
{
	return self->index && self->index == options.held_cpu && atomic_load(&held);
}

/* It is off. What it did before stays on its stack: a start may go on there. */
static _Noreturn void stay_off(void)
{
	struct psci_entry entry;

	for (;;) {
		switch (is_held() ? PSCI_NEXT_WAIT : psci_vcpu_poll(&self->psci, &entry)) {
		case PSCI_NEXT_START:
			demand(!entry.wake, "who was off starts from reset");
			arrive(&entry);
		case PSCI_NEXT_WAIT:
			wait_for_change(false);
			break;
		case PSCI_NEXT_EXIT:
			end_life();
		case PSCI_NEXT_RUN:
		case PSCI_NEXT_SLEEP:
		case PSCI_NEXT_SYSTEM_SUSPEND:
			fprintf(stderr, "fake-machine: CPU %u has nowhere to go on\n", self->index);
			_exit(1);
		}
	}
}

/* Where there is nothing that could end it, whoever looks on is told of it. */
static void tell_of_suspend(void)
{
	const struct psci_event event = psci_machine_event(&machine);

	demand(event.kind == PSCI_EVENT_SUSPEND, "who suspends the machine is told of it");
	fprintf(stderr, "suspended: SYSTEM_SUSPEND, from vCPU %u\n",
		((const struct vcpu *)event.vctx)->index);
	for (int i = 0; i < 4 && !self->enabled; i++)
		dprintf(STDOUT_FILENO, "# state: suspended\n");
}

/* Comes back if the CPU goes on behind its call. */
static void obey(enum psci_next next)
{
	struct psci_entry entry;

	for (;;) {
		switch (next) {
		case PSCI_NEXT_RUN:
			return;
		case PSCI_NEXT_START:
			demand(entry.wake, "who was not off is not reset");
			arrive(&entry);
		case PSCI_NEXT_WAIT:
			stay_off();
		case PSCI_NEXT_SLEEP:
		case PSCI_NEXT_SYSTEM_SUSPEND:
			next = wait_for_change(true) ? psci_vcpu_wake(&self->psci, &entry)
						     : psci_vcpu_poll(&self->psci, &entry);
			break;
		case PSCI_NEXT_EXIT:
			end_life();
		}
	}
}

static uint64_t make_call(const uint64_t x[4], bool big_endian)
{
	/* SMCCC 1.1. */
	static const struct psci_smccc smccc = { .version = 0 };
	struct psci_regs regs = { .x = { x[0], x[1], x[2], x[3] }, .big_endian = big_endian };
	enum psci_next next;

	if (psci_smccc_call(&smccc, &regs))
		return regs.x[0];
	count_kicks();
	next = psci_call(&self->psci, &regs);
	if (next == PSCI_NEXT_SYSTEM_SUSPEND)
		tell_of_suspend();
	obey(next);
	take_interrupts_unmasked();

	return regs.x[0];
}

void call_registers(struct call *call, bool hvc)
{
	memcpy(call->out, call->in, sizeof(call->out));
	call->out[0] = make_call(call->in, false);
}

uint64_t call_vectors(uint64_t fid, uint64_t x1, const void *in, void *out, bool hvc)
{
	memcpy(out, in, 32 * 16);

	return make_call((const uint64_t[]){ fid, x1, 0, 0 }, false);
}

int64_t call_big_endian(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, bool hvc)
{
	return (int64_t)make_call((const uint64_t[]){ x0, x1, x2, x3 }, true);
}

/* A kick too many, which must be harmless: some VMM has a reason of its own for it. */
void fake_kick(void)
{
	struct psci_entry entry;

	obey(psci_vcpu_poll(&self->psci, &entry));
}

static void *live(void *vcpu)
{
	self = vcpu;
	stay_off();
}

/* --- the machine --- */

static void add_cpus(void)
{
	pthread_condattr_t monotonic;
	int err = 0;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (unsigned int i = 0; options.clusters && i <= (options.cpu_count - 1) >> 4; i++)
		err |= psci_domain_init(&clusters[i], &machine, 1, NULL);
	for (unsigned int i = 0; i < options.cpu_count; i++) {
		vcpus[i].index = i;
		pthread_mutex_init(&vcpus[i].lock, NULL);
		pthread_cond_init(&vcpus[i].changed, &monotonic);
		err |= psci_vcpu_init(&vcpus[i].psci, &machine, fake_affinity(i), &vcpus[i]);
		if (options.clusters)
			err |= psci_vcpu_place(&vcpus[i].psci, &clusters[i >> 4]);
	}
	if (options.denied_cpu)
		err |= psci_vcpu_set_availability(&vcpus[options.denied_cpu].psci,
						  PSCI_VCPU_DENIED);
	if (options.disabled_cpu)
		err |= psci_vcpu_set_availability(&vcpus[options.disabled_cpu].psci,
						  PSCI_VCPU_DISABLED);
	if (err)
		refuse("its CPUs");
}

static void create(void)
{
	const size_t slots = index_slots();
	struct psci_config config = {
		.size = sizeof(config),
		.version = options.version == PSCI_VERSION_1_3 ? 0 : options.version,
		.enable_functions = enabled_functions(),
		.hide_on_pending = !options.on_pending,
		.index = vcpu_index,
		.index_size = slots,
		.host = &host,
	};

	const struct psci_vcpu *behind;

	/* What the library is handed may hold anything. */
	memset(&machine, GARBAGE, sizeof(machine));
	memset((void *)vcpu_index, GARBAGE, sizeof(vcpu_index));
	memset(clusters, GARBAGE, sizeof(clusters));
	memset(stats, GARBAGE, sizeof(stats));
	for (unsigned int i = 0; i < CPU_MAX; i++)
		memset(&vcpus[i].psci, GARBAGE, sizeof(vcpus[i].psci));
	describe_states();
	if (options.idle_states) {
		config.idle_states = idle_states;
		config.idle_state_count =
			options.clusters ? STATES_MAX : CPU_STATES + (size_t)options.third_state;
		config.extended_state_id = options.extended_state_id;
		config.stats = stats;
		config.stat_count = sizeof(stats) / sizeof(stats[0]);
	}
	if (options.trusted_os) {
		config.trusted_os = options.trusted_os_fixed ? PSCI_TRUSTED_OS_FIXED
							     : PSCI_TRUSTED_OS_MIGRATABLE;
		host.migrate = on_start_ok;
	}
	if (options.vendor_reset)
		host.vendor_reset = on_vendor_reset;
	atomic_store(&held, options.held_cpu != 0);
	behind = vcpu_index[slots];
	if (psci_machine_init(&machine, &config))
		refuse("its PSCI");
	add_cpus();
	demand(vcpu_index[slots] == behind, "it writes nothing behind its index");
}

/* The same at the same place in all its lives. */
static void map_ram(void)
{
	char number[16];
	int fd = (int)ram_fd();

	if (fd < 0) {
		fd = memfd_create("ram", 0);
		if (fd < 0 || ftruncate(fd, (off_t)RAM_SIZE))
			refuse("its RAM");
		snprintf(number, sizeof(number), "%d", fd);
		setenv(RAM_FD, number, 1);
	}
	/* The address is free: the program is below, all else far above. */
	if (mmap((void *)(uintptr_t)RAM_BASE, RAM_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		refuse("its RAM");
}

int main(int argc, char **argv)
{
	const struct psci_entry entry = { .pc = PROGRAM_BASE };
	pthread_attr_t roomy;

	arguments = argv;
	/* Whoever has it run may be told to stop. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	read_options(argc, argv);
	map_ram();
	create();
	if (psci_machine_boot(&vcpus[0].psci, &entry))
		refuse("its boot");
	pthread_attr_init(&roomy);
	pthread_attr_setstacksize(&roomy, STACK_SIZE);
	for (unsigned int i = 0; i < options.cpu_count; i++) {
		errno = pthread_create(&vcpus[i].thread, &roomy, live, &vcpus[i]);
		if (errno)
			refuse("a thread");
	}
	for (;;)
		pause();
}
