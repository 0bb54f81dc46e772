/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that prints how far its virtual counter is behind the physical one, which never
 * stops: its machine was paused for so many ticks, and no clock of the host's is needed
 * to see it. It takes a byte from the console at a time:
 *
 *	o	prints "offset TICKS"
 *	s	suspends the machine, and prints "woke" and the offset once it comes back
 *	q	powers off
 *
 * At first it prints "frequency TICKS", a second's. Numbers are hex. The MMU is off.
 */
#include "bare.S"

#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define READINGS 50

	header

primary:
	constant x20, UART
	mrs	x24, cntfrq_el0
	say	"frequency "
	number	x24, 16
	say	"\n"

next:
	await_byte
	ldr	w0, [x20]
	and	w0, w0, #0xff
	cmp	w0, #'o'
	b.eq	offset
	cmp	w0, #'s'
	b.eq	suspend
	cmp	w0, #'q'
	b.ne	next
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

/*
 * The virtual counter is read last, so that no reading is more than the truth; the largest
 * of some is close to it.
 */
offset:
	mov	x24, #0
	mov	x25, #READINGS
1:	isb
	mrs	x0, cntpct_el0
	isb
	mrs	x1, cntvct_el0
	sub	x0, x0, x1
	cmp	x0, x24
	csel	x24, x0, x24, hi
	subs	x25, x25, #1
	b.ne	1b
	say	"offset "
	number	x24, 16
	say	"\n"
	b	next

suspend:
	constant x0, SYSTEM_SUSPEND
	adr	x1, entry
	hvc	#0
	say	"not suspended\n"
	b	next

entry:
	constant x20, UART
	say	"woke\n"
	b	offset

	console_routines
