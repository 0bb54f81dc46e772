/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that prints the hardware signature that it finds in its FACS and whether its
 * command line has noresume, and hibernates; or powers off, if its command line has "off".
 * dormouse takes it for a Linux that compares its signature, by the banner.
 */
#include "bare.S"

#define SYSTEM_OFF 0x84000008
#define SYSTEM_OFF2 0xc4000015
#define FACS_SIGNATURE 0x53434146
#define HARDWARE_SIGNATURE 8
#define TABLES_SIZE 0x200000

	header

banner:
	.asciz	"Linux version 7.2.0"
	.balign	4

/* x19: the device tree, which the tables are behind. */
primary:
	mov	x19, x0
	constant x20, UART
	constant x1, TABLES_SIZE
	add	x1, x0, x1
	constant x2, FACS_SIGNATURE
1:	ldr	w3, [x0]
	cmp	w3, w2
	b.eq	found
	add	x0, x0, #64
	cmp	x0, x1
	b.lo	1b
	say	"FACS: none\n"
	b	words
found:
	ldr	w24, [x0, #HARDWARE_SIGNATURE]
	say	"FACS: signature=0x"
	number	x24, 8
	say	"\n"

words:
	adr	x4, noresume
	bl	has_word
	cbz	x0, 1f
	say	"FACS: noresume\n"
1:	adr	x4, off
	bl	has_word
	cbnz	x0, 1f
	constant x0, SYSTEM_OFF2
	mov	x1, #0
	mov	x2, #0
	hvc	#0
1:	constant x0, SYSTEM_OFF
	hvc	#0
2:	wfi
	b	2b

/* x0: whether the first 16 KiB of the device tree have the bytes at x4. Changes x1 to x6. */
has_word:
	mov	x1, x19
	add	x2, x19, #0x4000
1:	mov	x5, x1
	mov	x6, x4
2:	ldrb	w3, [x6], #1
	cbz	w3, 3f
	ldrb	w0, [x5], #1
	cmp	w0, w3
	b.eq	2b
	add	x1, x1, #1
	cmp	x1, x2
	b.lo	1b
	mov	x0, #0
	ret
3:	mov	x0, #1
	ret

noresume:
	.asciz	"noresume "
off:
	.asciz	"do=off"
	.balign	4

	console_routines
