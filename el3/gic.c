/* SPDX-License-Identifier: BSD-3-Clause */
#include "gic.h"

#include "../arch/arm64/gic-registers.h"
#include "../arch/arm64/io.h"
#include "machine.h"

#define GICD_IGRPMODR 0xd00
#define GICD_PIDR2 0xffe8
#define PIDR2_ARCHITECTURE(value) ((value) >> 4 & 0xf)

#define GICD_CTLR_ENABLE_GRP0 0x1
#define GICD_CTLR_ARE_S 0x10
#define GICD_CTLR_ARE_NS 0x20
#define GICD_CTLR_DS 0x40

/*
 * The highest of the lower half, which is the non-secure state's; it reads it
 * as 0.
 */
#define PRIORITY_NON_SECURE 0x80
#define PRIORITY_WORD 0x80808080

#define INTID_LPI_FIRST 8192

static void wait_for_writes(void)
{
	while (read32(machine.gic.distributor + GICD_CTLR) & GICD_CTLR_V3_RWP)
		cpu_relax();
}

/*
 * Every interrupt of the frame, or of the distributor from @word on, is the
 * non-secure state's.
 */
static void give_away(uintptr_t frame, uintptr_t word)
{
	write32(frame + GICD_ICENABLER + 4 * word, 0xffffffff);
	write32(frame + GICD_IGROUPR + 4 * word, 0xffffffff);
	write32(frame + GICD_IGRPMODR + 4 * word, 0);
	for (uintptr_t i = 0; i < 32; i += 4)
		write32(frame + GICD_IPRIORITYR + 32 * word + i, PRIORITY_WORD);
}

static bool begin_redistributor(const struct cpu *cpu)
{
	const uintptr_t frame = gic_frame_of(&machine.gic, cpu->affinity);
	const uint32_t kick = UINT32_C(1) << KICK_SGI;

	if (!frame)
		return false;
	gic_wake(frame);
	give_away(frame, 0);
	write32(frame + GICD_IGROUPR, ~kick);
	/* Above all others. */
	write32(frame + GICD_IPRIORITYR + KICK_SGI / 4 * 4, PRIORITY_WORD & 0x00ffffff);
	write32(frame + GICD_ISENABLER, kick);

	return true;
}

const char *gic_begin(void)
{
	const uintptr_t base = machine.gic.distributor;
	uint32_t lines;

	if (PIDR2_ARCHITECTURE(read32(base + GICD_PIDR2)) < 3)
		return "the interrupt controller is no GICv3";
	write32(base + GICD_CTLR, 0);
	wait_for_writes();
	if (read32(base + GICD_CTLR) & GICD_CTLR_DS)
		return "the GIC has one security state only";
	write32(base + GICD_CTLR, GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS);
	wait_for_writes();
	lines = read32(base + GICD_TYPER) & GICD_TYPER_LINES;
	for (uint32_t word = 1; word <= lines; word++)
		give_away(base, word);
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!begin_redistributor(&cpus[i]))
			return "a CPU of the device tree has no redistributor";
	}
	write32(base + GICD_CTLR, GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS | GICD_CTLR_ENABLE_GRP0);
	wait_for_writes();

	return NULL;
}

void gic_reset_interface(void)
{
	sysreg_write(ICC_IGRPEN1_EL1, 0);
	/* Below that, the non-secure state could not write it. */
	sysreg_write(ICC_PMR_EL1, PRIORITY_NON_SECURE);
	sysreg_write(ICC_BPR1_EL1, 0);
	sysreg_write(ICC_CTLR_EL1, 0);
	sysreg_write(ICC_AP1R0_EL1, 0);
	isb();
}

void gic_begin_cpu(void)
{
	sysreg_write(ICC_SRE_EL3, ICC_SRE_ALL);
	isb();
	sysreg_write(ICC_CTLR_EL3, 0);
	sysreg_write(ICC_BPR0_EL1, 0);
	gic_reset_interface();
	sysreg_write(ICC_IGRPEN0_EL1, 1);
	isb();
}

void gic_kick(const struct cpu *cpu)
{
	/* What it is to see is visible before it comes. */
	dsb();
	sysreg_write(ICC_SGI0R_EL1, gic_sgi_to(cpu->affinity, KICK_SGI));
	isb();
}

bool gic_take_kick(void)
{
	if (sysreg_read(ICC_HPPIR0_EL1) != KICK_SGI)
		return false;

	const uint64_t intid = sysreg_read(ICC_IAR0_EL1);

	dsb();
	if (intid != KICK_SGI)
		return false;
	sysreg_write(ICC_EOIR0_EL1, intid);
	isb();

	return true;
}

void gic_wait_for_kick(void)
{
	const uint64_t enabled = sysreg_read(ICC_IGRPEN1_EL1);

	sysreg_write(ICC_IGRPEN1_EL1, 0);
	isb();
	wfi();
	gic_take_kick();
	sysreg_write(ICC_IGRPEN1_EL1, enabled);
	isb();
}

static bool is_interrupt_pending(void)
{
	const uint64_t intid = sysreg_read(ICC_HPPIR1_EL1);

	return intid < GIC_INTID_NONE || intid >= INTID_LPI_FIRST;
}

/*
 * The CPU's interface is opened: no priority is masked, none is active, the
 * group is enabled. An OS that has closed it for a sleep, or that sleeps in a
 * handler, is woken as well.
 */
bool gic_wait_for_interrupt(void)
{
	const uint64_t mask = sysreg_read(ICC_PMR_EL1);
	const uint64_t enabled = sysreg_read(ICC_IGRPEN1_EL1);
	const uint64_t active = sysreg_read(ICC_AP1R0_EL1);
	bool pending;

	sysreg_write(ICC_PMR_EL1, PRIORITY_LOWEST);
	sysreg_write(ICC_AP1R0_EL1, 0);
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	isb();
	wfi();
	pending = !gic_take_kick() && is_interrupt_pending();
	sysreg_write(ICC_IGRPEN1_EL1, enabled);
	sysreg_write(ICC_AP1R0_EL1, active);
	sysreg_write(ICC_PMR_EL1, mask);
	isb();

	return pending;
}
