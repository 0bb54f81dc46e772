/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terms of the DSDT: each is compiled from ACPI source language when
 * dormouse is built (tools/compile-asl), copied once for each device or CPU
 * that there is, and its values are set by the names that they have in the
 * source.
 */
#ifndef VMM_AML_H
#define VMM_AML_H

#include <stddef.h>
#include <stdint.h>

#include "board/device.h"

/** The table's contents while they are added. */
struct aml {
	uint8_t *bytes;
	size_t size; /**< The room. */
	size_t used; /**< More than @size if the room did not suffice. */
};

/** Add @size bytes of whole terms. */
void aml_add(struct aml *aml, const uint8_t *terms, size_t size);

/*
 * Set a value in a copy of compiled terms. @at is where the header that
 * tools/compile-asl made says: see the kinds there.
 */

/** NAME: replace the last @digits characters of the name by @number in hex. */
void aml_set_name(uint8_t *at, unsigned int digits, uint32_t number);

/** BYTE, DWORD */
void aml_set_byte(uint8_t *at, uint8_t value);
void aml_set_dword(uint8_t *at, uint32_t value);

/** MEMORY32 and INTERRUPT: the resources of @device. */
void aml_set_memory(uint8_t *at, const struct device *device);
void aml_set_interrupt(uint8_t *at, uint32_t spi);

#endif
