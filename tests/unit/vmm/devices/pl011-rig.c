/* SPDX-License-Identifier: BSD-3-Clause */
#include "pl011-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool host_send(void *host, uint8_t byte)
{
	struct uart_rig *f = host;

	if (f->stalled)
		return false;
	assert_true(f->sent_count < sizeof(f->sent));
	f->sent[f->sent_count++] = byte;

	return true;
}

static void host_room(void *host)
{
	((struct uart_rig *)host)->rooms++;
}

static const struct pl011_host host_ops = { .send = host_send, .room = host_room };

uint32_t uart_get(struct uart_rig *f, uint64_t offset)
{
	return (uint32_t)pl011_ops.read(&f->uart, offset, 4);
}

void uart_set(struct uart_rig *f, uint64_t offset, uint32_t value)
{
	pl011_ops.write(&f->uart, offset, value, 4);
}

void uart_setup(struct uart_rig *f)
{
	memset(f, 0, sizeof(*f));
	irq_probe = (struct irq_probe){ 0 };
	pl011_create(&f->uart, (struct irq_line){ .spi = 1 });
	pl011_connect(&f->uart, &host_ops, f);
}

void uart_setup_enabled(struct uart_rig *f)
{
	uart_setup(f);
	uart_set(f, LCR_H, 0x60 | FEN);
	uart_set(f, CR, CR_ENABLE);
}

size_t uart_receive(struct uart_rig *f, size_t count)
{
	uint8_t bytes[64];

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)('a' + i);

	return pl011_receive(&f->uart, bytes, count);
}
