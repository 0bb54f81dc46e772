/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions at EL2: those of the OS are answered. Interrupts are the OS's, and none is
 * taken here. Also the SMC of a call that is passed on with all its registers.
 */
#include "../arch/arm64/macros.inc"

	.macro	entry handler
	.balign	128
	frame_begin \handler
	.endm

	.text
	.balign	2048
	.global	vectors
vectors:
	.rept	4
	entry	on_own
	.endr
	entry	on_own
	.rept	3
	entry	on_own
	.endr
	/* From below, AArch64 and AArch32. */
	.rept	2
	entry	on_os
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

/*
 * void smc_forward(uint64_t x[4]): x0 to x3 go to the firmware, and x0 comes back. The firmware may
 * change x1 to x17 (DEN0028, 1.0), which are the compiler's to lose.
 */
	.global	smc_forward
smc_forward:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x0, [sp, #16]
	ldp	x2, x3, [x0, #16]
	ldp	x0, x1, [x0]
	smc	#0
	ldr	x1, [sp, #16]
	str	x0, [x1]
	ldp	x29, x30, [sp], #32
	ret
