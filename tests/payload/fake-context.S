/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * context_save() and context_restore(), as payload/runtime/call.S has them: struct
 * context has place for what a callee keeps, SP, and where to go on.
 */
#ifdef __x86_64__
	.text
	.global	context_save
context_save:
	movq	%rbx, (%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 48(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 56(%rdi)
	xorl	%eax, %eax
	ret

	.global	context_restore
context_restore:
	movq	(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	56(%rdi), %rsp
	movl	$1, %eax
	jmp	*48(%rdi)

	.section .note.GNU-stack, "", %progbits
#else
/* Here call.S can be used as it is, but for the calls themselves. */
#define call_registers real_call_registers
#define call_vectors real_call_vectors
#define call_big_endian real_call_big_endian
#include "../../payload/runtime/call.S"
	.section .note.GNU-stack, "", %progbits
#endif
