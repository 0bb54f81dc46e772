/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that suspends its machine again and again and is woken by its timer.
 *
 * Three numbers of 64 bits are behind the image: how often; from one time to the next, by
 * how many ticks of its counter later the timer fires; and modulo what. So the timer
 * comes before the call, while host and guest are on their way to sleep, and after, a
 * little later each time.
 *
 * It comes back at its entry point each time, in the state that PSCI demands, with the
 * context id that it passed, and not before its timer has fired. In the end it prints
 *
 *	suspended COUNT
 *
 * or what was wrong, and powers off. Numbers are hex. The MMU is off throughout.
 */
#include "bare.S"

#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define DAIF_ALL 0x3c0
#define SCTLR_MMU_AND_CACHES 0x1005

	header

	/* Print what, and x24. */
	.macro	fail text:vararg
	string	\text
	b	finish
	.endm

primary:
	enable_timer_wake
	isb

/* Everything is in memory: registers need not survive. */
next:
	adr	x19, script
	ldp	x20, x21, [x19]
	ldr	x22, [x19, #16]
	adr	x23, done
	ldr	x24, [x23]
	cmp	x24, x20
	b.ne	1f
	fail	"suspended "
1:	mul	x0, x24, x21
	udiv	x1, x0, x22
	msub	x0, x1, x22, x0
	add	x24, x24, #1
	str	x24, [x23]
	isb
	mrs	x1, cntvct_el0
	add	x0, x0, x1
	msr	cntv_cval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	constant x0, SYSTEM_SUSPEND
	adr	x1, entry
	mvn	x2, x24
	hvc	#0
	mov	x24, x0
	fail	"returned "

entry:
	adr	x23, done
	ldr	x24, [x23]
	mvn	x1, x24
	cmp	x0, x1
	b.eq	1f
	mov	x24, x0
	fail	"wrong context "
1:	mrs	x0, daif
	cmp	x0, #DAIF_ALL
	b.eq	1f
	mov	x24, x0
	fail	"wrong DAIF "
1:	mrs	x0, sctlr_el1
	mov	w1, #SCTLR_MMU_AND_CACHES
	tst	x0, x1
	b.eq	1f
	mov	x24, x0
	fail	"wrong SCTLR_EL1 "
1:	isb
	mrs	x0, cntvct_el0
	mrs	x1, cntv_cval_el0
	cmp	x0, x1
	b.hs	1f
	fail	"too early in round "
1:	msr	cntv_ctl_el0, xzr
	isb
	b	next

/* Print the string at x0 and x24, and power off. */
finish:
	constant x20, UART
	bl	print
	number	x24, 16
	say	"\n"
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

	console_routines

	.balign	8
done:
	.quad	0
	/* Last of all, see the linker's order of sections. */
	.section .script, "a"
	.balign	8
script:
