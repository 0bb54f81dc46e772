/* SPDX-License-Identifier: BSD-3-Clause */
#include "gic.h"

#include "gic-registers.h"
#include "io.h"
#include "sysreg.h"

static struct gic used;

uintptr_t gic_frame_of(const struct gic *gic, uint64_t affinity)
{
	const uint64_t wanted = (affinity & 0xffffff) | (affinity >> 32 & 0xff) << 24;

	if (gic->version == 2)
		return gic->distributor;
	for (unsigned int i = 0; i < gic->redistributor_count; i++) {
		uint64_t at = gic->redistributors[i].base;
		const uint64_t end = at + gic->redistributors[i].size;

		while (at < end) {
			const uint64_t typer = read64(at + GICR_TYPER);

			if (typer >> 32 == wanted)
				return at + GICR_SGI_FRAME;
			if (typer & GICR_TYPER_LAST)
				break;
			if (gic->redistributor_stride)
				at += gic->redistributor_stride;
			else
				at += typer & GICR_TYPER_VLPIS ? GICR_FRAMES_V4 : GICR_FRAMES_V3;
		}
	}

	return 0;
}

uintptr_t gic_private_frame(void)
{
	return gic_frame_of(&used, sysreg_read(mpidr_el1));
}

void gic_wake(uintptr_t sgi_frame)
{
	const uintptr_t waker = sgi_frame - GICR_SGI_FRAME + GICR_WAKER;

	write32(waker, read32(waker) & ~(uint32_t)GICR_WAKER_PROCESSOR_SLEEP);
	while (read32(waker) & GICR_WAKER_CHILDREN_ASLEEP)
		cpu_relax();
}

bool gic_init(const struct gic *gic)
{
	const uintptr_t base = gic->distributor;

	used = *gic;
	if (used.version == 0)
		return false;
	if (used.version == 2) {
		write32(base + GICD_CTLR, GICD_CTLR_V2_ENABLE);

		return true;
	}
	write32(base + GICD_CTLR, GICD_CTLR_V3_ARE);
	while (read32(base + GICD_CTLR) & GICD_CTLR_V3_RWP)
		cpu_relax();
	write32(base + GICD_CTLR, GICD_CTLR_V3_ARE | GICD_CTLR_V3_ENABLE_GRP1);

	return true;
}

static void init_interface_v3(void)
{
	if (sysreg_read(CurrentEL) == CURRENT_EL_EL2) {
		sysreg_write(ICC_SRE_EL2, sysreg_read(ICC_SRE_EL2) | 0x9);
		isb();
	}
	sysreg_write(ICC_SRE_EL1, sysreg_read(ICC_SRE_EL1) | 1);
	isb();
	sysreg_write(ICC_PMR_EL1, PRIORITY_LOWEST);
	sysreg_write(ICC_BPR1_EL1, 0);
	sysreg_write(ICC_CTLR_EL1, 0); /* EOIR1 deactivates, too. */
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	isb();
}

bool gic_init_cpu(uint32_t timer_intid)
{
	const uintptr_t frame = gic_private_frame();

	if (!frame)
		return false;
	if (used.version == 3) {
		gic_wake(frame);
		write32(frame + GICD_IGROUPR, 0xffffffff);
	}
	for (unsigned int i = 0; i < 32; i += 4)
		write32(frame + GICD_IPRIORITYR + i, PRIORITY);
	write32(frame + GICD_ISENABLER, SGIS | UINT32_C(1) << timer_intid % 32);
	if (used.version == 3) {
		init_interface_v3();
	} else {
		write32(used.cpu + GICC_PMR, PRIORITY_LOWEST);
		write32(used.cpu + GICC_CTLR, 1);
	}
	dsb();

	return true;
}

/* Clear and set bits of a register of the distributor. */
static void change(uintptr_t offset, uint32_t clear, uint32_t set)
{
	const uintptr_t at = used.distributor + offset;

	write32(at, (read32(at) & ~clear) | set);
}

void gic_enable_shared(uint32_t intid)
{
	const uintptr_t base = used.distributor;
	const uint32_t bit = UINT32_C(1) << intid % 32;
	const uintptr_t word = intid / 32 * 4;
	const unsigned int byte = intid % 4 * 8;

	change(GICD_ICFGR + intid / 16 * 4, UINT32_C(2) << intid % 16 * 2, 0);
	change(GICD_IPRIORITYR + intid / 4 * 4, UINT32_C(0xff) << byte,
	       (PRIORITY & UINT32_C(0xff)) << byte);
	if (used.version == 2) {
		/* A CPU is the only target of its private interrupts. */
		const uint32_t self = read32(base + GICD_ITARGETSR) & 0xff;

		change(GICD_ITARGETSR + intid / 4 * 4, UINT32_C(0xff) << byte, self << byte);
	} else {
		change(GICD_IGROUPR + word, 0, bit);
		write64(base + GICD_IROUTER + 8 * (uintptr_t)intid,
			sysreg_read(mpidr_el1) & MPIDR_AFFINITY);
	}
	write32(base + GICD_ISENABLER + word, bit);
	dsb();
}

void gic_disable_shared(uint32_t intid)
{
	write32(used.distributor + GICD_ICENABLER + intid / 32 * 4, UINT32_C(1) << intid % 32);
	dsb();
}

bool gic_disable_all(void)
{
	const uintptr_t base = used.distributor;
	const uintptr_t frame = gic_private_frame();

	if (!frame)
		return false;
	write32(frame + GICD_ICENABLER, 0xffffffff);
	/* There are none beyond 1019; a word behind the last of them is read as zero. */
	for (uint32_t word = 1; word <= (read32(base + GICD_TYPER) & GICD_TYPER_LINES); word++)
		write32(base + GICD_ICENABLER + 4 * word, 0xffffffff);
	dsb();

	return true;
}

uint64_t gic_sgi_to(uint64_t affinity, unsigned int sgi)
{
	const uint64_t aff0 = affinity & 0xff;
	const uint64_t aff1 = affinity >> 8 & 0xff;
	const uint64_t aff2 = affinity >> 16 & 0xff;
	const uint64_t aff3 = affinity >> 32 & 0xff;

	return UINT64_C(1) << (aff0 & 0xf) | aff1 << SGI1R_AFF1_SHIFT |
	       (uint64_t)sgi << SGI1R_INTID_SHIFT | aff2 << SGI1R_AFF2_SHIFT |
	       aff0 >> 4 << SGI1R_RS_SHIFT | aff3 << SGI1R_AFF3_SHIFT;
}

void gic_send(uint64_t affinity, unsigned int index, unsigned int sgi)
{
	dsb();
	if (used.version == 2) {
		write32(used.distributor + GICD_SGIR, UINT32_C(1) << (16 + index) | sgi);

		return;
	}
	sysreg_write(ICC_SGI1R_EL1, gic_sgi_to(affinity, sgi));
	isb();
}

uint32_t gic_acknowledge(void)
{
	if (used.version == 2)
		return read32(used.cpu + GICC_IAR);

	const uint32_t intid = (uint32_t)sysreg_read(ICC_IAR1_EL1);

	dsb();

	return intid;
}

void gic_end(uint32_t ack)
{
	if (used.version == 2) {
		write32(used.cpu + GICC_EOIR, ack);

		return;
	}
	sysreg_write(ICC_EOIR1_EL1, ack);
	isb();
}

bool gic_pending(uint32_t intid)
{
	const uintptr_t frame = gic_private_frame();

	return frame && read32(frame + GICD_ISPENDR) >> intid % 32 & 1;
}
