/* SPDX-License-Identifier: BSD-3-Clause */
/* Input to the console's UART: when the guest receives it, and that no byte is ever lost. */
#include "pl011-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void uart_input_waits_until_the_receiver_is_enabled(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	assert_int_equal(uart_receive(&f, 3), 0);
	uart_set(&f, LCR_H, FEN);
	uart_set(&f, IMSC, INT_TX);
	assert_int_equal(uart_get(&f, CR), 0x300);
	assert_int_equal(f.rooms, 0);
	uart_set(&f, CR, 0x101); /* UARTEN and TXE: not the receiver. */
	assert_int_equal(f.rooms, 0);
	uart_set(&f, CR, CR_ENABLE);
	assert_int_equal(f.rooms, 1);
	assert_int_equal(uart_receive(&f, 3), 3);
	assert_int_equal(uart_get(&f, DR), 'a');
	pl011_destroy(&f.uart);
}

/* As on QEMU, for programs that never enable it, or all but the receiver. */
static void uart_input_reaches_a_guest_that_polls_with_its_receiver_disabled(void **state)
{
	static const uint64_t looked_at[] = { FR, DR };
	static const uint32_t enabled[] = { 0x300, 0, 0x101, 0x200, CR_ENABLE };
	struct uart_rig f;

	for (size_t i = 0; i < 2; i++) {
		for (size_t e = 0; e < sizeof(enabled) / sizeof(enabled[0]); e++) {
			uart_setup(&f);
			uart_set(&f, CR, enabled[e]);
			if (enabled[e] != CR_ENABLE)
				assert_int_equal(uart_receive(&f, 2), 0);
			uart_get(&f, looked_at[i]);
			assert_int_equal(f.rooms, enabled[e] != CR_ENABLE);
			assert_int_equal(uart_receive(&f, 2), 1);
			assert_int_equal(uart_get(&f, FR) & FR_RXFE, 0);
			assert_int_equal(uart_get(&f, DR), 'a');
			assert_int_equal(uart_get(&f, FR) & FR_RXFE, FR_RXFE);
			pl011_destroy(&f.uart);
		}
	}
}

static void uart_input_reaches_a_guest_that_unmasks_its_interrupt_without_receiver(void **state)
{
	static const uint32_t interrupts[] = { INT_RX, INT_RT, INT_RX | INT_RT };
	struct uart_rig f;

	for (size_t i = 0; i < sizeof(interrupts) / sizeof(interrupts[0]); i++) {
		uart_setup(&f);
		uart_set(&f, LCR_H, FEN);
		assert_int_equal(uart_receive(&f, 1), 0);
		uart_set(&f, IMSC, interrupts[i]);
		assert_int_equal(f.rooms, 1);
		assert_int_equal(uart_receive(&f, 1), 1);
		assert_int_equal(uart_get(&f, MIS), interrupts[i]);
		assert_true(irq_probe.level);
		assert_int_equal(uart_get(&f, DR), 'a');
		assert_false(irq_probe.level);
		pl011_destroy(&f.uart);
	}
}

/* Linux reads UARTFR for each character that it prints, before it opens the receiver. */
static void uart_input_stops_once_a_driver_disables_its_receiver(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	uart_set(&f, CR, CR_ENABLE);
	uart_get(&f, FR);
	uart_set(&f, DR, 'x');
	uart_set(&f, CR, 0x300);
	assert_int_equal(uart_receive(&f, 1), 0);
	uart_get(&f, FR);
	assert_int_equal(uart_receive(&f, 1), 1);
	pl011_ops.reset(&f.uart);
	assert_int_equal(uart_receive(&f, 1), 0);
	pl011_destroy(&f.uart);
}

static void uart_input_is_taken_up_to_a_full_fifo_and_room_is_announced_once(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	assert_int_equal(uart_receive(&f, 20), PL011_FIFO_SIZE);
	assert_int_equal(uart_get(&f, FR) & (FR_RXFF | FR_RXFE), FR_RXFF);
	assert_int_equal(uart_receive(&f, 1), 0);
	assert_int_equal(f.rooms, 0);
	for (unsigned int i = 0; i < PL011_FIFO_SIZE; i++) {
		assert_int_equal(uart_get(&f, DR), 'a' + i);
		assert_int_equal(f.rooms, 1);
	}
	assert_int_equal(uart_get(&f, FR) & (FR_RXFF | FR_RXFE), FR_RXFE);

	/* No byte was refused, so room() is not called. */
	assert_int_equal(uart_receive(&f, 2), 2);
	assert_int_equal(uart_get(&f, DR), 'a');
	assert_int_equal(uart_get(&f, DR), 'b');
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

/* As on QEMU: whatever the level, and until there is none. */
static void the_receive_interrupt_comes_with_the_first_byte_of_uart_input(void **state)
{
	struct uart_rig f;

	for (uint32_t select = 0; select < 5; select++) {
		uart_setup_enabled(&f);
		uart_set(&f, IFLS, select << 3);
		for (unsigned int i = 1; i <= PL011_FIFO_SIZE; i++) {
			assert_int_equal(uart_receive(&f, 1), 1);
			assert_int_equal(uart_get(&f, RIS) & INT_RX, INT_RX);
		}
		for (unsigned int i = PL011_FIFO_SIZE; i-- > 0;) {
			uart_get(&f, DR);
			assert_int_equal(uart_get(&f, RIS) & INT_RX, i > 0 ? INT_RX : 0);
		}
		/* One that was cleared with bytes left comes back with the next. */
		uart_receive(&f, 1);
		uart_set(&f, ICR, INT_RX);
		assert_int_equal(uart_get(&f, RIS) & INT_RX, 0);
		uart_receive(&f, 1);
		assert_int_equal(uart_get(&f, RIS) & INT_RX, INT_RX);
		pl011_destroy(&f.uart);
	}
}

/* For drivers that wait for it. */
static void the_receive_timeout_interrupt_lasts_until_the_fifo_is_empty(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	uart_set(&f, IMSC, INT_RT);
	assert_int_equal(uart_receive(&f, 2), 2);
	assert_int_equal(uart_get(&f, MIS), INT_RT);
	assert_true(irq_probe.level);
	uart_get(&f, DR);
	assert_true(irq_probe.level);
	uart_get(&f, DR);
	assert_false(irq_probe.level);
	assert_int_equal(uart_get(&f, RIS), 0);

	assert_int_equal(uart_receive(&f, 1), 1);
	uart_set(&f, ICR, INT_RT);
	assert_false(irq_probe.level);
	assert_int_equal(uart_receive(&f, 1), 1);
	assert_true(irq_probe.level);
	pl011_destroy(&f.uart);
}

static void each_byte_of_uart_input_interrupts_if_the_fifos_are_off(void **state)
{
	struct uart_rig f;

	uart_setup(&f);
	uart_set(&f, CR, CR_ENABLE);
	uart_set(&f, IMSC, INT_RX | INT_RT);
	assert_int_equal(uart_receive(&f, 2), 1);
	assert_int_equal(uart_get(&f, RIS), INT_RX);
	assert_int_equal(uart_get(&f, FR) & FR_RXFF, FR_RXFF);
	assert_true(irq_probe.level);
	assert_int_equal(uart_get(&f, DR), 'a');
	assert_false(irq_probe.level);
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

static void bytes_in_the_uart_s_fifo_survive_a_change_of_its_depth(void **state)
{
	struct uart_rig f;

	uart_setup_enabled(&f);
	assert_int_equal(uart_receive(&f, 5), 5);
	uart_set(&f, LCR_H, 0);
	assert_int_equal(uart_get(&f, FR) & FR_RXFF, FR_RXFF);
	assert_int_equal(uart_receive(&f, 1), 0);
	uart_set(&f, LCR_H, FEN);
	assert_int_equal(f.rooms, 1);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(uart_get(&f, DR), 'a' + i);
	pl011_destroy(&f.uart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uart_input_waits_until_the_receiver_is_enabled),
		cmocka_unit_test(uart_input_reaches_a_guest_that_polls_with_its_receiver_disabled),
		cmocka_unit_test(
			uart_input_reaches_a_guest_that_unmasks_its_interrupt_without_receiver),
		cmocka_unit_test(uart_input_stops_once_a_driver_disables_its_receiver),
		cmocka_unit_test(uart_input_is_taken_up_to_a_full_fifo_and_room_is_announced_once),
		cmocka_unit_test(the_receive_interrupt_comes_with_the_first_byte_of_uart_input),
		cmocka_unit_test(the_receive_timeout_interrupt_lasts_until_the_fifo_is_empty),
		cmocka_unit_test(each_byte_of_uart_input_interrupts_if_the_fifos_are_off),
		cmocka_unit_test(bytes_in_the_uart_s_fifo_survive_a_change_of_its_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
