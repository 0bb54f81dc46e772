/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call itself: every general register is loaded before it and stored after it. In
 * between, only TPIDR_EL0 has the address of struct call.
 */
#include "../../arch/arm64/sysreg.h"
#include "layout.h"

	.macro	load_all
	.irp	n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
	load_pair \n
	.endr
	ldr	x30, [x0, #CALL_IN + 8 * 30]
	ldr	x1, [x0, #CALL_IN + 8 * 1]
	ldr	x0, [x0, #CALL_IN]
	.endm

	.macro	load_pair n
	.altmacro
	load_registers \n, %(\n + 1)
	.noaltmacro
	.endm

	.macro	load_registers n, next
	ldp	x\n, x\next, [x0, #CALL_IN + 8 * \n]
	.endm

	.macro	store_pair n
	.altmacro
	store_registers \n, %(\n + 1)
	.noaltmacro
	.endm

	.macro	store_registers n, next
	stp	x\n, x\next, [x0, #CALL_OUT + 8 * \n]
	.endm

	.text

/* void call_registers(struct call *call, bool hvc) */
	.global	call_registers
call_registers:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	tpidr_el0, x0
	mov	x2, sp
	str	x2, [x0, #CALL_SP_IN]
	mrs	x2, daif
	str	x2, [x0, #CALL_DAIF_IN]
	cbz	w1, 1f
	load_all
	hvc	#0
	b	2f
1:	load_all
	smc	#0
2:	msr	tpidrro_el0, x0
	mrs	x0, tpidr_el0
	.irp	n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
	store_pair \n
	.endr
	str	x30, [x0, #CALL_OUT + 8 * 30]
	str	x1, [x0, #CALL_OUT + 8 * 1]
	mrs	x1, tpidrro_el0
	str	x1, [x0, #CALL_OUT]
	mov	x1, sp
	str	x1, [x0, #CALL_SP_OUT]
	mrs	x1, daif
	str	x1, [x0, #CALL_DAIF_OUT]
	ldr	x1, [x0, #CALL_SP_IN]
	mov	sp, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	.macro	for_each_q operation
	.altmacro
	n = 0
	.rept	16
	\operation %n, %(n + 1)
	n = n + 2
	.endr
	.noaltmacro
	.endm

	.macro	load_q n, next
	ldp	q\n, q\next, [x19, #16 * \n]
	.endm

	.macro	store_q n, next
	stp	q\n, q\next, [x20, #16 * \n]
	.endm

/*
 * uint64_t call_vectors(uint64_t fid, uint64_t x1, const void *in, void *out, bool hvc)
 * A call with one argument, with v0 to v31 loaded from @in and stored to @out.
 */
	.global	call_vectors
call_vectors:
	stp	x29, x30, [sp, #-32]!
	stp	x19, x20, [sp, #16]
	mov	x19, x2
	mov	x20, x3
	mov	x2, #0
	mov	x3, #0
	for_each_q load_q
	cbz	w4, 1f
	hvc	#0
	b	2f
1:	smc	#0
2:	for_each_q store_q
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret

/*
 * int64_t call_big_endian(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, bool hvc)
 * A call by a caller whose data is big-endian: without the MMU, whose tables are not, and
 * without an access to data between the two changes of endianness.
 */
	.global	call_big_endian
call_big_endian:
	stp	x19, x20, [sp, #-16]!
	mov	w20, w4
	mrs	x4, CurrentEL
	cmp	x4, #CURRENT_EL_EL2
	mov	x4, #SCTLR_M
	orr	x4, x4, #SCTLR_C
	b.eq	3f

	mrs	x19, sctlr_el1
	bic	x4, x19, x4
	orr	x4, x4, #SCTLR_EE
	msr	sctlr_el1, x4
	isb
	cbz	w20, 1f
	hvc	#0
	b	2f
1:	smc	#0
2:	msr	sctlr_el1, x19
	b	6f

3:	mrs	x19, sctlr_el2
	bic	x4, x19, x4
	orr	x4, x4, #SCTLR_EE
	msr	sctlr_el2, x4
	isb
	cbz	w20, 4f
	hvc	#0
	b	5f
4:	smc	#0
5:	msr	sctlr_el2, x19
6:	isb
	ldp	x19, x20, [sp], #16
	ret

/*
 * bool context_save(struct context *)
 * Returns false when called; true when context_restore() brings this CPU back here.
 */
	.global	context_save
context_save:
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]
	stp	x27, x28, [x0, #64]
	stp	x29, x30, [x0, #80]
	mov	x1, sp
	str	x1, [x0, #96]
	mov	w0, #0
	ret

/* void context_restore(const struct context *) */
	.global	context_restore
context_restore:
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldp	x29, x30, [x0, #80]
	ldr	x1, [x0, #96]
	mov	sp, x1
	mov	w0, #1
	ret
