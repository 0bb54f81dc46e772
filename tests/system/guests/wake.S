/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that sleeps, and prints what time it was when it executed its first instruction
 * after each wake:
 *
 *	ready
 *	awake COUNTER
 *
 * The counter is CNTPCT_EL0, which is the host's, in hex. Two numbers of 64 bits are
 * behind the image: how it sleeps, and how often before it powers off. A byte on its
 * console wakes it, or another event that the host causes.
 *
 *	0	WFI
 *	1	CPU_SUSPEND, standby
 *	2	SYSTEM_SUSPEND
 *	3	SYSTEM_SUSPEND, until its clock's alarm at the next full second but one
 *	4	SYSTEM_SUSPEND, until a byte, which may come after it has woken
 *
 * Everything runs with the MMU off and interrupts masked.
 */
#include "bare.S"

#define RTC 0x09010000
#define RTC_DR 0x00
#define RTC_MR 0x04
#define RTC_IMSC 0x10
#define RTC_ICR 0x1c

#define UART_AND_RTC 6			/* SPIs 1 and 2. */
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7

#define CPU_SUSPEND 0xc4000001
#define SYSTEM_SUSPEND 0xc400000e
#define SYSTEM_OFF 0x84000008

#define HOW_CPU_SUSPEND 1
#define HOW_ALARM 3
#define HOW_BYTE 4

	header

primary:
	constant x20, UART
	constant x0, GICD
	mov	w1, #GICD_CTLR_ENABLE_GROUP_1
	str	w1, [x0, #GICD_CTLR]
	mov	w1, #-1
	str	w1, [x0, #GICD_IGROUPR1]
	/* By level, so that an interrupt that was served need not be acknowledged. */
	str	wzr, [x0, #GICD_ICFGR2]
	mov	w1, #UART_AND_RTC
	str	w1, [x0, #GICD_ISENABLER1]
	mov	x0, #0xf0
	msr	ICC_PMR_EL1, x0
	mov	x0, #1
	msr	ICC_IGRPEN1_EL1, x0
	isb
	mov	w0, #UART_CR_ENABLE
	str	w0, [x20, #UART_CR]
	mov	w0, #UART_IMSC_RX
	str	w0, [x20, #UART_IMSC]
	say	"ready\n"

/* Everything that must outlive a sleep is in memory. */
next:
	adr	x19, script
	ldp	x21, x22, [x19]
	cbz	x22, off
	sub	x22, x22, #1
	str	x22, [x19, #8]
	cmp	x21, #HOW_CPU_SUSPEND
	b.lo	1f
	b.eq	2f
	cmp	x21, #HOW_ALARM
	b.ne	3f
	/* Not the next one, which may come before the call. */
	constant x0, RTC
	mov	w1, #1
	str	w1, [x0, #RTC_IMSC]
	ldr	w1, [x0, #RTC_DR]
	add	w1, w1, #2
	str	w1, [x0, #RTC_MR]
3:	constant x0, SYSTEM_SUSPEND
	adr	x1, entry
	hvc	#0
	b	refused
2:	constant x0, CPU_SUSPEND
	mov	x1, #0
	adr	x2, entry
	hvc	#0
	mrs	x19, cntpct_el0
	cbnz	w0, refused
	b	awake
	/* It may end for no reason. */
1:	wfi
	mrs	x19, cntpct_el0
	mrs	x0, isr_el1
	cbz	x0, 1b
	b	awake

entry:
	mrs	x19, cntpct_el0

awake:
	constant x20, UART
	constant x0, RTC
	mov	w1, #1
	str	w1, [x0, #RTC_ICR]
	adr	x0, script
	ldr	x0, [x0]
	cmp	x0, #HOW_BYTE
	b.ne	1f
	/* The thread that has the byte for it may need this CPU. */
3:	ldr	w0, [x20, #UART_FR]
	tbz	w0, #UART_FR_RXFE, 1f
	wfi
	b	3b
1:	ldr	w0, [x20, #UART_FR]
	tbnz	w0, #UART_FR_RXFE, 2f
	ldr	w0, [x20]
	b	1b
2:	say	"awake "
	number	x19, 16
	say	"\n"
	b	next

refused:
	constant x20, UART
	say	"refused\n"
off:
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

	console_routines

	/* Last of all, see the linker's order of sections. */
	.section .script, "a"
	.balign	8
script:
