/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that prints where it began: it runs anywhere, from RAM as from flash, with no
 * stack and no memory of its own.
 *
 *	BOARD: pc=ADDRESS x0=ADDRESS magic=WORD el=LEVEL spsel=BIT sctlr=BITS
 *
 * magic is the first word where x0 points to. Then, if it runs from flash,
 *
 *	BOARD: flash end=WORD second=WORD after-write=WORD code=WORD
 *
 * the last word of the first bank, the first of the second, that word after a write of
 * zero, and its own first after such a write. Then it powers off, or, with the byte 'r'
 * waiting at the console, resets. Numbers are hex, of 16 digits.
 */
#define UART 0x09000000
#define UART_FR 0x18
#define UART_FR_RXFE 4
#define UART_CR 0x30
#define UART_CR_ENABLE 0x301

#define FLASH_END 0x08000000
#define FLASH_SECOND 0x04000000

#define SYSTEM_OFF 0x84000008
#define SYSTEM_RESET 0x84000009

	.macro	say text:vararg
	adr	x1, 9f
	bl	print
	b	8f
9:	.asciz	\text
	.balign	4
8:
	.endm

	.macro	number register
	mov	x1, \register
	bl	print_number
	.endm

	.text
image:
	/* Registers that printing leaves alone. */
	mov	x20, x0
	adr	x21, image
	mov	x28, #UART
	mov	w1, #UART_CR_ENABLE
	str	w1, [x28, #UART_CR]

	say	"BOARD: pc="
	number	x21
	say	" x0="
	number	x20
	say	" magic="
	ldr	w22, [x20]
	rev	w22, w22
	number	x22
	say	" el="
	mrs	x22, CurrentEL
	lsr	x22, x22, #2
	number	x22
	say	" spsel="
	mrs	x22, spsel
	number	x22
	say	" sctlr="
	mrs	x22, sctlr_el1
	number	x22
	say	"\n"

	mov	x1, #FLASH_END
	cmp	x21, x1
	b.hs	finish
	mov	x24, #FLASH_SECOND
	say	"BOARD: flash end="
	ldr	x22, [x24, #-8]
	number	x22
	say	" second="
	ldr	x22, [x24]
	number	x22
	say	" after-write="
	str	xzr, [x24]
	dsb	sy
	ldr	x22, [x24]
	number	x22
	say	" code="
	str	wzr, [x21]
	dsb	sy
	ldr	w22, [x21]
	number	x22
	say	"\n"

finish:
	ldr	w1, [x28, #UART_FR]
	movz	w0, #(SYSTEM_OFF & 0xffff)
	movk	w0, #(SYSTEM_OFF >> 16), lsl #16
	tbnz	w1, #UART_FR_RXFE, 1f
	ldr	w1, [x28]
	cmp	w1, #'r'
	cinc	w0, w0, eq
1:	hvc	#0
	b	.

/* Print the string at x1. Changes x2, x3. */
print:
	ldrb	w2, [x1], #1
	cbz	w2, 1f
	str	w2, [x28]
	b	print
1:	ret

/* Print x1. Changes x2, x3. */
print_number:
	mov	w3, #60
1:	lsr	x2, x1, x3
	and	w2, w2, #0xf
	cmp	w2, #10
	add	w2, w2, #'0'
	b.lo	2f
	add	w2, w2, #('a' - '0' - 10)
2:	str	w2, [x28]
	subs	w3, w3, #4
	b.pl	1b
	ret
