/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the first CPU does to a flat image, while MMU and data cache are off. It needs no
 * stack, and no register beyond x5.
 */
#include "macros.inc"

#define R_AARCH64_RELATIVE 1027

	.text

/* Clear what has no contents in the file, and relocate to where the image lies. */
	.global	image_prepare
image_prepare:
	address	x0, bss_start
	address	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	address	x5, image_start
	address	x0, relocations_start
	address	x1, relocations_end
2:	cmp	x0, x1
	b.hs	image_forget_lines
	ldp	x2, x3, [x0], #16
	ldr	x4, [x0], #8
	cmp	w3, #R_AARCH64_RELATIVE
	b.ne	2b
	add	x4, x4, x5
	str	x4, [x2, x5]
	b	2b

/* No stale line may hide what was written past the caches: drop those of the image. */
	.global	image_forget_lines
image_forget_lines:
	address	x0, image_end
	address	x1, image_start
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
	sub	x3, x2, #1
	bic	x1, x1, x3
1:	dc	ivac, x1
	add	x1, x1, x2
	cmp	x1, x0
	b.lo	1b
	dsb	sy
	ret
