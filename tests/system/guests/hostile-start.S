/* SPDX-License-Identifier: BSD-3-Clause */
/* How the hostile guest starts, wherever it is loaded, and where its exceptions go. */
	.section .start, "ax"
	.global image
image:
	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	b	misbehave

	/* A second vCPU, with half of the stack: x0 is for what it does. */
	.global secondary
	.hidden	secondary
secondary:
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	adrp	x1, stack_top
	add	x1, x1, :lo12:stack_top
	sub	sp, x1, #0x2000
	b	ring_doorbells

	/* After a sleep: of the stack nothing is needed any more. */
	.global wake_up
	.hidden	wake_up
wake_up:
	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	b	awake

	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	on_exception
	.endr
