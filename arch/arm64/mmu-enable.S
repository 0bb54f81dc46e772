/* SPDX-License-Identifier: BSD-3-Clause */
#include "macros.inc"
#include "sysreg.h"

	.text

/* Turn on MMU and caches with the map that mmu_prepare made. Clobbers x0 to x5. */
	.global	mmu_enable
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
	b.hi	2f

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

2:	orr	x3, x3, x2, lsl #16
	ldr	w4, =TCR_EL2_RES1
	orr	x3, x3, x4
	msr	mair_el3, x1
	msr	tcr_el3, x3
	msr	ttbr0_el3, x0
	ldr	w4, =SCTLR_EL2_RES1
	orr	x5, x5, x4
	isb
	tlbi	alle3
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el3, x5
	isb
	ret
