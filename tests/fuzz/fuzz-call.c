/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any sequence of calls, polls, wake-ups and boots on any small machine, on the
 * library and the reference alike. The model checker takes every step from every
 * state, but only classes of arguments; here the arguments are anything.
 */
#include "../model/world.h"
#include "input.h"

#include <stdio.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t versions[] = {
	PSCI_VERSION_1_3, PSCI_VERSION_0_2, PSCI_VERSION_1_0,
	PSCI_VERSION_1_1, PSCI_VERSION_1_2, PSCI_VERSION_0_1,
};

/* An argument: one of those that mean something, or any. */
static uint64_t take_argument(struct input *in)
{
	static const uint64_t known[] = {
		0,
		1,
		2,
		3,
		0x100,
		UINT64_C(0x0100000100),
		UINT64_C(0x0100000000),
		0x40000000,
		0x40000001,
		WORLD_REFUSED_ENTRY,
		0x80000000,
		0x10000,
		UINT64_MAX,
		UINT64_C(0xff00ffffff),
		0x00010001,
		0x01000002,
		0x01010003,
		0x02010004,
		0x01010005,
		0x40000001,
		REF_MEMORY_SIZE,
		REF_VENDOR_RESET,
		REF_VENDOR_CODE,
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

	if ((choice & 0xe0) == 0xe0)
		id = 0x95c1ba5e + (choice & 0x3u); /* WORLD_FIDS_0_1 */
	else if ((choice & 0xc0) == 0xc0)
		id = take_word(in, 8);
	else if (choice & 0x40)
		id |= take_word(in, 8) & UINT64_C(0xffffffff00010000);

	return id;
}

static struct step take_step(struct input *in, unsigned int vcpu_count)
{
	const uint8_t choice = take_byte(in);
	struct step step = { .kind = STEP_CALL, .vcpu = (choice & 0x3u) % vcpu_count };

	switch (choice >> 2 & 0x7) {
	case 0:
	case 1:
		step.kind = STEP_POLL;
		return step;
	case 2:
		step.kind = step.vcpu == 0 && choice & 0x80 ? STEP_WAKE_MACHINE : STEP_WAKE;
		if (choice & 0x40 && step.kind == STEP_WAKE_MACHINE)
			step.kind = STEP_DENY;
		if (choice & 0x20)
			step.kind = STEP_RESTORE;
		return step;
	case 3:
		step.kind = STEP_BOOT;
		step.entry.pc = take_argument(in);
		/* A host may boot where its guest may not start, but not save before it has. */
		if (step.entry.pc == WORLD_REFUSED_ENTRY)
			step.entry.pc += 4;
		step.entry.x0 = take_argument(in);
		return step;
	default:
		break;
	}
	step.regs.aarch32 = (choice & 0x60) == 0x60;
	step.regs.big_endian = choice & 0x80;
	step.regs.x[0] = take_function(in);
	for (unsigned int i = 1; i < 4; i++)
		step.regs.x[i] = take_argument(in);

	return step;
}

/* What is optional in a version: see the specification. */
static uint32_t optional_in(uint32_t version)
{
	uint32_t optional = version == PSCI_VERSION_0_1 ? 0x00000020 : 0x000000e0;

	if (version >= PSCI_VERSION_1_0)
		optional |= 0x0003f800;
	if (version >= PSCI_VERSION_1_1)
		optional |= 0x001c0000;
	if (version >= PSCI_VERSION_1_3)
		optional |= 0x00200000;

	return optional;
}

/* A host that has much or little to offer. */
static struct world_kind take_kind(struct input *in)
{
	const uint8_t machine = take_byte(in);
	const uint8_t host = take_byte(in);
	const uint8_t power = take_byte(in);
	struct world_kind kind = {
		.vcpu_count = 1 + (machine & 0x3u) % REF_VCPU_MAX,
		.version = versions[(machine >> 2 & 0x7) % ARRAY_SIZE(versions)],
		.eager = machine & 0x20,
		.no_lock = machine & 0x40,
		.memory = host & 0x1,
		.vendor_reset = host & 0x2,
		.refuses = host & 0x4,
		.availability = (enum psci_vcpu_availability)((host >> 3 & 0x3) % 3),
		.trusted_os = (enum psci_trusted_os)((host >> 5 & 0x3) % 3),
		.hide_on_pending = host & 0x80,
		.domains = power & 0x1,
	};

	if (machine & 0x80)
		kind.disabled = (uint32_t)take_word(in, 4) & optional_in(kind.version);
	if (kind.version >= PSCI_VERSION_1_0)
		kind.enabled = (power & 0x3eu) << 10;
	if (power & 0x40)
		kind.state_count = WORLD_STATE_MAX;
	if (power & 0x80 && kind.version >= PSCI_VERSION_1_0) {
		kind.extended = true;
		kind.state_count = 2;
	}

	return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct input in = { .next = data, .left = size };
	const struct world_kind kind = take_kind(&in);

	world_init(&w, &kind);
	while (in.left > 0 && !w.wrong) {
		const struct step step = take_step(&in, kind.vcpu_count);

		if (world_step(&w, &step))
			world_print_step(&step);
	}
	if (w.wrong) {
		printf("# %s\n", w.wrong);
		fflush(stdout);
		abort();
	}

	return 0;
}
