/* SPDX-License-Identifier: BSD-3-Clause */
/* How a guest of sleeper.h starts, and where it wakes. */
	.macro	go to
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	b	\to
	.endm

	.section .start, "ax"
	.global image
image:
	go	live

	.global wake_up
	.hidden	wake_up
wake_up:
	go	awake
