/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Access to registers of devices. In assembly, since a hypervisor can decode only plain
 * loads and stores, and a compiler may use others.
 */
#ifndef ARCH_ARM64_IO_H
#define ARCH_ARM64_IO_H

#include <stdint.h>

static inline uint32_t read32(uintptr_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return value;
}

static inline void write32(uintptr_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline uint8_t read8(uintptr_t address)
{
	uint32_t value;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return (uint8_t)value;
}

static inline void write8(uintptr_t address, uint8_t value)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"((uint32_t)value), "r"(address) : "memory");
}

static inline uint64_t read64(uintptr_t address)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return value;
}

static inline void write64(uintptr_t address, uint64_t value)
{
	__asm__ volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}

#endif
