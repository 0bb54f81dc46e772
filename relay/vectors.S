/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions at EL2: those of the OS are answered. Interrupts are the OS's, and none is
 * taken here. Also the SMC of a call that is passed on with all its registers.
 */
#include "../arch/arm64/macros.inc"
#include "../arch/arm64/sysreg.h"

	.macro	entry handler
	.balign	128
	frame_begin \handler
	.endm

	/* An SMC of the OS has a shorter way. The frame's part above x18 is not written then. */
	.macro	entry_from_os
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mrs	x1, esr_el2
	lsr	x0, x1, #ESR_EC_SHIFT
	cmp	x0, #ESR_EC_SMC64
	b.eq	on_smc
	adr	x1, on_os
	b	frame_save
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
 * x0 and x1 are on the stack, x1 is ESR. What functions in C keep stays in its register. ELR
 * and SPSR are saved, since the firmware's answer may be an exception at EL2.
 */
on_smc:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	str	x18, [sp, #144]
	str	x30, [sp, #240]
	/* It is trapped before it is executed. */
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	add	x2, x2, #4
	str	x2, [sp, #FRAME_ELR]
	stp	x3, x1, [sp, #FRAME_SPSR]
	mov	x0, sp
	bl	os_smc
	ldr	x2, [sp, #FRAME_ELR]
	ldr	x3, [sp, #FRAME_SPSR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldr	x18, [sp, #144]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret

/*
 * void smc_pass(uint64_t x[18]): x0 to x17 go to the firmware, and come back (DEN0028, 1.2).
 * The firmware keeps all others.
 */
	.global	smc_pass
smc_pass:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x0, [sp, #16]
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x0, x1, [x0]
	smc	#0
	ldr	x30, [sp, #16]
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	ldp	x29, x30, [sp], #32
	ret
