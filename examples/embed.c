/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * embed.c - the smallest complete host of libpsci
 *
 * A machine with two vCPUs, each on a thread of its own, which lives until its
 * guest hibernates. What its CPUs are is in fake-cpu.h, which runs anywhere; or,
 * compiled with -DWITH_KVM, in kvm-cpu.h, and this is a small VMM. All else is as in
 * any host; docs/embedding.md goes through it step by step.
 *
 *	cc embed.c $(pkg-config --cflags --libs libpsci) -pthread && ./a.out
 */
/* doc: includes */
#include <psci/psci.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef WITH_KVM
#include "kvm-cpu.h"
#else
#include "fake-cpu.h"
#endif
/* doc: end */

/* doc: describe */
/* 2 to 16 vCPUs; the index has a power of two of slots, at least as many. */
enum { VCPU_COUNT = 2, INDEX_SIZE = 16 };

struct vcpu {
	struct psci_vcpu psci;
	struct cpu *cpu; /**< What the hypervisor knows it by. */
	unsigned int number;
	pthread_t thread;
};

struct machine {
	struct psci_machine psci;
	struct psci_vcpu *index[INDEX_SIZE]; /**< The library's. */
	pthread_mutex_t lock; /**< So is this, through the callbacks. */
	struct vcpu vcpus[VCPU_COUNT];
	struct cpu cpus[VCPU_COUNT];
};
/* doc: end */

/* doc: callbacks */
static void on_kick(void *ctx, void *vctx)
{
	const struct vcpu *vcpu = vctx;

	cpu_kick(vcpu->cpu);
}

static bool on_entry_ok(void *ctx, uint64_t ipa)
{
	return ipa >= RAM && ipa - RAM < GUEST_SIZE;
}

static void on_lock(void *ctx)
{
	struct machine *machine = ctx;

	pthread_mutex_lock(&machine->lock);
}

static void on_unlock(void *ctx)
{
	struct machine *machine = ctx;

	pthread_mutex_unlock(&machine->lock);
}

static const struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = on_kick,
	.entry_ok = on_entry_ok,
	.lock = on_lock,
	.unlock = on_unlock,
};
/* doc: end */

/* doc: init */
static bool machine_init(struct machine *machine, const char *guest_image)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.index = machine->index,
		.index_size = INDEX_SIZE,
		.host = &host,
		.ctx = machine,
	};

	if (psci_machine_init(&machine->psci, &config)) {
		fprintf(stderr, "embed: %s\n", psci_config_problem(&config));
		return false;
	}
	pthread_mutex_init(&machine->lock, NULL);
	cpus_create(machine->cpus, VCPU_COUNT, guest_image);
	for (unsigned int i = 0; i < VCPU_COUNT; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];
		int err;

		*vcpu = (struct vcpu){ .cpu = &machine->cpus[i], .number = i };
		/* The affinity that the guest finds in MPIDR_EL1: up to 15, its number. */
		err = psci_vcpu_init(&vcpu->psci, &machine->psci, i, vcpu);
		if (err) {
			fprintf(stderr, "embed: vCPU %u: %s\n", i, psci_strerror(err));
			return false;
		}
	}

	return true;
}
/* doc: end */

/* doc: call */
static enum psci_next serve_call(struct vcpu *vcpu, struct psci_regs *regs)
{
	const char *name = psci_function_name((uint32_t)regs->x[0]);
	const enum psci_next next = psci_call(&vcpu->psci, regs);

	if (next != PSCI_NEXT_WAIT && next != PSCI_NEXT_EXIT) {
		cpu_set_x0(vcpu->cpu, regs->x[0]);
		printf("vCPU %u: %s: %d\n", vcpu->number, name ? name : "no call of PSCI",
		       (int)regs->x[0]);
	} else {
		printf("vCPU %u: %s\n", vcpu->number, name ? name : "no call of PSCI");
	}

	return next;
}
/* doc: end */

/* doc: loop */
static void *vcpu_thread(void *arg)
{
	struct vcpu *vcpu = arg;
	struct psci_regs regs;
	struct psci_entry entry;
	enum psci_next next = psci_vcpu_poll(&vcpu->psci, &entry);

	for (;;) {
		switch (next) {
		case PSCI_NEXT_START:
			printf("vCPU %u: starts at %#jx\n", vcpu->number, (uintmax_t)entry.pc);
			cpu_start(vcpu->cpu, &entry);
			next = PSCI_NEXT_RUN;
			break;
		case PSCI_NEXT_RUN:
			next = cpu_run(vcpu->cpu, &regs) ? serve_call(vcpu, &regs)
							 : psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_WAIT:
			cpu_wait(vcpu->cpu, false);
			next = psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_SLEEP:
		case PSCI_NEXT_SYSTEM_SUSPEND: /* Only if it is enabled. */
			next = cpu_wait(vcpu->cpu, true) ? psci_vcpu_wake(&vcpu->psci, &entry)
							 : psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_EXIT:
			return NULL;
		}
	}
}
/* doc: end */

/* doc: life */
/* From power-on or reset to the end that the guest asks for. */
static struct psci_event machine_live(struct machine *machine, uint64_t pc)
{
	const struct psci_entry entry = { .pc = pc };

	psci_machine_boot(&machine->vcpus[0].psci, &entry);
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		pthread_create(&machine->vcpus[i].thread, NULL, vcpu_thread, &machine->vcpus[i]);
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		pthread_join(machine->vcpus[i].thread, NULL);

	return psci_machine_event(&machine->psci);
}
/* doc: end */

/* doc: main */
int main(int argc, char **argv)
{
	static struct machine machine;
	struct psci_event event;
	unsigned int life = 0;

	if (!machine_init(&machine, argc > 1 ? argv[1] : NULL))
		return EXIT_FAILURE;
	do
		event = machine_live(&machine, guest_load(life++));
	while (event.kind == PSCI_EVENT_RESET || event.kind == PSCI_EVENT_RESET2);
	/* After a hibernation, the owner of the guest keeps its disks unchanged. */
	printf("machine: %s\n", event.kind == PSCI_EVENT_OFF2 ? "hibernated" : "off");

	return EXIT_SUCCESS;
}
/* doc: end */
