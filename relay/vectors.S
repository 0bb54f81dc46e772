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
	x2_to_x17 stp, sp, SMC_X4
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
	x2_to_x17 ldp, sp, SMC_X4
	ldp	x18, x30, [sp, #SMC_X18]
	ldp	x0, x1, [sp], #SMC_SIZE
	exception_return

/*
 * void smc_pass(struct smc *smc): x0 to x17 go to the firmware, and come back (DEN0028, 1.2).
 * The firmware keeps all others.
 */
	.global	smc_pass
smc_pass:
	stp	x0, x30, [sp, #-16]!
	x2_to_x17 ldp, x0, SMC_X4
	ldp	x0, x1, [x0]
	smc	#0
	ldr	x30, [sp]
	stp	x0, x1, [x30]
	x2_to_x17 stp, x30, SMC_X4
	ldp	x0, x30, [sp], #16
	ret
