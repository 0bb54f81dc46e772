/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any sequence of calls, polls and wake-ups of an OS that has a relay between itself and
 * its firmware, which is the library, and of one that has not. The arguments are anything.
 */
#include "../model/relay-stack.h"
#include "input.h"

#include <psci/abi.h>

#include <stdio.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An argument: one of those that mean something, or any. */
static uint64_t take_argument(struct input *in)
{
	static const uint64_t known[] = {
		0,
		1,
		2,
		UINT64_C(0x100010100),
		UINT64_C(0x100010000),
		0x40001000,
		0x40001001,
		0x40001002,
		STACK_REFUSED_ENTRY,
		0x10001,
		0x40000001,
		0x80000000,
		0x80000001,
		UINT64_MAX,
	};
	const uint8_t choice = take_byte(in);

	if (choice < ARRAY_SIZE(known))
		return known[choice];
	if (choice < 0x60)
		return PSCI_FN32_BASE + (choice & 0x1f);
	if (choice < 0x80)
		return PSCI_FN64_BASE + (choice & 0x1f);

	return take_word(in, choice & 1 ? 4 : 8);
}

/* Bits 4 to 0 of the first byte are a function number, of either convention, or anything. */
static uint64_t take_function(struct input *in)
{
	const uint8_t choice = take_byte(in);
	uint64_t id = (choice & 0x20 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + (choice & 0x1f);

	if ((choice & 0xc0) == 0xc0)
		id = take_word(in, 8);
	else if (choice & 0x40)
		id |= take_word(in, 8) & UINT64_C(0xffffffff00010000);

	return id;
}

static struct stack_step take_step(struct input *in)
{
	static const enum stack_step_kind kinds[] = { STACK_CALL, STACK_POLL,	  STACK_WAKE,
						      STACK_DENY, STACK_WAKE_ALL, STACK_REBOOT };
	const uint8_t choice = take_byte(in);
	struct stack_step step = { .cpu = (choice & 0x3u) % STACK_CPU_COUNT };

	if (choice & 0x20) {
		step.kind = kinds[(choice >> 2 & 0x7) % ARRAY_SIZE(kinds)];
		if (step.kind != STACK_CALL)
			return step;
	}
	step.regs.aarch32 = (choice & 0xc0) == 0xc0;
	step.regs.big_endian = choice & 0x10;
	step.regs.x[0] = take_function(in);
	for (unsigned int i = 1; i < 4; i++)
		step.regs.x[i] = take_argument(in);

	return step;
}

static struct stack_kind take_kind(struct input *in)
{
	static const uint32_t versions[] = { PSCI_VERSION_1_3, PSCI_VERSION_0_2, PSCI_VERSION_1_0,
					     PSCI_VERSION_1_1, PSCI_VERSION_1_2 };
	/* Nothing, and what may be missing without another. */
	static const uint32_t disabled[] = { 0,		1 << 0x06, 1 << 0x0b, 1 << 0x0e,
					     1 << 0x0f, 0x30000,   1 << 0x05 };
	const uint8_t machine = take_byte(in);
	const uint8_t without = take_byte(in);
	struct stack_kind kind = {
		.version = versions[(machine & 0x7) % ARRAY_SIZE(versions)],
		.hide_on_pending = machine & 0x10,
		.trusted_os = machine & 0x20,
	};

	if (kind.version >= PSCI_VERSION_1_0) {
		kind.extended_state_id = machine & 0x40;
		kind.disabled = disabled[without % ARRAY_SIZE(disabled)];
	}

	return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .next = data, .left = size };
	const struct stack_kind kind = take_kind(&in);
	const char *wrong = NULL;

	stack_make(&kind);
	while (in.left > 0 && !wrong) {
		const struct stack_step step = take_step(&in);

		wrong = stack_step(&step);
	}
	if (wrong) {
		printf("# %s\n", wrong);
		fflush(stdout);
		abort();
	}

	return 0;
}
