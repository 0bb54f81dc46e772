/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first page of swap space, as Linux 7.2 left it when it had hibernated: the guest of the
 * system tests, with pages of 4 KiB. All other bytes are zero.
 */
#ifndef TESTS_HIBERNATION_LINUX_PAGE_H
#define TESTS_HIBERNATION_LINUX_PAGE_H

#include <stdint.h>

#define LINUX_PAGE_SIZE 4096

/* With --acpi: its FACS had this hardware signature. After it resumed, all but the signature at
 * the end was as before. */
#define LINUX_ACPI_SIGNATURE 0x107f79a0

enum linux_page { LINUX_PAGE_ACPI, LINUX_PAGE_ACPI_RESUMED, LINUX_PAGE_DEVICE_TREE };

/** Fill in the page. */
void put_linux_page(uint8_t *bytes, enum linux_page page);

#endif
