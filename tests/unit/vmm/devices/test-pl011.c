/* SPDX-License-Identifier: BSD-3-Clause */
/* The console's UART, register by register, and that no byte of its output is ever lost. */
#include "pl011-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void the_uart_identifies_itself_as_arm_s_pl011_r1p1(void **state)
{
	static const uint8_t wanted[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct uart_rig f;

	uart_setup(&f);
	for (uint64_t i = 0; i < sizeof(wanted); i++)
		assert_int_equal(uart_get(&f, 0xfe0 + 4 * i), wanted[i]);
	pl011_destroy(&f.uart);
}

static void assert_reset_values(struct uart_rig *f)
{
	assert_int_equal(uart_get(f, RSR), 0);
	assert_int_equal(uart_get(f, FR) & ~7U, FR_TXFE | FR_RXFE);
	assert_int_equal(uart_get(f, ILPR), 0);
	assert_int_equal(uart_get(f, IBRD), 0);
	assert_int_equal(uart_get(f, FBRD), 0);
	assert_int_equal(uart_get(f, LCR_H), 0);
	assert_int_equal(uart_get(f, CR), 0x300);
	assert_int_equal(uart_get(f, IFLS), 0x12);
	assert_int_equal(uart_get(f, IMSC), 0);
	assert_int_equal(uart_get(f, RIS), 0);
	assert_int_equal(uart_get(f, MIS), 0);
	assert_int_equal(uart_get(f, DMACR), 0);
	assert_int_equal(uart_get(f, DR), 0);
}

static void uart_registers_have_their_reset_values_and_widths(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t mask;
	} registers[] = {
		{ ILPR, 0xff }, { IBRD, 0xffff }, { FBRD, 0x3f },  { LCR_H, 0xff },
		{ CR, 0xff87 }, { IFLS, 0x3f },	  { IMSC, 0x7ff }, { DMACR, 7 },
	};
	struct uart_rig f;

	uart_setup(&f);
	assert_reset_values(&f);
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		uart_set(&f, registers[i].offset, UINT32_MAX);
		assert_int_equal(uart_get(&f, registers[i].offset), registers[i].mask);
	}
	pl011_ops.reset(&f.uart);
	assert_reset_values(&f);
	pl011_destroy(&f.uart);
}

static void any_access_to_any_uart_register_is_answered(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (uint64_t offset = 0; offset < 0x1000; offset++) {
			pl011_ops.read(&f.uart, offset, size);
			if (offset != DR)
				pl011_ops.write(&f.uart, offset, UINT64_MAX, size);
		}
	}
	/* Between registers, and read-only ones, nothing happens. */
	assert_int_equal(pl011_ops.read(&f.uart, CR + 1, 1), 0);
	assert_int_equal(uart_get(&f, 0x1c), 0);
	assert_int_equal(uart_get(&f, 0xfe0), 0x11);
	pl011_destroy(&f.uart);
}

static void uart_output_is_written_at_once_before_anything_is_enabled(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	pl011_ops.write(&f.uart, DR, 'h', 1);
	assert_int_equal(f.sent_count, 1);
	uart_set(&f, DR, 'i');
	assert_int_equal(f.sent_count, 2);
	assert_memory_equal(f.sent, "hi", 2);
	assert_int_equal(uart_get(&f, FR) & (FR_TXFE | FR_TXFF | FR_BUSY), FR_TXFE);
	pl011_destroy(&f.uart);
}

static void uart_output_without_a_host_is_dropped(void **state)
{
	struct pl011 uart;

	pl011_create(&uart, (struct irq_line){ .spi = 1 });
	for (unsigned int i = 0; i < 100; i++)
		pl011_ops.write(&uart, DR, 'x', 4);
	assert_int_equal(pl011_ops.read(&uart, FR, 4) & FR_TXFF, 0);
	pl011_destroy(&uart);
}

/* The interrupt of a driver that sends by interrupts: after each byte that was sent. */
static void the_transmit_interrupt_follows_each_byte_of_uart_output(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	assert_int_equal(uart_get(&f, RIS), 0);
	uart_set(&f, IMSC, INT_TX);
	assert_false(irq_probe.level);
	uart_set(&f, DR, 'x');
	assert_int_equal(uart_get(&f, RIS), INT_TX);
	assert_int_equal(uart_get(&f, MIS), INT_TX);
	assert_true(irq_probe.level);
	uart_set(&f, ICR, INT_TX);
	assert_int_equal(uart_get(&f, RIS), 0);
	assert_false(irq_probe.level);
	pl011_destroy(&f.uart);
}

static void stalled_uart_output_waits_in_the_fifo_and_no_byte_is_lost(void **state)
{
	struct uart_rig f;
	unsigned int written = 0;

	uart_setup_enabled(&f);
	uart_set(&f, IMSC, INT_TX);
	f.stalled = true;
	while (!(uart_get(&f, FR) & FR_TXFF))
		uart_set(&f, DR, 'A' + written++);
	assert_int_equal(written, PL011_FIFO_SIZE);
	assert_int_equal(uart_get(&f, FR) & (FR_TXFE | FR_BUSY), FR_BUSY);
	assert_false(irq_probe.level);
	assert_false(pl011_resume(&f.uart));
	assert_int_equal(f.sent_count, 0);

	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_memory_equal(f.sent, "ABCDEFGHIJKLMNOP", PL011_FIFO_SIZE);
	assert_int_equal(f.sent_count, PL011_FIFO_SIZE);
	assert_int_equal(uart_get(&f, FR) & (FR_TXFE | FR_TXFF | FR_BUSY), FR_TXFE);
	assert_true(irq_probe.level);

	uart_set(&f, DR, 'Q');
	assert_int_equal(f.sent[PL011_FIFO_SIZE], 'Q');
	pl011_destroy(&f.uart);
}

static void uart_output_keeps_its_order_if_more_comes_while_some_waits(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	f.stalled = true;
	uart_set(&f, DR, 'A');
	f.stalled = false;
	/* Until pl011_resume() is called the line counts as blocked. */
	uart_set(&f, DR, 'B');
	assert_true(pl011_resume(&f.uart));
	uart_set(&f, DR, 'C');
	assert_int_equal(f.sent_count, 3);
	assert_memory_equal(f.sent, "ABC", 3);
	pl011_destroy(&f.uart);
}

static void the_transmit_interrupt_comes_at_the_level_of_ifls(void **state)
{
	static const unsigned int levels[] = { 2, 4, 8, 12, 14 };
	struct uart_rig f;

	for (unsigned int select = 0; select < 5; select++) {
		uart_setup_enabled(&f);
		uart_set(&f, IFLS, select);
		f.stalled = true;
		for (unsigned int i = 1; i <= PL011_FIFO_SIZE; i++) {
			uart_set(&f, DR, 'x');
			assert_int_equal(uart_get(&f, RIS) & INT_TX,
					 i <= levels[select] ? INT_TX : 0);
		}
		pl011_destroy(&f.uart);
	}
}

static void a_single_byte_of_uart_output_waits_if_the_fifos_are_off(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	f.stalled = true;
	uart_set(&f, DR, 'A');
	assert_int_equal(uart_get(&f, FR) & FR_TXFF, FR_TXFF);
	assert_int_equal(uart_get(&f, RIS), 0);
	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_int_equal(uart_get(&f, RIS), INT_TX);
	assert_int_equal(f.sent_count, 1);
	pl011_destroy(&f.uart);
}

static void uart_interrupt_masks_set_the_line_which_changes_only_when_needed(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	assert_int_equal(uart_receive(&f, 1), 1);
	assert_int_equal(uart_get(&f, RIS), INT_RX | INT_RT);
	assert_int_equal(uart_get(&f, MIS), 0);
	assert_int_equal(irq_probe.changes, 0);
	uart_set(&f, IMSC, INT_RT);
	assert_true(irq_probe.level);
	assert_int_equal(irq_probe.spi, 1);
	uart_set(&f, IMSC, INT_RT | INT_RX);
	assert_int_equal(uart_receive(&f, 1), 1);
	assert_int_equal(irq_probe.changes, 1);
	uart_set(&f, IMSC, INT_TX);
	assert_false(irq_probe.level);
	assert_int_equal(irq_probe.changes, 2);
	/* Clearing what is not raised, and writing RIS or MIS, changes nothing. */
	uart_set(&f, ICR, INT_TX);
	uart_set(&f, RIS, UINT32_MAX);
	uart_set(&f, MIS, UINT32_MAX);
	assert_int_equal(uart_get(&f, RIS), INT_RX | INT_RT);
	pl011_destroy(&f.uart);
}

static void a_reset_of_the_uart_lowers_its_line_and_keeps_pending_output(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	uart_set(&f, IMSC, INT_RT);
	assert_int_equal(uart_receive(&f, 20), PL011_FIFO_SIZE);
	f.stalled = true;
	uart_set(&f, DR, '!');
	assert_true(irq_probe.level);

	pl011_ops.reset(&f.uart);
	assert_false(irq_probe.level);
	assert_int_equal(uart_get(&f, FR) & (FR_RXFE | FR_RXFF), FR_RXFE);
	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_int_equal(f.sent_count, 1);
	assert_int_equal(f.sent[0], '!');

	/* The host's end was refused before the reset, and room() is called after it. */
	uart_set(&f, CR, CR_ENABLE);
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_uart_identifies_itself_as_arm_s_pl011_r1p1),
		cmocka_unit_test(uart_registers_have_their_reset_values_and_widths),
		cmocka_unit_test(any_access_to_any_uart_register_is_answered),
		cmocka_unit_test(uart_output_is_written_at_once_before_anything_is_enabled),
		cmocka_unit_test(uart_output_without_a_host_is_dropped),
		cmocka_unit_test(the_transmit_interrupt_follows_each_byte_of_uart_output),
		cmocka_unit_test(stalled_uart_output_waits_in_the_fifo_and_no_byte_is_lost),
		cmocka_unit_test(uart_output_keeps_its_order_if_more_comes_while_some_waits),
		cmocka_unit_test(the_transmit_interrupt_comes_at_the_level_of_ifls),
		cmocka_unit_test(a_single_byte_of_uart_output_waits_if_the_fifos_are_off),
		cmocka_unit_test(uart_interrupt_masks_set_the_line_which_changes_only_when_needed),
		cmocka_unit_test(a_reset_of_the_uart_lowers_its_line_and_keeps_pending_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
