/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that makes the calls of a script, and prints the results.
 *
 * The script is behind the image: steps of four words of 64 bits. A step whose first word
 * has bit 31 set is a call: HVC with these as x0 to x3. Else the first word is
 *
 *	0	wait for ever
 *	1	CPU_ON of x1, which continues with the step of index x2
 *	2	take a byte from the console
 *	3	continue with step x2 if that byte was x1
 *	4	call x2 with x3 as its argument, x1 times, and print how long it took
 *	5	x1 times: CPU_ON of x2, which notes it in memory and calls CPU_OFF; wait
 *		until AFFINITY_INFO reports it as OFF. Print how long it took
 *	6	ask PSCI_FEATURES for x2 ids from x1 on; print those that it knows
 *	7	wait until another vCPU has come to its own step 7
 *	8	x1 times: CPU_ON of x2 as in step 5. Print the least time that the call
 *		itself took
 *	9	CPU_ON of x1, which prints its system registers, changes them, prints
 *		them again and calls CPU_OFF; wait until AFFINITY_INFO reports it as OFF
 *	10	x1 bytes to the console, the letters from a to p in turn, each once the
 *		UART has room for it, for which nothing else here waits
 *	11	x1 times: CPU_ON of x2 as in step 5. Print the least time from the call
 *		to the other vCPU's first instruction
 *	12	read the byte at x1 and print it; write the byte x2 there
 *
 * Each line on the console begins with the number of its vCPU. Numbers are hex.
 * Everything runs with the MMU off, so that every vCPU sees one memory.
 */
#include "bare.S"

#define UART_FR_TXFF 5

#define CPU_OFF 0x84000002
#define PSCI_FEATURES 0x8400000a
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define AFFINITY_INFO_OFF 1

	header

primary:
	adr	x19, script
	b	1f
secondary:
	mov	x19, x0
1:	constant x20, UART
	mrs	x21, mpidr_el1
	and	x21, x21, #0xf

/* x19: the next step. x20: the UART. x21: this vCPU. x22: the byte taken. */
next:
	ldp	x23, x24, [x19], #16
	ldp	x25, x26, [x19], #16
	tbnz	w23, #31, call
	adr	x0, steps
	cmp	x23, #12
	b.hi	wait
	ldr	w1, [x0, x23, lsl #2]
	add	x0, x0, w1, sxtw
	br	x0
steps:
	.word	wait - steps, start - steps, take - steps, choose - steps
	.word	repeat - steps, round_trips - steps, features - steps, meet - steps
	.word	starts - steps, registers - steps, letters - steps, arrivals - steps
	.word	poke - steps

call:
	mov	x0, x23
	mov	x1, x24
	mov	x2, x25
	mov	x3, x26
	hvc	#0
	mov	x24, x0
	bl	begin_line
	say	"call "
	number	x23, 8
	say	" = "
	number	x24, 16
	say	"\n"
	b	next

wait:
	wfi
	b	wait

start:
	constant x0, CPU_ON
	mov	x1, x24
	adr	x2, secondary
	adr	x3, script
	add	x3, x3, x25, lsl #5
	hvc	#0
	b	next

take:
	await_byte
	ldr	w22, [x20]
	and	w22, w22, #0xff
	b	next

choose:
	cmp	w22, w24
	b.ne	next
	adr	x19, script
	add	x19, x19, x25, lsl #5
	b	next

repeat:
	mov	x23, x24
	isb
	mrs	x27, cntvct_el0
1:	mov	x0, x25
	mov	x1, x26
	mov	x2, #0
	mov	x3, #0
	hvc	#0
	subs	x23, x23, #1
	b.ne	1b
	b	took

round_trips:
	adr	x23, shared
	mov	x26, x24
	isb
	mrs	x27, cntvct_el0
1:	bl	switch_on
	bl	await_off
	subs	x26, x26, #1
	b.ne	1b

/* Print the time since x27, for x24 times. */
took:
	isb
	mrs	x0, cntvct_el0
	sub	x27, x0, x27
say_took:
	mrs	x26, cntfrq_el0
	bl	begin_line
	number	x24, 8
	say	" took "
	number	x27, 16
	say	" of "
	number	x26, 8
	say	"\n"
	b	next

starts:
	adr	x23, shared
	mov	x26, x24
	mov	x27, #-1
1:	isb
	mrs	x28, cntvct_el0
	bl	switch_on
	isb
	mrs	x0, cntvct_el0
	sub	x28, x0, x28
	cmp	x28, x27
	csel	x27, x28, x27, lo
	bl	await_off
	subs	x26, x26, #1
	b.ne	1b
	mov	x24, #1
	b	say_took

arrivals:
	adr	x23, shared
	mov	x26, x24
	mov	x27, #-1
1:	isb
	mrs	x28, cntvct_el0
	bl	switch_on
	bl	await_off
	ldr	x0, [x23]
	sub	x28, x0, x28
	cmp	x28, x27
	csel	x27, x28, x27, lo
	subs	x26, x26, #1
	b.ne	1b
	mov	x24, #1
	b	say_took

registers:
	adr	x23, shared
	mov	x25, x24
	adr	x18, show_and_change
	bl	switch_on_at
	bl	await_off
	b	next

/* CPU_ON of x25, which notes it at x23; once it is off, if it is not yet. */
switch_on:
	adr	x18, there_and_back
switch_on_at:
	str	xzr, [x23]
1:	constant x0, CPU_ON
	mov	x1, x25
	mov	x2, x18
	mov	x3, x23
	hvc	#0
	cmn	w0, #4			/* ALREADY_ON */
	b.eq	1b
	ret

/* Until it has noted it, and is off again. */
await_off:
	/* An emulator that runs one CPU at a time lets the others run here. */
1:	yield
	ldr	x0, [x23]
	cbz	x0, 1b
2:	yield
	constant x0, AFFINITY_INFO
	mov	x1, x25
	mov	x2, #0
	hvc	#0
	cmp	x0, #AFFINITY_INFO_OFF
	b.ne	2b
	ret

/* It notes the time of its first instruction. */
there_and_back:
	isb
	mrs	x1, cntvct_el0
	str	x1, [x0]
	constant x0, CPU_OFF
	hvc	#0
	b	wait

	.macro	show register
	mrs	x23, \register
	say	" \register="
	number	x23, 16
	.endm

	.macro	set register, value
	mov	x0, #\value
	msr	\register, x0
	.endm

show_and_change:
	mov	x27, x0
	constant x20, UART
	mrs	x21, mpidr_el1
	and	x21, x21, #0xf
	bl	show_registers
	/* Write a value that does not affect the next instructions. */
	mrs	x0, sctlr_el1
	eor	x0, x0, #(1 << 15)	/* UCT */
	eor	x0, x0, #(1 << 26)	/* UCI */
	msr	sctlr_el1, x0
	set	cpacr_el1, 0x300000
	set	tcr_el1, 0x19
	set	ttbr0_el1, 0x1000
	set	ttbr1_el1, 0x2000
	set	mair_el1, 0xff
	set	amair_el1, 0xff
	set	vbar_el1, 0x1000
	set	contextidr_el1, 0x55
	set	tpidr_el1, 0x55
	set	esr_el1, 0x55
	set	far_el1, 0x55
	set	cntkctl_el1, 3
	set	cntv_cval_el0, 0x55
	set	cntv_ctl_el0, 3		/* On, but masked. */
	set	cntp_ctl_el0, 3
	set	mdscr_el1, 0x1000
	msr	daifclr, #1
	isb
	bl	show_registers
	mov	x0, x27
	b	there_and_back

show_registers:
	mov	x28, x30
	bl	begin_line
	say	"registers"
	show	sctlr_el1
	show	cpacr_el1
	show	tcr_el1
	show	ttbr0_el1
	show	ttbr1_el1
	show	mair_el1
	show	amair_el1
	show	vbar_el1
	show	contextidr_el1
	show	tpidr_el1
	show	esr_el1
	show	far_el1
	show	cntkctl_el1
	show	cntv_ctl_el0
	show	cntp_ctl_el0
	show	mdscr_el1
	show	daif
	show	currentel
	/* Registers of the CPU that would have to be reset too, if it has them. */
	show	id_aa64pfr0_el1
	show	id_aa64dfr0_el1
	show	id_aa64isar1_el1
	say	"\n"
	ret	x28

features:
	constant x0, PSCI_FEATURES
	mov	x1, x24
	hvc	#0
	cmn	w0, #1			/* NOT_SUPPORTED */
	b.eq	1f
	mov	x23, x0
	bl	begin_line
	say	"feature "
	number	x24, 8
	say	" = "
	number	x23, 8
	say	"\n"
1:	add	x24, x24, #1
	subs	x25, x25, #1
	b.ne	features
	b	next

letters:
	mov	x23, #0
1:	ldr	w0, [x20, #UART_FR]
	tbnz	w0, #UART_FR_TXFF, 1b
	and	w0, w23, #15
	add	w0, w0, #'a'
	str	w0, [x20]
	add	x23, x23, #1
	cmp	x23, x24
	b.lo	1b
	b	next

poke:
	ldrb	w26, [x24]
	bl	begin_line
	say	"byte "
	number	x26, 2
	say	"\n"
	strb	w25, [x24]
	b	next

meet:
	adr	x0, met
	add	x0, x0, x21, lsl #3
	mov	x1, #1
	str	x1, [x0]
	dsb	sy
	adr	x0, met
	eor	x1, x21, #1
1:	yield
	ldr	x2, [x0, x1, lsl #3]
	cbz	x2, 1b
	b	next

begin_line:
	add	w0, w21, #'0'
	str	w0, [x20]
	mov	w0, #' '
	str	w0, [x20]
	ret

	console_routines

	.balign	8
shared:
	.quad	0
met:
	.quad	0, 0
	/* Last of all, see the linker's order of sections. */
	.section .script, "a"
	.balign	8
script:
