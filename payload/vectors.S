/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions: interrupts are counted and the code continues; any other ends the payload
 * with a report, unless a test expects it.
 */
#include "../arch/arm64/macros.inc"

	.macro	entry handler
	.balign	128
	frame_begin \handler
	.endm

	.text
	.balign	2048
	.global	vectors
vectors:
	/* With SP_EL0, which the payload never uses. */
	entry	on_exception
	entry	on_exception
	entry	on_exception
	entry	on_exception
	entry	on_exception
	entry	on_irq
	entry	on_exception
	entry	on_exception
	/* From below, where nothing runs. */
	.rept	8
	entry	on_exception
	.endr

/* Returns only after an exception that a test provoked. */
on_exception:
	bl	exception
	b	frame_restore

on_irq:
	bl	irq
	b	frame_restore
