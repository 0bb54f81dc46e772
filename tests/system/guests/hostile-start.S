/* SPDX-License-Identifier: BSD-3-Clause */
/* How the hostile guest starts, wherever it is loaded, and where its exceptions go. */
	/* The vectors, and the end of the stack in a register. */
	.macro	set_up register
	adr	\register, vectors
	msr	vbar_el1, \register
	isb
	adrp	\register, stack_top
	add	\register, \register, :lo12:stack_top
	.endm

	.section .start, "ax"
	.global image
image:
	set_up	x0
	mov	sp, x0
	b	misbehave

	/* A second vCPU, with half of the stack: x0 is for what it does. */
	.global secondary
	.hidden	secondary
secondary:
	set_up	x1
	sub	sp, x1, #0x2000
	b	ring_doorbells

	/* After a sleep: of the stack nothing is needed any more. */
	.global wake_up
	.hidden	wake_up
wake_up:
	set_up	x0
	mov	sp, x0
	b	awake

	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	on_exception
	.endr
