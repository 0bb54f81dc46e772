/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where guest.c's CPUs come in: at EL1, interrupts masked, MMU and caches off. Like
 * the rest of the guest it is position-independent.
 */
	.section .head, "ax"
	.global	start
start:
	adr	x1, start
	mov	sp, x1			/* The first CPU's stack ends where the image starts. */
	adr	x1, bss_start
	adr	x2, bss_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	bl	guest_main
3:	wfi
	b	3b

/*
 * CPU_ON and power-down states come back with the context id in x0, which here
 * is the stack, and above it what to call with the address of the stack.
 */
	.global	guest_entry
guest_entry:
	mov	sp, x0
	ldr	x1, [x0]
	blr	x1
4:	wfi
	b	4b
