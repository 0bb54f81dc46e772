/* SPDX-License-Identifier: BSD-3-Clause */
/* What psci-el3 has for itself: memory, devices, registers. */
#include <psci/abi.h>

#include <stddef.h>

#include "../../arch/arm64/sysreg.h"
#include "../../el3/layout.h"
#include "probe.h"

#define ESR_EC_DATA_ABORT 0x25
#define ESR_EXTERNAL_ABORT 0x10

static bool is_refused(void)
{
	return (exception_syndrome >> ESR_EC_SHIFT & ESR_EC_MASK) == ESR_EC_DATA_ABORT &&
	       (exception_syndrome & 0x3f) == ESR_EXTERNAL_ABORT;
}

static bool write_refused(uintptr_t address)
{
	exception_syndrome = 0;
	exception_expected = true;
	__asm__ volatile("str %0, [%1]\n\tdsb sy" ::"r"(UINT64_C(0)), "r"(address) : "memory");
	exception_expected = false;

	return is_refused();
}

static bool read_refused(uintptr_t address)
{
	uint64_t value;

	exception_syndrome = 0;
	exception_expected = true;
	__asm__ volatile("ldr %0, [%1]\n\tdsb sy" : "=&r"(value) : "r"(address) : "memory");
	exception_expected = false;

	return is_refused();
}

void check_memory(void)
{
	static const uintptr_t places[] = {
		FLASH_BASE,
		FLASH_BASE + 0x1000,
		SECURE_RAM_BASE,
		SECURE_RAM_BASE + 0x1000,
		SECURE_RAM_BASE + SECURE_RAM_SIZE / 2,
		SECURE_RAM_BASE + SECURE_RAM_SIZE - 8,
		SECURE_UART,
		SECURE_GPIO_BASE,
	};
	bool written = false;
	bool read = false;
	bool entered = false;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		written = written || !write_refused(places[i]);
		read = read || !read_refused(places[i]);
		entered = entered || call(PSCI_FN64_CPU_ON, 1, places[i] & ~UINT64_C(3), 0) !=
					     PSCI_RET_INVALID_ADDRESS;
	}
	check(!written, "the monitor's memory and devices cannot be written");
	check(!read, "the monitor's memory and devices cannot be read");
	check(!entered, "no CPU starts in the monitor's memory");
	check(call(PSCI_FN64_MEM_PROTECT_CHECK_RANGE, SECURE_RAM_BASE, 0x1000, 0) ==
		      PSCI_RET_DENIED,
	      "the monitor's memory is no range of MEM_PROTECT_CHECK_RANGE");
}

/* --- what only EL3 may do --- */

/*
 * ICC_IGRPEN0_EL1 is of the secure group of the GIC: EL3 is asked, and the
 * access is undefined here.
 */
void check_undefined(void)
{
	uint64_t value;

	exception_syndrome = UINT64_MAX;
	exception_expected = true;
	__asm__ volatile("mrs %0, S3_0_C12_C12_6" : "=&r"(value)::"memory");
	exception_expected = false;
	check(exception_syndrome >> ESR_EC_SHIFT == 0, "what EL3 has for itself is undefined");
}
