/* SPDX-License-Identifier: BSD-3-Clause */
#include "acpi-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Offsets of ACPI 6.3: not those of our own structures. */
#define RSDP_XSDT 24
#define HEADER_SIZE 36
#define FADT_X_FIRMWARE_CTRL 132
#define FADT_X_DSDT 140

void acpi_rig_make(struct acpi_rig *r, unsigned int cpu_count, size_t disk_count)
{
	const struct config config = { .cpus = cpu_count, .disk_count = disk_count };

	acpi_rig_make_of(r, &config);
}

void acpi_rig_make_of(struct acpi_rig *r, const struct config *config)
{
	struct error error = { "" };

	board_create(&r->board, config);
	for (unsigned int i = 0; i < config->cpus; i++)
		r->mpidrs[i] = (i & 0xf) | (uint64_t)(i >> 4) << 8;
	r->machine = (struct acpi_machine){
		.mpidrs = r->mpidrs,
		.cpu_count = config->cpus,
		.devices = r->board.devices.all,
		.device_count = r->board.devices.count,
		.generation_id_address = RIG_GENERATION_ID,
		.hardware_signature = RIG_SIGNATURE,
	};
	r->place = (struct acpi_place){ .bytes = r->bytes,
					.size = sizeof(r->bytes),
					.address = RIG_ADDRESS };
	/* Earlier contents must not show. */
	memset(r->bytes, 0xa5, sizeof(r->bytes));
	if (acpi_tables_write(&r->machine, &r->place, &error) != 0)
		fail_msg("%s", error.text);
}

void acpi_rig_free(struct acpi_rig *r)
{
	board_destroy(&r->board);
}

uint64_t acpi_rig_value(const uint8_t *at, unsigned int size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | at[size];

	return value;
}

const uint8_t *acpi_rig_at(const struct acpi_rig *r, uint64_t address)
{
	assert_in_range(address, RIG_ADDRESS, RIG_ADDRESS + sizeof(r->bytes) - HEADER_SIZE);

	return r->bytes + (address - RIG_ADDRESS);
}

const uint8_t *acpi_rig_table(const struct acpi_rig *r, const char *signature, size_t *length)
{
	const uint8_t *xsdt = acpi_rig_at(r, acpi_rig_value(r->bytes + RSDP_XSDT, 8));
	const size_t xsdt_length = acpi_rig_value(xsdt + 4, 4);
	const uint8_t *found = NULL;

	if (strcmp(signature, "XSDT") == 0)
		found = xsdt;
	for (size_t at = HEADER_SIZE; at < xsdt_length; at += 8) {
		const uint8_t *table = acpi_rig_at(r, acpi_rig_value(xsdt + at, 8));

		if (memcmp(table, signature, 4) == 0)
			found = table;
		if (memcmp(table, "FACP", 4) != 0)
			continue;
		if (strcmp(signature, "FACS") == 0)
			found = acpi_rig_at(r, acpi_rig_value(table + FADT_X_FIRMWARE_CTRL, 8));
		if (strcmp(signature, "DSDT") == 0)
			found = acpi_rig_at(r, acpi_rig_value(table + FADT_X_DSDT, 8));
	}
	if (!found) {
		fail_msg("there is no %s", signature);

		return NULL;
	}
	assert_memory_equal(found, signature, 4);
	*length = acpi_rig_value(found + 4, 4);
	assert_in_range(*length, HEADER_SIZE, r->bytes + sizeof(r->bytes) - found);

	return found;
}
