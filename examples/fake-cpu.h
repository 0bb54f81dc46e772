/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake-cpu.h - for embed.c, what a hypervisor has hardware for
 *
 * A CPU whose guest is a list of what it does, and whose interrupt is a flag, so
 * that the example runs anywhere. kvm-cpu.h has the same functions for KVM.
 */
#ifndef EXAMPLES_FAKE_CPU_H
#define EXAMPLES_FAKE_CPU_H

#include <psci/psci.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { RAM = 0x40000000, STEP_SIZE = 4 };

/** The guest's address of a step. */
#define AT(number) (RAM + STEP_SIZE * (number))

/** What an address of the guest holds. */
struct step {
	enum { HVC, UNLESS_GO_BACK, INTERRUPT } what;
	uint64_t x[4]; /**< HVC's registers; what x0 must be; a CPU's number. */
};

static const struct step guest[] = {
	/* The first life: start CPU 1, sleep until it says so, see it go, reset. */
	{ HVC, { PSCI_FN32_PSCI_VERSION } },
	{ HVC, { PSCI_FN64_CPU_ON, 1, 0x123, 0 } },
	{ HVC, { PSCI_FN64_CPU_ON, 1, AT(7), 0 } },
	{ HVC, { PSCI_FN64_CPU_SUSPEND, 0 } },
	{ HVC, { PSCI_FN64_AFFINITY_INFO, 1, 0 } },
	{ UNLESS_GO_BACK, { PSCI_AFFINITY_INFO_OFF } },
	{ HVC, { PSCI_FN32_SYSTEM_RESET } },
	/* CPU 1 */
	{ INTERRUPT, { 0 } },
	{ HVC, { PSCI_FN32_CPU_OFF } },
	/* The second life: hibernate. */
	{ HVC, { PSCI_FN64_SYSTEM_OFF2, PSCI_OFF2_TYPE_HIBERNATE_OFF, 0 } },
};

enum { GUEST_SIZE = sizeof(guest) / sizeof(guest[0]) * STEP_SIZE };

struct cpu {
	struct cpu *all; /**< The machine's, CPU 0 first. */
	uint64_t pc;
	uint64_t x0;
	pthread_mutex_t lock; /**< Guards what follows. */
	pthread_cond_t changed;
	bool kicked;
	bool interrupt;
};

static inline void cpus_create(struct cpu *cpus, unsigned int count, const char *unused)
{
	for (unsigned int i = 0; i < count; i++) {
		cpus[i] = (struct cpu){ .all = cpus };
		pthread_mutex_init(&cpus[i].lock, NULL);
		pthread_cond_init(&cpus[i].changed, NULL);
	}
}

/** Bring the board to its state at power-on; where the guest starts. */
static inline uint64_t guest_load(unsigned int life)
{
	return life == 0 ? AT(0) : AT(9);
}

static inline void cpu_start(struct cpu *cpu, const struct psci_entry *entry)
{
	cpu->pc = entry->pc;
	cpu->x0 = entry->x0;
}

static inline void cpu_set_x0(struct cpu *cpu, uint64_t value)
{
	cpu->x0 = value;
}

static inline void cpu_notify(struct cpu *cpu, bool *flag)
{
	pthread_mutex_lock(&cpu->lock);
	*flag = true;
	pthread_cond_signal(&cpu->changed);
	pthread_mutex_unlock(&cpu->lock);
}

/** Make cpu_run() or cpu_wait() return, now or the next time. From any thread. */
static inline void cpu_kick(struct cpu *cpu)
{
	cpu_notify(cpu, &cpu->kicked);
}

static inline bool cpu_take_kick(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->lock);
	const bool kicked = cpu->kicked;

	cpu->kicked = false;
	pthread_mutex_unlock(&cpu->lock);

	return kicked;
}

/** Run the guest until it makes a call, whose registers it gets, or is kicked: false. */
static inline bool cpu_run(struct cpu *cpu, struct psci_regs *regs)
{
	while (!cpu_take_kick(cpu)) {
		const struct step *step = &guest[(cpu->pc - RAM) / STEP_SIZE];

		cpu->pc += STEP_SIZE;
		switch (step->what) {
		case HVC:
			*regs = (struct psci_regs){ .aarch32 = false };
			for (int i = 0; i < 4; i++)
				regs->x[i] = step->x[i];
			return true;
		case UNLESS_GO_BACK:
			if (cpu->x0 != step->x[0])
				cpu->pc -= UINT64_C(2) * STEP_SIZE;
			break;
		case INTERRUPT:
			cpu_notify(&cpu->all[step->x[0]], &cpu->all[step->x[0]].interrupt);
			break;
		}
	}

	return false;
}

/** Wait for a kick; or, if @interruptible, for an interrupt, too: true if there is one. */
static inline bool cpu_wait(struct cpu *cpu, bool interruptible)
{
	bool interrupted;

	pthread_mutex_lock(&cpu->lock);
	while (!cpu->kicked && !(interruptible && cpu->interrupt))
		pthread_cond_wait(&cpu->changed, &cpu->lock);
	interrupted = interruptible && cpu->interrupt;
	if (interrupted)
		cpu->interrupt = false;
	cpu->kicked = false;
	pthread_mutex_unlock(&cpu->lock);

	return interrupted;
}

#endif
