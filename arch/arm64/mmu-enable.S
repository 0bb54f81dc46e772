/* SPDX-License-Identifier: BSD-3-Clause */
#include "macros.inc"
#include "sysreg.h"

	.text

	.macro	enable level, range_shift, tcr, sctlr, tlbi
	orr	x3, x3, x2, lsl #\range_shift
	ldr	w4, =\tcr
	orr	x3, x3, x4
	msr	mair_el\level, x1
	msr	tcr_el\level, x3
	msr	ttbr0_el\level, x0
	ldr	w4, =\sctlr
	orr	x5, x5, x4
	isb
	tlbi	\tlbi
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el\level, x5
	isb
	ret
	.endm

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
	b.eq	2f
	b.hi	3f
	enable	1, 32, TCR_EL1_EPD1, SCTLR_EL1_RES1, vmalle1
2:	enable	2, 16, TCR_EL2_RES1, SCTLR_EL2_RES1, alle2
3:	enable	3, 16, TCR_EL2_RES1, SCTLR_EL2_RES1, alle3
