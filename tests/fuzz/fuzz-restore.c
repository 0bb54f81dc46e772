/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record that somebody has changed: it is refused and nothing has changed, or it
 * makes a machine that is sound whatever its guest does then. The checksum is made
 * right, or next to nothing would be read.
 *
 * The input: which machine, what it does before it is saved, the changes (offset
 * and byte, until offset 0xffff), a length to cut the record to, and calls.
 */
#include "../model/world.h"
#include "input.h"

#include <psci/state.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX 2048

#define REQUIRE(condition)                                           \
	do {                                                         \
		if (!(condition)) {                                  \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort();                                     \
		}                                                    \
	} while (0)

static const struct world_kind kinds[] = {
	{ .vcpu_count = 2, .version = PSCI_VERSION_1_3 },
	{ .vcpu_count = 3,
	  .version = PSCI_VERSION_1_3,
	  .enabled = 0xf800,
	  .state_count = WORLD_STATE_MAX,
	  .domains = true,
	  .memory = true,
	  .trusted_os = PSCI_TRUSTED_OS_MIGRATABLE },
	{ .vcpu_count = 2, .version = PSCI_VERSION_0_1, .availability = PSCI_VCPU_DISABLED },
	{ .vcpu_count = 1, .version = PSCI_VERSION_1_0, .enabled = 0xf800, .no_lock = true },
	{ .vcpu_count = 2, .version = PSCI_VERSION_1_3, .hide_on_pending = true },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}

	return ~crc;
}

static void act(struct world *w, struct input *in)
{
	struct psci_vcpu *vcpu = &w->now.vcpus[take_byte(in) % w->platform.vcpu_count];
	struct psci_entry entry = { .pc = 0x40080000 };
	struct psci_regs regs = { .aarch32 = false };
	const uint8_t choice = take_byte(in);

	switch (choice >> 5) {
	case 0:
		psci_vcpu_wake(vcpu, &entry);
		break;
	case 1:
		psci_machine_boot(vcpu, &entry);
		break;
	case 2:
		psci_machine_wake(&w->now.machine);
		break;
	case 3:
		psci_vcpu_poll(vcpu, &entry);
		break;
	default:
		regs.x[0] = (choice & 0x20 ? PSCI_FN64_BASE : PSCI_FN32_BASE) + (choice & 0x1f);
		regs.x[1] = take_word(in, 4);
		regs.x[2] = take_byte(in) * UINT64_C(4);
		psci_call(vcpu, &regs);
		break;
	}
}

/* Whatever a record was accepted for, the machine can be saved, and used. */
static void use(struct world *w, struct input *in)
{
	uint8_t record[RECORD_MAX];
	uint8_t again[RECORD_MAX];
	const size_t size = psci_machine_save_size(&w->now.machine);

	REQUIRE(size <= sizeof(record));
	REQUIRE(psci_machine_save(&w->now.machine, record, size) == PSCI_OK);
	REQUIRE(psci_machine_restore(&w->now.machine, record, size) == PSCI_OK);
	REQUIRE(psci_machine_save(&w->now.machine, again, size) == PSCI_OK);
	REQUIRE(memcmp(record, again, size) == 0);
	while (in->left > 0)
		act(w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct input in = { .next = data, .left = size };
	struct world_state before;
	uint8_t record[RECORD_MAX];
	uint8_t steps;
	size_t record_size;
	uint16_t offset;

	world_init(&w, &kinds[take_byte(&in) % KIND_COUNT]);
	for (steps = take_byte(&in) & 0xf; steps > 0; steps--)
		act(&w, &in);
	record_size = psci_machine_save_size(&w.now.machine);
	REQUIRE(record_size <= sizeof(record));
	REQUIRE(psci_machine_save(&w.now.machine, record, record_size) == PSCI_OK);

	while (in.left > 0 && (offset = (uint16_t)take_word(&in, 2)) != 0xffff)
		record[offset % record_size] = take_byte(&in);
	offset = (uint16_t)take_word(&in, 2);
	if (offset != 0 && offset < record_size)
		record_size = offset;
	if (record_size > 4) {
		const uint32_t crc = checksum(record, record_size - 4);

		for (unsigned int i = 0; i < 4; i++)
			record[record_size - 4 + i] = (uint8_t)(crc >> 8 * i);
	}

	memcpy(&before, &w.now, sizeof(before));
	if (psci_machine_restore(&w.now.machine, record, record_size) == PSCI_OK)
		use(&w, &in);
	else
		REQUIRE(same_bytes(&before, &w.now, sizeof(before)));

	return 0;
}
