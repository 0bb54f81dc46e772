/* SPDX-License-Identifier: BSD-3-Clause */
#include "acpi/aml.h"

#include <string.h>

#include "acpi/layout.h"

/* ACPI 6.3, 6.4.3: where descriptors have their values. */
#define MEMORY32_BASE 4
#define MEMORY32_LENGTH 8
#define INTERRUPT_NUMBER 5

#define NAME_LENGTH 4

void aml_add(struct aml *aml, const uint8_t *terms, size_t size)
{
	if (aml->used <= aml->size && size <= aml->size - aml->used)
		memcpy(aml->bytes + aml->used, terms, size);
	aml->used += size;
}

void aml_set_name(uint8_t *at, unsigned int digits, uint32_t number)
{
	static const char hex[] = "0123456789ABCDEF";

	for (unsigned int i = 1; i <= digits; i++) {
		at[NAME_LENGTH - i] = (uint8_t)hex[number & 0xf];
		number >>= 4;
	}
}

void aml_set_byte(uint8_t *at, uint8_t value)
{
	*at = value;
}

void aml_set_dword(uint8_t *at, uint32_t value)
{
	for (unsigned int i = 0; i < sizeof(value); i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

void aml_set_memory(uint8_t *at, const struct device *device)
{
	aml_set_dword(at + MEMORY32_BASE, (uint32_t)device->base);
	aml_set_dword(at + MEMORY32_LENGTH, (uint32_t)device->size);
}

void aml_set_interrupt(uint8_t *at, uint32_t spi)
{
	aml_set_dword(at + INTERRUPT_NUMBER, ACPI_GSI_OF_SPI(spi));
}
