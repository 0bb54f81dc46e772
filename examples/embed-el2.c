/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * embed-el2.c - the same host as embed.c, as a hypervisor on the bare machine
 *
 * It owns EL2 of a board with two CPUs, and runs one vCPU at EL1 of each. A call of
 * the guest, by HVC or SMC, traps; a kick is an SGI; WAIT and SLEEP are WFI. Calls to
 * the firmware below go through psci/client.h. The guest, guest.c or any other, lies
 * at 0x40200000 and has the board's devices for itself.
 *
 *	qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu cortex-a72 \
 *		-smp 2 -m 3G -nographic -kernel embed-el2.elf \
 *		-device loader,file=guest.img,addr=0x40200000,force-raw=on
 */
#include "el2.h"

#include <psci/client.h>
#include <psci/psci.h>
#include <psci/smccc-arch.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../arch/arm64/sysreg.h"
#include "bare.h"

enum { GUEST_RAM = 0x40000000, GUEST_RAM_SIZE = 0x40000000, GUEST_START = 0x40200000 };

/** What guest_enter() loads into a CPU, and saves again. */
struct guest {
	uint64_t x[31];
	uint64_t pc;
	uint64_t pstate;
};

_Static_assert(__builtin_offsetof(struct guest, pc) == GUEST_PC, "el2-start.S relies on it");

struct vcpu {
	struct psci_vcpu psci;
	struct guest guest;
	unsigned int cpu; /**< The one that runs it, now and always. */
	bool timer_active; /**< The guest's timer interrupt has been acknowledged here. */
};

extern const char el2_secondary[];
int guest_enter(struct guest *guest);
void el2_main(uint64_t cpu);
_Noreturn void el2_fault(void);

static struct psci_client firmware;
static struct psci_machine machine;
static struct psci_vcpu *vcpu_index[16]; /* A power of two, at least CPU_COUNT. */
static struct vcpu vcpus[CPU_COUNT];
static atomic_flag machine_lock = ATOMIC_FLAG_INIT;

/* --- what the library calls --- */

/* doc: callbacks */
static void on_kick(void *ctx, void *vctx)
{
	const struct vcpu *vcpu = vctx;

	gic_kick(vcpu->cpu);
}

static bool on_entry_ok(void *ctx, uint64_t ipa)
{
	return ipa - GUEST_RAM < GUEST_RAM_SIZE;
}

static void on_lock(void *ctx)
{
	while (atomic_flag_test_and_set_explicit(&machine_lock, memory_order_acquire))
		cpu_relax();
}

static void on_unlock(void *ctx)
{
	atomic_flag_clear_explicit(&machine_lock, memory_order_release);
}
/* doc: end */

static const struct psci_host host = {
	.size = sizeof(struct psci_host),
	.kick = on_kick,
	.entry_ok = on_entry_ok,
	.lock = on_lock,
	.unlock = on_unlock,
};

/* SMCCC 1.1, which zero means, and no functions beyond the two calls. */
static const struct psci_smccc smccc = { .version = 0 };

/* Of CPU_SUSPEND: what a guest's device tree would list. */
static const struct psci_idle_state idle_states[] = {
	{ .power_state = 0, .depth = { 1 } },
	{ .power_state = PSCI_POWER_STATE_TYPE_MASK, .depth = { PSCI_DEPTH_OFF } },
};

/* --- one vCPU --- */

/* doc: enter */
static void guest_start(struct guest *guest, const struct psci_entry *entry)
{
	if (entry->wake) {
		/* It was never off: its timer, and all other registers, stay. */
		sysreg_write(sctlr_el1,
			     sysreg_read(sctlr_el1) & ~(uint64_t)(SCTLR_M | SCTLR_C | SCTLR_I));
	} else {
		*guest = (struct guest){ .pc = 0 };
		sysreg_write(sctlr_el1,
			     SCTLR_EL1_RES1 | (entry->big_endian ? SCTLR_EE | SCTLR_E0E : 0));
		sysreg_write(cntv_ctl_el0, 0);
	}
	guest->x[0] = entry->x0;
	guest->pc = entry->pc;
	guest->pstate = SPSR_EL1H | DAIF_ALL;
}
/* doc: end */

/*
 * Take the interrupt that is pending, if any: whether it was the guest's. The timer's
 * stays active, or it would come again before the guest could do anything about
 * it; a hypervisor with interrupts of its own hands it on in a list register.
 */
static bool take_interrupt(struct vcpu *vcpu)
{
	const unsigned int intid = gic_acknowledge();

	if (intid >= INTID_NONE)
		return false;
	gic_drop_priority(intid);
	if (intid == PPI_VIRTUAL_TIMER) {
		vcpu->timer_active = true;

		return true;
	}
	gic_deactivate(intid);

	return false;
}

/* doc: wait */
/*
 * A kick that came after the vCPU was polled is pending, and ends WFI at once. So does
 * the guest's timer, once the interrupt of last time is over.
 */
static bool wait_for_interrupt(struct vcpu *vcpu)
{
	if (vcpu->timer_active)
		gic_deactivate(PPI_VIRTUAL_TIMER);
	vcpu->timer_active = false;
	wfi();

	return take_interrupt(vcpu);
}
/* doc: end */

/* doc: trap */
static enum psci_next serve_trap(struct vcpu *vcpu)
{
	struct guest *guest = &vcpu->guest;
	const uint64_t syndrome = sysreg_read(esr_el2);
	struct psci_regs regs = {
		.x = { guest->x[0], guest->x[1], guest->x[2], guest->x[3] },
		.big_endian = sysreg_read(sctlr_el1) & SCTLR_EE,
	};
	enum psci_next next;

	switch (syndrome >> ESR_EC_SHIFT & ESR_EC_MASK) {
	case ESR_EC_SMC64:
		guest->pc += 4; /* It was trapped before; HVC is after. */
		break;
	case ESR_EC_HVC64:
		break;
	default:
		el2_fault();
	}
	/* No software below answers SMCCC_VERSION, which PSCI_FEATURES announces. */
	if (psci_smccc_call(&smccc, &regs))
		next = PSCI_NEXT_RUN;
	else
		next = psci_call(&vcpu->psci, &regs);
	if (next != PSCI_NEXT_WAIT && next != PSCI_NEXT_EXIT)
		guest->x[0] = regs.x[0];

	return next;
}
/* doc: end */

static void vcpu_live(struct vcpu *vcpu)
{
	struct psci_entry entry;
	enum psci_next next = psci_vcpu_poll(&vcpu->psci, &entry);

	for (;;) {
		switch (next) {
		case PSCI_NEXT_START:
			guest_start(&vcpu->guest, &entry);
			next = PSCI_NEXT_RUN;
			break;
		case PSCI_NEXT_RUN:
			if (guest_enter(&vcpu->guest) == EXIT_TRAP) {
				next = serve_trap(vcpu);
				break;
			}
			take_interrupt(vcpu);
			next = psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_WAIT:
			wait_for_interrupt(vcpu);
			next = psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_SLEEP:
		case PSCI_NEXT_SYSTEM_SUSPEND: /* Only if it is enabled. */
			next = wait_for_interrupt(vcpu) ? psci_vcpu_wake(&vcpu->psci, &entry)
							: psci_vcpu_poll(&vcpu->psci, &entry);
			break;
		case PSCI_NEXT_EXIT:
			return;
		}
	}
}

/* --- the machine --- */

/* The conduit to the firmware. */
static void smc(void *ctx, uint64_t x[4])
{
	register uint64_t x0 __asm__("x0") = x[0];
	register uint64_t x1 __asm__("x1") = x[1];
	register uint64_t x2 __asm__("x2") = x[2];
	register uint64_t x3 __asm__("x3") = x[3];

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	x[0] = x0;
}

_Noreturn void el2_fault(void)
{
	print("el2: cannot go on, ESR ");
	print_number((int64_t)sysreg_read(esr_el2), 16);
	print(", ELR ");
	print_number((int64_t)sysreg_read(elr_el2), 16);
	print("\n");
	psci_client_power_off(&firmware, false);
	for (;;)
		wfi();
}

/* Returns NULL, or what is wrong. */
static const char *machine_init(void)
{
	const struct psci_config config = {
		.size = sizeof(config),
		.index = vcpu_index,
		.index_size = sizeof(vcpu_index) / sizeof(vcpu_index[0]),
		.host = &host,
		.idle_states = idle_states,
		.idle_state_count = sizeof(idle_states) / sizeof(idle_states[0]),
	};
	int err = psci_machine_init(&machine, &config);

	if (err)
		return psci_config_problem(&config);
	for (unsigned int i = 0; i < CPU_COUNT && !err; i++) {
		vcpus[i].cpu = i;
		err = psci_vcpu_init(&vcpus[i].psci, &machine, i, &vcpus[i]);
	}

	return err ? psci_strerror(err) : NULL;
}

/* CPU 0 sets all up before the others are started. */
static void begin(void)
{
	const struct psci_entry entry = { .pc = GUEST_START };
	const char *problem = machine_init();

	if (!problem && psci_client_probe(&firmware, smc, NULL, true))
		problem = "the firmware has no PSCI";
	if (problem) {
		print("el2: ");
		print(problem);
		print("\n");
		el2_fault();
	}
	psci_machine_boot(&vcpus[0].psci, &entry);
	for (unsigned int i = 1; i < CPU_COUNT; i++)
		psci_client_cpu_on(&firmware, i, (uintptr_t)el2_secondary, i);
}

static void end(void)
{
	const struct psci_event event = psci_machine_event(&machine);
	const struct vcpu *caller = event.vctx;

	print("el2: the guest asked for ");
	print(event.kind == PSCI_EVENT_OFF2  ? "OFF2"
	      : event.kind == PSCI_EVENT_OFF ? "OFF"
					     : "RESET");
	print(" on vCPU ");
	print_number(caller->cpu, 10);
	print("\n");
	/* Report a hibernation to the firmware too, if it has SYSTEM_OFF2. */
	if (event.kind == PSCI_EVENT_OFF || event.kind == PSCI_EVENT_OFF2)
		psci_client_power_off(&firmware, event.kind == PSCI_EVENT_OFF2);
	psci_client_restart(&firmware, event.kind == PSCI_EVENT_RESET2);
}

void el2_main(uint64_t cpu)
{
	sysreg_write(hcr_el2, HCR_EL2_VM | HCR_EL2_FMO | HCR_EL2_IMO | HCR_EL2_AMO | HCR_EL2_TSC |
				      HCR_EL2_RW);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vmpidr_el2, MPIDR_EL1_RES1 | cpu);
	sysreg_write(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	sysreg_write(cntvoff_el2, 0);
	/* The guest has the system registers of the GIC, and they are virtual. */
	sysreg_write(ICC_SRE_EL2, ICC_SRE_EL2_ENABLE | ICC_SRE_EL2_SRE);
	isb();
	gic_enable((unsigned int)cpu, SGI_KICK);
	if (cpu == 0)
		begin();
	vcpu_live(&vcpus[cpu]);
	if (cpu == 0)
		end();
}
