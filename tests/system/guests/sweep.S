/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that writes to each page of 128 MiB, and prints how long it took:
 *
 *	first SPAN	what was never accessed
 *	again SPAN	at once after that
 *	asleep		it calls SYSTEM_SUSPEND
 *	awake SPAN	at once after it was woken
 *	later SPAN	after a byte from its console, and again for each
 *
 * A span is of CNTPCT_EL0, in hex. A "q" has it power off. Everything runs with the MMU
 * off and interrupts masked; the host wakes it.
 */
#include "bare.S"

#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define FROM 0x44000000
#define TO 0x4c000000
#define PAGE 4096

	/* Write to each page; x19: how long that took. */
	.macro	sweep
	constant x1, FROM
	constant x2, TO
	mrs	x19, cntpct_el0
8:	str	x1, [x1]
	add	x1, x1, #PAGE
	cmp	x1, x2
	b.ne	8b
	mrs	x0, cntpct_el0
	sub	x19, x0, x19
	.endm

	.macro	report name
	say	"\name "
	number	x19, 16
	say	"\n"
	.endm

	header

primary:
	constant x20, UART
	sweep
	report	first
	sweep
	report	again
	say	"asleep\n"
	constant x0, SYSTEM_SUSPEND
	adr	x1, entry
	hvc	#0
	b	off

entry:
	constant x20, UART
	sweep
	report	awake
1:	await_byte
	ldr	w21, [x20]
	cmp	w21, #'q'
	b.eq	off
	sweep
	report	later
	b	1b

off:
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

	console_routines
