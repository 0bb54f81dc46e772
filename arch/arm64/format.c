/* SPDX-License-Identifier: BSD-3-Clause */
#include "format.h"

#include <stdint.h>

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
