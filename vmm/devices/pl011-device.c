/* SPDX-License-Identifier: BSD-3-Clause */
/* The board's UART, and its connection to the console's other end. */
#include "devices/pl011.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "board/board.h"
#include "boot/tree-writer.h"
#include "devices/pl011.asl.h"
#include "host/terminal.h"

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct pl011 *pl011 = malloc(sizeof(*pl011));

	if (!pl011)
		return error_set(error, -ENOMEM, "out of memory");
	pl011_create(pl011, (struct irq_line){ .vm_fd = setup->vm_fd, .spi = BOARD_UART_SPI });
	device->self = pl011;
	device->base = BOARD_UART_BASE;
	device->size = BOARD_UART_SIZE;
	device->spi = BOARD_UART_SPI;

	return 0;
}

static void destroy(void *self)
{
	pl011_destroy(self);
	free(self);
}

static void describe(const struct device *device, struct tree_writer *tree)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char clocks[] = "uartclk\0apb_pclk";

	tree_begin_at(tree, "pl011", device->base);
	tree_texts(tree, "compatible", compatible, sizeof(compatible));
	tree_place(tree, device, TREE_IRQ_LEVEL_HIGH);
	TREE_CELLS(tree, "clocks", TREE_PHANDLE_CLOCK, TREE_PHANDLE_CLOCK);
	tree_texts(tree, "clock-names", clocks, sizeof(clocks));
	tree_end(tree);
}

static void describe_acpi(const struct device *device, struct aml *aml)
{
	uint8_t terms[sizeof(pl011_aml)];

	memcpy(terms, pl011_aml, sizeof(terms));
	aml_set_memory(terms + PL011_COM0_REGS_MEMORY32, device);
	aml_set_interrupt(terms + PL011_COM0_INTR_INTERRUPT, device->spi);
	aml_add(aml, terms, sizeof(terms));
}

static bool is_raised(void *self)
{
	return pl011_is_raised(self);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	pl011_serialize(self, stream);

	return 0;
}

/* --- the console --- */

static size_t receive(void *self, const uint8_t *bytes, size_t count)
{
	return pl011_receive(self, bytes, count);
}

static bool resume(void *self)
{
	return pl011_resume(self);
}

static bool on_send(void *terminal, uint8_t byte)
{
	return terminal_send(terminal, byte);
}

static void on_room(void *terminal)
{
	terminal_room(terminal);
}

static void connect(void *self, struct terminal *terminal)
{
	static const struct terminal_device to_uart = { .receive = receive, .resume = resume };
	static const struct pl011_host to_terminal = { .send = on_send, .room = on_room };

	terminal_connect(terminal, &to_uart, self);
	pl011_connect(self, &to_terminal, terminal);
}

const struct device_ops pl011_ops = {
	.name = "pl011",
	.read = pl011_read,
	.write = pl011_write,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.describe_acpi = describe_acpi,
	.connect = connect,
	.wakes = "the console",
	.is_raised = is_raised,
	.reset = pl011_reset,
	.serialize = serialize,
};
