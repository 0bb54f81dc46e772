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
#define GICD_IGROUPR1 0x84
#define GICD_ISENABLER1 0x104
#define GICD_ICENABLER1 0x184
#define GICD_ICFGR2 0xc08		/* Of the first 16 SPIs. */
#define GICD_IROUTER_UART 0x6108
#define UART_SPI 2			/* Number 1, as a bit. */
#define TIMER_PPI 27
#define ICC_PMR_EL1 s3_0_c4_c6_0

#define UART_FR 0x18
#define UART_FR_RXFE 4
#define UART_CR 0x30
#define UART_CR_ENABLE 0x301
#define UART_IMSC 0x38
#define UART_IMSC_RX 0x10

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

	/*
	 * Until the UART has a byte. Its interrupt ends the wait, since a loop that asks the
	 * UART takes a whole CPU of the host; it is enabled only here, so that a byte wakes no
	 * guest elsewhere. Changes x0 to x2.
	 */
	.macro	await_byte
	mov	w0, #UART_CR_ENABLE
	str	w0, [x20, #UART_CR]
	mov	w0, #UART_IMSC_RX
	str	w0, [x20, #UART_IMSC]
	constant x1, GICD
	mov	w0, #GICD_CTLR_ENABLE_GROUP_1
	str	w0, [x1, #GICD_CTLR]
	mov	w0, #-1
	str	w0, [x1, #GICD_IGROUPR1]
	/* By level, so that an interrupt that was served need not be acknowledged. */
	str	wzr, [x1, #GICD_ICFGR2]
	mrs	x0, mpidr_el1
	and	x0, x0, #0xffffff
	str	x0, [x1, #GICD_IROUTER_UART]
	mov	x0, #0xf0
	msr	ICC_PMR_EL1, x0
	isb
	mov	w2, #UART_SPI
	str	w2, [x1, #GICD_ISENABLER1]
	b	8f
7:	wfi
8:	ldr	w0, [x20, #UART_FR]
	tbnz	w0, #UART_FR_RXFE, 7b
	str	w2, [x1, #GICD_ICENABLER1]
	str	wzr, [x20, #UART_IMSC]
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
