/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"

#include "format.h"
#include "io.h"
#include "sysreg.h"

#define LINE_MAX 512

/* PL011. */
#define UARTDR 0x00
#define UARTFR 0x18
#define UARTLCR_H 0x2c
#define FR_BUSY 0x08
#define FR_TXFF 0x20
#define FR_TXFE 0x80
#define LCR_H_FEN 0x10
#define PL011_FIFO_SIZE 16

/* 8250. */
#define THR 0
#define LSR 5
#define LSR_THRE 0x20

static struct console used;

/* How many bytes may be written before the state is read again. */
static unsigned int pl011_room;

void console_use(const struct console *console)
{
	used = *console;
	/* With the FIFO on, its state needs to be read only once for many bytes. */
	if (used.kind == CONSOLE_PL011) {
		const uint32_t lcr_h = read32(used.base + UARTLCR_H);

		if (!(lcr_h & LCR_H_FEN)) {
			while (read32(used.base + UARTFR) & FR_BUSY)
				cpu_relax();
			write32(used.base + UARTLCR_H, lcr_h | LCR_H_FEN);
		}
	}
}

static void put_pl011(char c)
{
	if (pl011_room == 0) {
		const uint32_t ready = used.kind == CONSOLE_PL011 ? FR_TXFE : FR_TXFF;
		const uint32_t wanted = used.kind == CONSOLE_PL011 ? FR_TXFE : 0;

		while ((read32(used.base + UARTFR) & ready) != wanted)
			cpu_relax();
		pl011_room = used.kind == CONSOLE_PL011 ? PL011_FIFO_SIZE : 1;
	}
	write32(used.base + UARTDR, (unsigned char)c);
	pl011_room--;
}

static void put_8250(char c)
{
	const uintptr_t lsr = used.base + ((uintptr_t)LSR << used.reg_shift);

	if (used.reg_32) {
		while (!(read32(lsr) & LSR_THRE))
			cpu_relax();
		write32(used.base + THR, (unsigned char)c);
	} else {
		while (!(read8(lsr) & LSR_THRE))
			cpu_relax();
		write8(used.base + THR, (unsigned char)c);
	}
}

static void put(char c)
{
	switch (used.kind) {
	case CONSOLE_NONE:
		break;
	case CONSOLE_PL011:
	case CONSOLE_SBSA:
		put_pl011(c);
		break;
	case CONSOLE_8250:
		put_8250(c);
		break;
	}
}

void print(const char *format, ...)
{
	char text[LINE_MAX];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			put('\r');
		put(*c);
	}
}
