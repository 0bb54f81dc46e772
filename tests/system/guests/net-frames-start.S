/* SPDX-License-Identifier: BSD-3-Clause */
/* How the guest of net-frames.c starts. */
	.section .start, "ax"
	.global image
image:
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	b	live
