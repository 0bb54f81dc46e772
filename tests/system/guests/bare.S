/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What guests without a kernel have in common: the header of an Image, macros for the
 * console, and a timer whose interrupt wakes. To be linked by calls.ld, which puts
 * strings and the script behind the code. x20 is the UART wherever something is printed,
 * and the MMU is off.
 */
#define UART 0x09000000
#define GICD 0x08000000
#define GICR_SGI 0x080b0000		/* Of the first CPU: the frame of SGIs and PPIs. */

#define GICD_CTLR 0x0
#define GICD_CTLR_ENABLE_GROUP_1 2
#define GICR_IGROUPR0 0x80
#define GICR_ISENABLER0 0x100
#define TIMER_PPI 27
#define ICC_PMR_EL1 s3_0_c4_c6_0

#define IMAGE_SIZE 0x10000

	/* Of an Image, which begins at primary. */
	.macro	header
	.text
	.global image
image:
	b	primary
	.long	0
	.quad	0			/* text_offset */
	.quad	IMAGE_SIZE
	.quad	0xa			/* Little-endian, 4 KiB pages, anywhere. */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
	.endm

	/* Load any constant: mov knows only some. */
	.macro	constant register, value
	movz	\register, #((\value) & 0xffff)
	movk	\register, #((\value) >> 16 & 0xffff), lsl #16
	.endm

	/* x0: where a string is. */
	.macro	string text:vararg
	adr	x0, 9f
	.pushsection .rodata
9:	.asciz	\text
	.popsection
	.endm

	/* Changes x0, x1. */
	.macro	say text:vararg
	string	\text
	bl	print
	.endm

	/* In hex. Changes x0 to x3. */
	.macro	number register, digits
	mov	x0, \register
	mov	w1, #\digits
	bl	print_number
	.endm

	/* Let the virtual timer's interrupt end a sleep. Changes x0, x1. */
	.macro	enable_timer_wake
	constant x0, GICD
	mov	w1, #GICD_CTLR_ENABLE_GROUP_1
	str	w1, [x0, #GICD_CTLR]
	constant x0, GICR_SGI
	mov	w1, #-1
	str	w1, [x0, #GICR_IGROUPR0]
	mov	w1, #(1 << TIMER_PPI)
	str	w1, [x0, #GICR_ISENABLER0]
	mov	x0, #0xf0
	msr	ICC_PMR_EL1, x0
	.endm

	/* The functions that say and number call. */
	.macro	console_routines
/* The string at x0. */
print:
1:	ldrb	w1, [x0], #1
	cbz	w1, 2f
	str	w1, [x20]
	b	1b
2:	ret

/* The last w1 digits of x0. */
print_number:
	lsl	w1, w1, #2
1:	sub	w1, w1, #4
	lsr	x2, x0, x1
	and	w2, w2, #0xf
	cmp	w2, #10
	add	w3, w2, #'0'
	add	w2, w2, #('a' - 10)
	csel	w2, w2, w3, hs
	str	w2, [x20]
	cbnz	w1, 1b
	ret
	.endm
