/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

struct record psci_record_save(struct power *p)
{
	struct record r = { .size = psci_machine_save_size(&p->f.machine) };

	r.bytes = malloc(r.size);
	assert_non_null(r.bytes);
	assert_int_equal(psci_machine_save(&p->f.machine, r.bytes, r.size), PSCI_OK);

	return r;
}

void state_make_fresh(struct power *p, uint32_t version)
{
	power_configure(p, version);
	p->f.config.index_size = 8;
	power_make(p);
	p->time = 1;
	fixture_forget(&p->f);
}

void state_forget_callbacks(struct power *p, const struct power *before)
{
	p->f.lock_count = before->f.lock_count;
	p->f.asked_entry = before->f.asked_entry;
	p->f.asked_count = before->f.asked_count;
}

void state_check_refused(struct power *p, const uint8_t *bytes, size_t size, int expected)
{
	struct power before;

	memcpy(&before, p, sizeof(before));
	assert_int_equal(psci_machine_restore(&p->f.machine, bytes, size), expected);
	state_forget_callbacks(p, &before);
	assert_memory_equal(&before, p, sizeof(before));
}

uint32_t state_checksum(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;

	while (size--) {
		crc ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}

	return crc ^ 0xffffffff;
}

void state_seal(struct record *r)
{
	const uint32_t crc = state_checksum(r->bytes, r->size - 4);

	for (unsigned int i = 0; i < 4; i++)
		r->bytes[r->size - 4 + i] = (uint8_t)(crc >> 8 * i);
}
