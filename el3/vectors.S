/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions: calls and kicks, which come from lower levels; what else comes
 * from there is undefined to them. One of EL3's own stops the CPU.
 */
#include "../arch/arm64/macros.inc"
#include "layout.h"
#include "registers.h"

/* What a function in C may change. */
	.macro	save
	stp	x0, x1, [sp, #-SMC_FRAME_SIZE]!
	x2_to_x17 stp, sp, SMC_FRAME_X4
	stp	x18, x30, [sp, #SMC_FRAME_X4 + 112]
	.endm

	.macro	restore_and_return
	x2_to_x17 ldp, sp, SMC_FRAME_X4
	ldp	x18, x30, [sp, #SMC_FRAME_X4 + 112]
	ldp	x0, x1, [sp], #SMC_FRAME_SIZE
	exception_return
	.endm

	.macro	stop
	.balign	128
	frame_begin on_own_exception
	.endm

	.text
	.balign	2048
	.global	vectors
vectors:
	/* From EL3. */
	.rept	8
	stop
	.endr

	/*
	 * From AArch64: a call, unless the syndrome is another than that of SMC
	 * #0.
	 */
	.balign	128
	save
	mrs	x2, esr_el3
	mov	w3, #ESR_SMC64_0
	mov	x0, sp
	cmp	w2, w3
	b.ne	not_a_call
	bl	smc_call
	restore_and_return

	stop				/* IRQ is never routed to EL3. */

	.balign	128
	save
	bl	power_kicked
	restore_and_return

	stop				/* Nor is SError. */

	/* From AArch32. */
	.balign	128
	frame_begin on_other

	stop

	.balign	128
	save
	bl	power_kicked
	restore_and_return

	stop

on_own_exception:
	bl	fault
1:	wfi
	b	1b

not_a_call:
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #SMC_FRAME_X4]
	ldp	x0, x1, [sp], #SMC_FRAME_SIZE
	frame_begin on_other

on_other:
	bl	lower_exception
	b	frame_restore

/*
 * _Noreturn void lower_enter(uint64_t pc, uint64_t x0, uint64_t spsr, uintptr_t
 * stack)
 *
 * All registers but x0 are zero, and the stack is empty.
 */
	.global	lower_enter
lower_enter:
	msr	elr_el3, x0
	msr	spsr_el3, x2
	mov	sp, x3
	mov	x0, x1
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x\n, xzr
	.endr
	exception_return

/*
 * void lower_clear_vectors(void): FP, SIMD, and with them what SVE has above.
 */
	.global	lower_clear_vectors
lower_clear_vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	ret
