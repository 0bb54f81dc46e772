/* SPDX-License-Identifier: BSD-3-Clause */
/* What an exception saves, on the stack of the level that takes it, and the way back. */
#include "macros.inc"
#include "sysreg.h"

	.text

/* x0 and x1 are on the stack, x1 is where to continue, with x0 = frame. */
	.global	frame_save
frame_save:
	x2_to_x17 stp, sp, 32
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL2
	b.eq	2f
	b.hi	3f
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	mrs	x4, esr_el1
	mrs	x5, far_el1
	b	4f
2:	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
	b	4f
3:	mrs	x2, elr_el3
	mrs	x3, spsr_el3
	mrs	x4, esr_el3
	mrs	x5, far_el3
4:	str	x2, [sp, #FRAME_ELR]
	str	x3, [sp, #FRAME_SPSR]
	str	x4, [sp, #FRAME_ESR]
	str	x5, [sp, #FRAME_FAR]
	mov	x0, sp
	br	x1

/* SP is the frame. Functions in C have kept x20 to x29. */
	.global	frame_restore
frame_restore:
	ldr	x2, [sp, #FRAME_ELR]
	ldr	x3, [sp, #FRAME_SPSR]
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL_EL2
	b.eq	2f
	b.hi	3f
	msr	elr_el1, x2
	msr	spsr_el1, x3
	b	4f
2:	msr	elr_el2, x2
	msr	spsr_el2, x3
	b	4f
3:	msr	elr_el3, x2
	msr	spsr_el3, x3
4:	x2_to_x17 ldp, sp, 32
	ldp	x18, x19, [sp, #144]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_SIZE
	exception_return
