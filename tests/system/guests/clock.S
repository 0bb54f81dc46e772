/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that prints what time it was when it executed its first instruction, and when
 * the last of all its CPUs executed its own first:
 *
 *	STOPWATCH first COUNTER
 *	STOPWATCH all COUNTER, of CPUS
 *
 * then powers off. The counter is CNTPCT_EL0, which is the host's; numbers are hex.
 * Everything runs with the MMU off, so that every CPU sees one memory.
 */
#define UART 0x09000000

#define CPU_ON 0xc4000003
#define SYSTEM_OFF 0x84000008

#define CPUS_MAX 512
#define IMAGE_SIZE 0x10000

	.macro	say text:vararg
	adr	x0, 9f
	bl	print
	b	8f
9:	.asciz	\text
	.balign	4
8:
	.endm

	.macro	constant register, value
	movz	\register, #((\value) & 0xffff)
	movk	\register, #((\value) >> 16 & 0xffff), lsl #16
	.endm

	.text
image:
	/* The header of an Image leaves room for two instructions. */
	mrs	x19, cntpct_el0
	b	primary
	.quad	0			/* text_offset */
	.quad	IMAGE_SIZE
	.quad	0xa			/* Little-endian, 4 KiB pages, anywhere. */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

secondary:
	mrs	x1, cntpct_el0
	str	x1, [x0]
1:	wfi
	b	1b

/* x19: when it began. x20: the UART. x21: the times of CPUs. x22: how many. */
primary:
	constant x20, UART
	adr	x21, times
	str	x19, [x21]
	mov	x22, #1

	/* KVM's MPIDRs: 16 CPUs in each group of affinity level 1. */
start:	cmp	x22, #CPUS_MAX
	b.eq	started
	and	x1, x22, #0xf
	lsr	x3, x22, #4
	orr	x1, x1, x3, lsl #8
	add	x3, x21, x22, lsl #3
	str	xzr, [x3]
	adr	x2, secondary
	constant x0, CPU_ON
	hvc	#0
	cbnz	w0, started
	add	x22, x22, #1
	b	start
started:

	/* The latest of the times, once all are there. */
	mov	x23, #0
	mov	x24, #0
1:	ldr	x0, [x21, x23, lsl #3]
	cbnz	x0, 2f
	/* An emulator that runs one CPU at a time lets the others run here. */
	yield
	b	1b
2:	cmp	x0, x24
	csel	x24, x0, x24, hi
	add	x23, x23, #1
	cmp	x23, x22
	b.ne	1b

	say	"STOPWATCH first "
	mov	x1, x19
	bl	print_number
	say	"\nSTOPWATCH all "
	mov	x1, x24
	bl	print_number
	say	", of "
	mov	x1, x22
	bl	print_number
	say	"\ndone\n"
	constant x0, SYSTEM_OFF
	hvc	#0
	b	.

/* Print the string at x0. Changes x1. */
print:
	ldrb	w1, [x0], #1
	cbz	w1, 1f
	str	w1, [x20]
	b	print
1:	ret

/* Print the low 60 bits of x1. Changes x2, x3. */
print_number:
	mov	w3, #56
1:	lsr	x2, x1, x3
	and	w2, w2, #0xf
	cmp	w2, #10
	add	w2, w2, #'0'
	b.lo	2f
	add	w2, w2, #('a' - '0' - 10)
2:	str	w2, [x20]
	subs	w3, w3, #4
	b.pl	1b
	ret

	/* Behind the image, within the size that its header states. */
	.balign	8
times:
