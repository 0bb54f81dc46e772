/* SPDX-License-Identifier: BSD-3-Clause */
#include "console.h"

#include "../../arch/arm64/sysreg.h"
#include "io.h"

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

/* --- formatting --- */

struct output {
	char *to;
	size_t size;
	size_t length; /**< Of the whole text, even if it does not fit. */
};

static void add(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->to[out->length] = c;
	out->length++;
}

static void add_number(struct output *out, uint64_t value, unsigned int base, unsigned int width,
		       char pad)
{
	char digits[24];
	unsigned int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		add(out, pad);
	while (count > 0)
		add(out, digits[--count]);
}

struct conversion {
	unsigned int width;
	unsigned int longs;
	char pad;
	char letter;
};

static const char *read_conversion(const char *at, struct conversion *c)
{
	*c = (struct conversion){ .pad = *at == '0' ? '0' : ' ' };
	for (; *at >= '0' && *at <= '9'; at++)
		c->width = c->width * 10 + (unsigned int)(*at - '0');
	for (; *at == 'l'; at++)
		c->longs++;
	c->letter = *at;

	return at;
}

static void add_text(struct output *out, const char *text)
{
	while (*text)
		add(out, *text++);
}

static void add_signed(struct output *out, int64_t value, const struct conversion *c)
{
	if (value < 0)
		add(out, '-');
	add_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, c->width, c->pad);
}

size_t format_text(char *to, size_t size, const char *format, va_list args)
{
	struct output out = { .to = to, .size = size };
	struct conversion c;

	for (; *format; format++) {
		if (*format != '%') {
			add(&out, *format);
			continue;
		}
		format = read_conversion(format + 1, &c);
		switch (c.letter) {
		case 's':
			add_text(&out, va_arg(args, const char *));
			break;
		case 'c':
			add(&out, (char)va_arg(args, int));
			break;
		case 'd':
			add_signed(&out, c.longs ? va_arg(args, long) : va_arg(args, int), &c);
			break;
		case 'u':
		case 'x':
			add_number(&out,
				   c.longs ? va_arg(args, unsigned long)
					   : va_arg(args, unsigned int),
				   c.letter == 'u' ? 10 : 16, c.width, c.pad);
			break;
		default:
			add(&out, c.letter);
			break;
		}
	}
	if (size > 0)
		to[out.length < size ? out.length : size - 1] = '\0';

	return out.length;
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
