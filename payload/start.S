/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entry points of CPUs: the first one enters as a Linux kernel does
 * (Documentation/arch/arm64/booting.rst), the others as CPU_ON starts them.
 */
#include "../arch/arm64/sysreg.h"
#include "runtime/layout.h"

#define R_AARCH64_RELATIVE 1027

	.section .head, "ax"
	.global image_start
image_start:
	b	primary_entry
	.long	0
	.quad	0			/* text_offset */
	.long	image_size, 0
	.quad	0xa			/* Little-endian, 4 KiB pages, anywhere. */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	/* For programs that read the image: where its list of tests is, see test.h. */
	.ascii	"psci-conform 1\0\0"
	.long	relocations_start - .
	.long	relocations_end - .
	.long	catalogue - .
	.long	0

	.text

/* PC-relative: usable before relocation. */
	.macro	address register, symbol
	adrp	\register, \symbol
	add	\register, \register, :lo12:\symbol
	.endm

/* x0: device tree. MMU and data cache are off. */
primary_entry:
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	mov	x19, x0

	address	x0, bss_start
	address	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	address	x20, image_start
	address	x0, relocations_start
	address	x1, relocations_end
2:	cmp	x0, x1
	b.hs	3f
	ldp	x2, x3, [x0], #16
	ldr	x4, [x0], #8
	cmp	w3, #R_AARCH64_RELATIVE
	b.ne	2b
	add	x4, x4, x20
	str	x4, [x2, x20]
	b	2b

	/* No stale line may hide what was just written past the caches. */
3:	address	x0, image_end
	mov	x1, x20
	bl	forget_lines

	address	x0, primary_stack + PRIMARY_STACK_SIZE
	mov	sp, x0
	bl	prepare_el
	mov	x0, x19
	bl	mmu_prepare
	/* mmu_prepare wrote past the caches, too. */
	address	x0, image_end
	mov	x1, x20
	bl	forget_lines
	bl	mmu_enable
	mov	x0, x19
	bl	payload_main
4:	wfi
	b	4b

/* Drop the cache lines from x1 to x0. */
forget_lines:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
	sub	x3, x2, #1
	bic	x1, x1, x3
1:	dc	ivac, x1
	add	x1, x1, x2
	cmp	x1, x0
	b.lo	1b
	dsb	sy
	ret

/* Let this exception level use floating point and take its interrupts. */
prepare_el:
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL2
	b.eq	1f
	mov	x0, #CPACR_EL1_FPEN
	msr	cpacr_el1, x0
	address	x0, vectors
	msr	vbar_el1, x0
	isb
	ret
1:	mov	x0, #HCR_EL2_RW
	orr	x0, x0, #(HCR_EL2_IMO | HCR_EL2_FMO | HCR_EL2_AMO)
	msr	hcr_el2, x0
	isb
	mov	x0, #CPTR_EL2_RES1
	msr	cptr_el2, x0
	address	x0, vectors
	msr	vbar_el2, x0
	isb
	ret

/* Turn on MMU and caches with the tables that mmu_prepare made. Clobbers x0 to x5. */
mmu_enable:
	address	x0, mmu_level1
	mov	x1, #MAIR_VALUE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #0xf
	mov	x3, #5			/* 48 bits are all that a 4 KiB page's entry holds. */
	cmp	x2, x3
	csel	x2, x2, x3, ls
	mov	x3, #TCR_COMMON & 0xffff
	mov	x5, #SCTLR_M | SCTLR_C | SCTLR_SA
	orr	x5, x5, #SCTLR_I
	mrs	x4, CurrentEL
	cmp	x4, #CURRENT_EL_EL2
	b.eq	1f

	orr	x3, x3, x2, lsl #32
	orr	x3, x3, #TCR_EL1_EPD1
	msr	mair_el1, x1
	msr	tcr_el1, x3
	msr	ttbr0_el1, x0
	ldr	w4, =SCTLR_EL1_RES1
	orr	x5, x5, x4
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x5
	isb
	ret

1:	orr	x3, x3, x2, lsl #16
	ldr	w4, =TCR_EL2_RES1
	orr	x3, x3, x4
	msr	mair_el2, x1
	msr	tcr_el2, x3
	msr	ttbr0_el2, x0
	ldr	w4, =SCTLR_EL2_RES1
	orr	x5, x5, x4
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x5
	isb
	ret

/*
 * Where CPU_ON starts a CPU. The initial state that was observed stays in registers until
 * memory can be trusted, in the order of struct arrival.
 */
	.global secondary_entry
secondary_entry:
	mov	x19, x0
	mrs	x20, CurrentEL
	mrs	x21, daif
	mrs	x22, spsel
	cmp	x20, #CURRENT_EL_EL2
	b.eq	1f
	mrs	x23, sctlr_el1
	bic	x0, x23, #SCTLR_EE	/* Data is little-endian from here on. */
	msr	sctlr_el1, x0
	b	2f
1:	mrs	x23, sctlr_el2
	bic	x0, x23, #SCTLR_EE
	msr	sctlr_el2, x0
2:	isb
	msr	daifset, #DAIFSET_ALL
	msr	spsel, #1
	bl	prepare_el
	bl	mmu_enable

	mrs	x24, mpidr_el1
	ldr	x0, =MPIDR_AFFINITY
	and	x24, x24, x0
	address	x0, cpu_affinities
	mov	x25, #0
3:	ldr	x1, [x0, x25, lsl #3]
	cmp	x1, x24
	b.eq	4f
	add	x25, x25, #1
	cmp	x25, #CPU_MAX
	b.lo	3b
5:	wfi				/* A CPU that the device tree does not list. */
	b	5b

4:	address	x0, secondary_stacks
	add	x1, x25, #1
	mov	x2, #SECONDARY_STACK_SIZE
	madd	x0, x1, x2, x0
	mov	sp, x0
	stp	x23, xzr, [sp, #-16]!
	stp	x21, x22, [sp, #-16]!
	stp	x19, x20, [sp, #-16]!
	mov	x0, x25
	mov	x1, sp
	bl	secondary_main
6:	wfi
	b	6b

	.bss
	.balign	16
primary_stack:
	.skip	PRIMARY_STACK_SIZE
secondary_stacks:
	.skip	SECONDARY_STACK_SIZE * CPU_MAX
