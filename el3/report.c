/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "../arch/arm64/console.h"
#include "../arch/arm64/format.h"
#include "../arch/arm64/io.h"
#include "../arch/arm64/spinlock.h"
#include "layout.h"
#include "registers.h"

#define LINE_SIZE 160

#define UARTIBRD 0x24
#define UARTLCR_H 0x2c
#define UARTCR 0x30
#define LCR_H_8_BITS 0x60
#define CR_UARTEN 0x1
#define CR_TXE 0x100
#define CR_RXE 0x200

static const struct console console = { .kind = CONSOLE_SBSA, .base = CONSOLE_UART };
static const struct console secure = { .kind = CONSOLE_SBSA, .base = SECURE_UART };

static atomic_flag printing;

/*
 * Baud rates mean nothing to QEMU; 115200 of 24 MHz, as far as the integer
 * goes. Without the FIFO: turning it on would drop what has been typed already.
 */
static void enable(uintptr_t base)
{
	if (read32(base + UARTCR) & CR_UARTEN)
		return;
	write32(base + UARTIBRD, 13);
	write32(base + UARTLCR_H, LCR_H_8_BITS);
	write32(base + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

void report_begin(void)
{
	enable(CONSOLE_UART);
	enable(SECURE_UART);
}

/* One line at a time, of whichever CPU. */
static void print_line(const struct console *on, const char *line)
{
	spin_lock(&printing);
	console_use(on);
	print("psci-el3: %s\n", line);
	spin_unlock(&printing);
}

void report(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	format_text(line, sizeof(line), format, args);
	va_end(args);
	print_line(&secure, line);
}

_Noreturn void give_up(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	format_text(line, sizeof(line), format, args);
	va_end(args);
	print_line(&secure, line);
	print_line(&console, line);
	for (;;)
		wfi();
}
