/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * embed-record.c - a machine moves to another host, with what PSCI knows of it
 *
 * It is caught while one vCPU sleeps in a power-down state and the other has been
 * started but has not run. Registers and memory, which a real host moves as well,
 * are left out, and so are threads, hence the lock.
 *
 *	cc embed-record.c $(pkg-config --cflags --libs libpsci) && ./a.out
 */
#include <psci/psci.h>
#include <psci/state.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { VCPU_COUNT = 2, INDEX_SIZE = 16, POWER_DOWN = PSCI_POWER_STATE_TYPE_MASK };

struct machine {
	struct psci_machine psci;
	struct psci_vcpu *index[INDEX_SIZE];
	struct psci_vcpu vcpus[VCPU_COUNT];
};

static void on_kick(void *ctx, void *vctx)
{
	/* No thread waits: the only one polls in any case. */
}

static const struct psci_host host = { .size = sizeof(struct psci_host), .kick = on_kick };

/* doc: idle-states */
/* The guest's device tree lists the same values as arm,psci-suspend-param. */
static const struct psci_idle_state idle_states[] = {
	{ .power_state = 0, .depth = { 1 } },
	{ .power_state = POWER_DOWN, .depth = { PSCI_DEPTH_OFF } },
};
/* doc: end */

static void check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "embed-record: %s\n", psci_strerror(err));
	exit(EXIT_FAILURE);
}

static void machine_init(struct machine *machine)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.index = machine->index,
		.index_size = INDEX_SIZE,
		.host = &host,
		.idle_states = idle_states,
		.idle_state_count = sizeof(idle_states) / sizeof(idle_states[0]),
	};

	if (psci_machine_init(&machine->psci, &config)) {
		fprintf(stderr, "embed-record: %s\n", psci_config_problem(&config));
		exit(EXIT_FAILURE);
	}
	for (unsigned int i = 0; i < VCPU_COUNT; i++)
		check(psci_vcpu_init(&machine->vcpus[i], &machine->psci, i, &machine->vcpus[i]));
}

static void call(struct psci_vcpu *vcpu, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct psci_regs regs = { .x = { x0, x1, x2, x3 } };

	psci_call(vcpu, &regs);
	printf("source: %s: %d\n", psci_function_name((uint32_t)x0), (int)regs.x[0]);
}

/* doc: save */
/* With all vCPUs stopped. The record is the caller's to free. */
static void *machine_save(struct machine *machine, size_t *size)
{
	*size = psci_machine_save_size(&machine->psci);

	void *record = malloc(*size);

	if (record)
		check(psci_machine_save(&machine->psci, record, *size));

	return record;
}
/* doc: end */

/* doc: restore */
/* On a machine that was made as the saved one was. Then every vCPU polls. */
static void machine_restore(struct machine *machine, const void *record, size_t size)
{
	machine_init(machine);
	check(psci_machine_restore(&machine->psci, record, size));
}
/* doc: end */

static const char *name_of(enum psci_next next)
{
	switch (next) {
	case PSCI_NEXT_RUN:
		return "RUN";
	case PSCI_NEXT_START:
		return "START";
	case PSCI_NEXT_WAIT:
		return "WAIT";
	case PSCI_NEXT_SLEEP:
		return "SLEEP";
	case PSCI_NEXT_SYSTEM_SUSPEND:
		return "SYSTEM_SUSPEND";
	case PSCI_NEXT_EXIT:
		return "EXIT";
	}

	return "?";
}

int main(void)
{
	static struct machine source;
	static struct machine destination;
	struct psci_entry entry = { .pc = 0x40000000 };
	size_t size;
	void *record;

	machine_init(&source);
	check(psci_machine_boot(&source.vcpus[0], &entry));
	psci_vcpu_poll(&source.vcpus[0], &entry);
	call(&source.vcpus[0], PSCI_FN64_CPU_ON, 1, 0x40001000, 0x11);
	call(&source.vcpus[0], PSCI_FN64_CPU_SUSPEND, POWER_DOWN, 0x40002000, 0x22);
	record = machine_save(&source, &size);

	machine_restore(&destination, record, size);
	free(record);
	printf("destination: vCPU 0: %s\n", name_of(psci_vcpu_poll(&destination.vcpus[0], &entry)));
	printf("destination: vCPU 1: %s", name_of(psci_vcpu_poll(&destination.vcpus[1], &entry)));
	printf(" at %#jx with %#jx\n", (uintmax_t)entry.pc, (uintmax_t)entry.x0);
	/* The interrupt that vCPU 0 waits for comes here. */
	printf("destination: vCPU 0: %s", name_of(psci_vcpu_wake(&destination.vcpus[0], &entry)));
	printf(" at %#jx with %#jx%s\n", (uintmax_t)entry.pc, (uintmax_t)entry.x0,
	       entry.wake ? ", not reset" : "");

	return EXIT_SUCCESS;
}
