/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions at EL2: those of the OS are answered. Interrupts are the OS's, and none is
 * taken here. Also the SMC of a call that is passed on with all its registers.
 */
#include "../arch/arm64/macros.inc"
#include "../arch/arm64/sysreg.h"
#include "layout.h"

	.macro	entry handler
	.balign	128
	frame_begin \handler
	.endm

	/* SMC #0 of the OS has a shorter way. */
	.macro	entry_from_os
	.balign	128
	stp	x0, x1, [sp, #-SMC_SIZE]!
	mrs	x1, esr_el2
	mov	w0, #ESR_SMC64_0
	cmp	w1, w0
	b.eq	on_smc
	ldp	x0, x1, [sp], #SMC_SIZE
	frame_begin on_os
	.endm

	.text
	.balign	2048
	.global	vectors
vectors:
	.rept	8
	entry	on_own
	.endr
	/* From below, AArch64 and AArch32. */
	.rept	2
	entry_from_os
	entry	on_own
	entry	on_own
	entry	on_own
	.endr

on_os:
	bl	os_exception
	b	frame_restore

/* Returns only after an SMC that is undefined. */
on_own:
	bl	own_exception
	b	frame_restore

/*
 * x0 and x1 are on the stack. What functions in C keep stays in its register. ELR
 * and SPSR are saved, since the firmware's answer may be an exception at EL2.
 */
on_smc:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #SMC_X4]
	stp	x6, x7, [sp, #SMC_X4 + 16]
	stp	x8, x9, [sp, #SMC_X4 + 32]
	stp	x10, x11, [sp, #SMC_X4 + 48]
	stp	x12, x13, [sp, #SMC_X4 + 64]
	stp	x14, x15, [sp, #SMC_X4 + 80]
	stp	x16, x17, [sp, #SMC_X4 + 96]
	stp	x18, x30, [sp, #SMC_X18]
	/* It is trapped before it is executed. Behind it no branch and no step is under way. */
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	add	x2, x2, #4
	bic	x3, x3, #SPSR_BTYPE
	bic	x3, x3, #SPSR_SS
	stp	x2, x3, [sp, #SMC_ELR]
	mov	x0, sp
	bl	os_smc
	ldp	x2, x3, [sp, #SMC_ELR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #SMC_X4]
	ldp	x6, x7, [sp, #SMC_X4 + 16]
	ldp	x8, x9, [sp, #SMC_X4 + 32]
	ldp	x10, x11, [sp, #SMC_X4 + 48]
	ldp	x12, x13, [sp, #SMC_X4 + 64]
	ldp	x14, x15, [sp, #SMC_X4 + 80]
	ldp	x16, x17, [sp, #SMC_X4 + 96]
	ldp	x18, x30, [sp, #SMC_X18]
	ldp	x0, x1, [sp], #SMC_SIZE
	eret

/*
 * void smc_pass(struct smc *smc): x0 to x17 go to the firmware, and come back (DEN0028, 1.2).
 * The firmware keeps all others.
 */
	.global	smc_pass
smc_pass:
	stp	x0, x30, [sp, #-16]!
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #SMC_X4]
	ldp	x6, x7, [x0, #SMC_X4 + 16]
	ldp	x8, x9, [x0, #SMC_X4 + 32]
	ldp	x10, x11, [x0, #SMC_X4 + 48]
	ldp	x12, x13, [x0, #SMC_X4 + 64]
	ldp	x14, x15, [x0, #SMC_X4 + 80]
	ldp	x16, x17, [x0, #SMC_X4 + 96]
	ldp	x0, x1, [x0]
	smc	#0
	ldr	x30, [sp]
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #SMC_X4]
	stp	x6, x7, [x30, #SMC_X4 + 16]
	stp	x8, x9, [x30, #SMC_X4 + 32]
	stp	x10, x11, [x30, #SMC_X4 + 48]
	stp	x12, x13, [x30, #SMC_X4 + 64]
	stp	x14, x15, [x30, #SMC_X4 + 80]
	stp	x16, x17, [x30, #SMC_X4 + 96]
	ldp	x0, x30, [sp], #16
	ret
