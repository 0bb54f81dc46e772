/* SPDX-License-Identifier: BSD-3-Clause */
#include "bare.h"

#include "../arch/arm64/gic-registers.h"
#include "../arch/arm64/io.h"
#include "../arch/arm64/sysreg.h"

#define UART 0x09000000
#define UARTFR 0x18
#define UARTFR_TXFF 0x20

#define GICD 0x08000000
#define GICR 0x080a0000

#define ICC_CTLR_EOI_MODE 0x2
#define PRIORITY_ANY 0xff
#define SGI1R_INTID_SHIFT 24

static void print_byte(char byte)
{
	while (read32(UART + UARTFR) & UARTFR_TXFF)
		cpu_relax();
	write32(UART, (uint8_t)byte);
}

void print(const char *text)
{
	for (; *text; text++)
		print_byte(*text);
}

void print_number(int64_t number, unsigned int base)
{
	char digits[24];
	unsigned int count = 0;
	uint64_t rest = (uint64_t)number;

	if (base == 10 && number < 0) {
		print_byte('-');
		rest = -rest;
	}
	do {
		digits[count++] = "0123456789abcdef"[rest % base];
		rest /= base;
	} while (rest);
	while (count)
		print_byte(digits[--count]);
}

void gic_enable(unsigned int cpu, unsigned int intid)
{
	const uintptr_t own = GICR + (uintptr_t)cpu * GICR_FRAMES_V3;

	write32(GICD + GICD_CTLR, GICD_CTLR_V3_ARE | GICD_CTLR_V3_ENABLE_GRP1);
	write32(own + GICR_WAKER, read32(own + GICR_WAKER) & ~(uint32_t)GICR_WAKER_PROCESSOR_SLEEP);
	while (read32(own + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP)
		cpu_relax();
	write32(own + GICR_SGI_FRAME + GICD_IGROUPR, 0xffffffff);
	write32(own + GICR_SGI_FRAME + GICD_ISENABLER, UINT32_C(1) << intid);

	sysreg_write(ICC_SRE_EL1, sysreg_read(ICC_SRE_EL1) | 1);
	isb();
	sysreg_write(ICC_PMR_EL1, PRIORITY_ANY);
	sysreg_write(ICC_CTLR_EL1, ICC_CTLR_EOI_MODE);
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	isb();
}

void gic_kick(unsigned int cpu)
{
	dsb();
	sysreg_write(ICC_SGI1R_EL1,
		     (uint64_t)SGI_KICK << SGI1R_INTID_SHIFT | UINT64_C(1) << (cpu & 0xf));
	isb();
}

unsigned int gic_acknowledge(void)
{
	const unsigned int intid = (unsigned int)sysreg_read(ICC_IAR1_EL1);

	dsb();

	return intid;
}

void gic_drop_priority(unsigned int intid)
{
	sysreg_write(ICC_EOIR1_EL1, intid);
	isb();
}

void gic_deactivate(unsigned int intid)
{
	sysreg_write(ICC_DIR_EL1, intid);
	isb();
}
