/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial console that stdout-path names. It is used as the firmware left it: speed
 * and format are not changed.
 */
#ifndef ARCH_ARM64_CONSOLE_H
#define ARCH_ARM64_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

enum console_kind {
	CONSOLE_NONE,
	CONSOLE_PL011,
	CONSOLE_SBSA, /**< A PL011 of which only the data path is there. */
	CONSOLE_8250,
};

struct console {
	enum console_kind kind;
	uintptr_t base;
	unsigned int reg_shift; /**< 8250: log2 of the distance of two registers. */
	bool reg_32; /**< 8250: registers need 32-bit accesses. */
};

void console_use(const struct console *console);

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
