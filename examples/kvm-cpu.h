/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm-cpu.h - with it in place of fake-cpu.h, embed.c is a VMM
 *
 * vCPUs of KVM on arm64, Linux 6.4 or newer, with RAM, a GICv3 and a console that
 * prints: enough for guest.c, whose image is the one argument. If an
 * ioctl fails, the program prints which one and exits.
 *
 *	cc -DWITH_KVM embed.c $(pkg-config --cflags --libs libpsci) -pthread
 */
#ifndef EXAMPLES_KVM_CPU_H
#define EXAMPLES_KVM_CPU_H

#include <psci/psci.h>
#include <psci/smccc.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* What headers before Linux 6.4 lack. */
#ifndef KVM_ARM_VM_SMCCC_CTRL
#define KVM_ARM_VM_SMCCC_CTRL 0
#define KVM_ARM_VM_SMCCC_FILTER 0
#define KVM_SMCCC_FILTER_FWD_TO_USER 2
struct kvm_smccc_filter {
	uint32_t base;
	uint32_t nr_functions;
	uint8_t action;
	uint8_t pad[15];
};
#endif

#define RAM UINT64_C(0x40000000)
#define GUEST_SIZE UINT64_C(0x04000000)
#define GUEST_START UINT64_C(0x40080000)
#define UART UINT64_C(0x09000000)

#define REGISTER_X(n) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.regs[n]))
#define REGISTER_PC \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc))
#define REGISTER_PSTATE \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pstate))
#define REGISTER_SCTLR_EL1 ARM64_SYS_REG(3, 0, 1, 0, 0)
#define SCTLR_EL1_M_C_I UINT64_C(0x1005)
#define SCTLR_EL1_EE (UINT64_C(1) << 25)
#define PSTATE_EL1H_MASKED UINT64_C(0x3c5)

struct cpu {
	int fd;
	struct kvm_run *run;
	struct kvm_vcpu_init init;
	pthread_mutex_t lock; /**< Guards what follows. */
	pthread_cond_t changed;
	pthread_t runner; /**< While running. */
	bool running;
	bool kicked;
};

static const char *guest_name;
static void *guest_ram;
static _Thread_local struct kvm_run *volatile current_run;

static inline int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "embed-kvm: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static inline uint64_t cpu_get(const struct cpu *cpu, uint64_t id)
{
	uint64_t value = 0;
	const struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	must(ioctl(cpu->fd, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");

	return value;
}

static inline void cpu_set(const struct cpu *cpu, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	must(ioctl(cpu->fd, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

/* doc: kick */
static void on_signal(int number)
{
	if (current_run)
		current_run->immediate_exit = 1;
}

/** Make cpu_run() or cpu_wait() return, now or the next time. From any thread. */
static inline void cpu_kick(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->lock);
	cpu->kicked = true;
	pthread_cond_signal(&cpu->changed);
	if (cpu->running)
		pthread_kill(cpu->runner, SIGUSR1);
	pthread_mutex_unlock(&cpu->lock);
}

/* Whether the guest may be entered: there is no kick. From now on one brings a signal. */
static inline bool cpu_begin(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->lock);
	cpu->run->immediate_exit = 0;
	cpu->running = !cpu->kicked;
	cpu->kicked = false;
	cpu->runner = pthread_self();
	current_run = cpu->run;

	const bool may_run = cpu->running;

	pthread_mutex_unlock(&cpu->lock);

	return may_run;
}

static inline void cpu_end(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->lock);
	cpu->running = false;
	pthread_mutex_unlock(&cpu->lock);
}

/*
 * KVM_RUN, until KVM has something to say (true) or there is a kick (false). A kick
 * after cpu_begin() ends KVM_RUN, or has set immediate_exit before that begins.
 */
static inline bool cpu_enter(struct cpu *cpu)
{
	while (cpu_begin(cpu)) {
		const int result = ioctl(cpu->fd, KVM_RUN, 0);
		const int err = errno;

		cpu_end(cpu);
		if (result == 0)
			return true;
		errno = err;
		must(err == EINTR ? 0 : -1, "KVM_RUN");
	}

	return false;
}
/* doc: end */

/* Whole lines, since the other vCPU's thread has messages, too. */
static inline void print_byte(char byte)
{
	static _Thread_local char line[128];
	static _Thread_local size_t length;

	line[length++] = byte;
	if (byte == '\n' || length == sizeof(line)) {
		fwrite(line, 1, length, stdout);
		length = 0;
	}
}

static inline void on_mmio(struct kvm_run *run)
{
	/* Reading as zero says that the UART has room. */
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
	else if (run->mmio.phys_addr == UART)
		print_byte((char)run->mmio.data[0]);
}

/* doc: run */
/** Run the guest until it makes a call, whose registers it gets, or is kicked: false. */
static inline bool cpu_run(struct cpu *cpu, struct psci_regs *regs)
{
	while (cpu_enter(cpu)) {
		switch (cpu->run->exit_reason) {
		case KVM_EXIT_MMIO:
			on_mmio(cpu->run);
			break;
		case KVM_EXIT_HYPERCALL:
			*regs = (struct psci_regs){ .x = { cpu->run->hypercall.nr } };
			for (unsigned int i = 1; i <= psci_arg_count((uint32_t)regs->x[0]); i++)
				regs->x[i] = cpu_get(cpu, REGISTER_X(i));
			regs->big_endian = cpu_get(cpu, REGISTER_SCTLR_EL1) & SCTLR_EL1_EE;
			return true;
		default:
			errno = ENOTSUP;
			must(-1, "what the guest did");
		}
	}

	return false;
}

static inline void cpu_set_x0(struct cpu *cpu, uint64_t value)
{
	cpu_set(cpu, REGISTER_X(0), value);
}
/* doc: end */

/* doc: start */
static inline void cpu_start(struct cpu *cpu, const struct psci_entry *entry)
{
	uint64_t sctlr;

	/* A vCPU that wakes was never off: INIT would clear the timer that woke it. */
	if (!entry->wake)
		must(ioctl(cpu->fd, KVM_ARM_VCPU_INIT, &cpu->init), "KVM_ARM_VCPU_INIT");
	sctlr = cpu_get(cpu, REGISTER_SCTLR_EL1) & ~(SCTLR_EL1_M_C_I | SCTLR_EL1_EE);
	cpu_set(cpu, REGISTER_SCTLR_EL1, sctlr | (entry->big_endian ? SCTLR_EL1_EE : 0));
	cpu_set(cpu, REGISTER_PSTATE, PSTATE_EL1H_MASKED);
	cpu_set(cpu, REGISTER_PC, entry->pc);
	cpu_set(cpu, REGISTER_X(0), entry->x0);
}
/* doc: end */

/* doc: wait */
static inline void cpu_set_state(struct cpu *cpu, uint32_t state)
{
	const struct kvm_mp_state mp_state = { .mp_state = state };

	must(ioctl(cpu->fd, KVM_SET_MP_STATE, &mp_state), "KVM_SET_MP_STATE");
}

/** Wait for a kick; or, if @interruptible, for an interrupt, too: true if there is one. */
static inline bool cpu_wait(struct cpu *cpu, bool interruptible)
{
	bool interrupted;

	if (interruptible) {
		/* KVM's GIC knows what wakes. The state stays until it is set anew. */
		cpu_set_state(cpu, KVM_MP_STATE_SUSPENDED);
		interrupted = cpu_enter(cpu);
		cpu_set_state(cpu, KVM_MP_STATE_RUNNABLE);

		return interrupted;
	}

	pthread_mutex_lock(&cpu->lock);
	while (!cpu->kicked)
		pthread_cond_wait(&cpu->changed, &cpu->lock);
	cpu->kicked = false;
	pthread_mutex_unlock(&cpu->lock);

	return false;
}
/* doc: end */

/* --- the board --- */

/* doc: forward */
/* Before any vCPU runs. Bit 16 is SVE's hint, and KVM compares all bits. */
static inline void forward_psci(int vm)
{
	static const uint32_t bases[] = {
		PSCI_FN32_BASE,
		PSCI_FN64_BASE,
		PSCI_FN32_BASE | SMCCC_SVE_HINT_MASK,
		PSCI_FN64_BASE | SMCCC_SVE_HINT_MASK,
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		const struct kvm_smccc_filter filter = {
			.base = bases[i],
			.nr_functions = PSCI_FN_COUNT,
			.action = KVM_SMCCC_FILTER_FWD_TO_USER,
		};
		const struct kvm_device_attr attr = {
			.group = KVM_ARM_VM_SMCCC_CTRL,
			.attr = KVM_ARM_VM_SMCCC_FILTER,
			.addr = (uintptr_t)&filter,
		};

		must(ioctl(vm, KVM_SET_DEVICE_ATTR, &attr), "KVM_ARM_VM_SMCCC_FILTER");
	}
}
/* doc: end */

static inline void create_gic(int vm)
{
	struct kvm_create_device gic = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	const uint64_t bases[] = { 0x08000000, 0x080a0000 };
	const struct kvm_device_attr attrs[] = {
		{ 0, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, (uintptr_t)&bases[0] },
		{ 0, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST,
		  (uintptr_t)&bases[1] },
		{ 0, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0 },
	};

	must(ioctl(vm, KVM_CREATE_DEVICE, &gic), "KVM_CREATE_DEVICE of a GICv3");
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		must(ioctl((int)gic.fd, KVM_SET_DEVICE_ATTR, &attrs[i]), "setting up the GICv3");
}

static inline void cpus_create(struct cpu *cpus, unsigned int count, const char *guest)
{
	const int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	const int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	const size_t run_size =
		(size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	const struct sigaction action = { .sa_handler = on_signal };

	guest_name = guest;
	guest_ram =
		mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(guest_ram == MAP_FAILED ? -1 : 0, "the guest's memory");

	const struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM,
		.memory_size = GUEST_SIZE,
		.userspace_addr = (uintptr_t)guest_ram,
	};

	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	must(sigaction(SIGUSR1, &action, NULL), "sigaction");
	for (unsigned int i = 0; i < count; i++) {
		struct cpu *cpu = &cpus[i];

		cpu->fd = must(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");
		cpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
		must(cpu->run == MAP_FAILED ? -1 : 0, "a vCPU's page");
		must(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &cpu->init), "KVM_ARM_PREFERRED_TARGET");
		cpu->init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
		must(ioctl(cpu->fd, KVM_ARM_VCPU_INIT, &cpu->init), "KVM_ARM_VCPU_INIT");
		pthread_mutex_init(&cpu->lock, NULL);
		pthread_cond_init(&cpu->changed, NULL);
	}
	create_gic(vm);
	forward_psci(vm);
}

/**
 * Bring the board to its state at power-on; where the guest starts. The GIC stays as
 * it is, which KVM cannot reset: a VMM makes a new VM in its place, as dormouse does.
 */
static inline uint64_t guest_load(unsigned int life)
{
	FILE *image = fopen(guest_name ? guest_name : "", "rb");

	must(image ? 0 : -1, "the guest's image");
	memset(guest_ram, 0, GUEST_SIZE);
	must(fread((char *)guest_ram + (GUEST_START - RAM), 1, GUEST_SIZE - (GUEST_START - RAM),
		   image) > 0
		     ? 0
		     : -1,
	     "the guest's image");
	fclose(image);

	return GUEST_START;
}

#endif
