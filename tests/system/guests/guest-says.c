/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest without an operating system says on its UART, and its end. */
#include "bare.h"

void say(const char *text)
{
	for (; *text; text++)
		write32(UART, (uint8_t)*text);
}

void say_number(uint64_t value)
{
	static const uint8_t digits[16] = "0123456789abcdef";

	for (int shift = 60; shift >= 0; shift -= 4)
		write32(UART, digits[value >> shift & 0xf]);
}

_Noreturn void off(void)
{
	register uint64_t x0 __asm__("x0") = SYSTEM_OFF;

	__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	for (;;)
		;
}
