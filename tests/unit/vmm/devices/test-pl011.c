/* SPDX-License-Identifier: BSD-3-Clause */
/* The console's UART, register by register, and that no byte is ever lost. */
#include "devices/pl011.h"
#include "irq-probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DR 0x000
#define RSR 0x004
#define FR 0x018
#define ILPR 0x020
#define IBRD 0x024
#define FBRD 0x028
#define LCR_H 0x02c
#define CR 0x030
#define IFLS 0x034
#define IMSC 0x038
#define RIS 0x03c
#define MIS 0x040
#define ICR 0x044
#define DMACR 0x048

#define FR_BUSY 0x08
#define FR_RXFE 0x10
#define FR_TXFF 0x20
#define FR_RXFF 0x40
#define FR_TXFE 0x80

#define INT_RX 0x10
#define INT_TX 0x20
#define INT_RT 0x40

#define FEN 0x10
#define CR_ENABLE 0x301

/* The UART, the interrupt line and the host's end, which can refuse bytes. */
struct fixture {
	struct pl011 uart;
	bool stalled;
	unsigned int rooms;
	size_t sent_count;
	uint8_t sent[64];
};

static bool host_send(void *host, uint8_t byte)
{
	struct fixture *f = host;

	if (f->stalled)
		return false;
	assert_true(f->sent_count < sizeof(f->sent));
	f->sent[f->sent_count++] = byte;

	return true;
}

static void host_room(void *host)
{
	((struct fixture *)host)->rooms++;
}

static const struct pl011_host host_ops = { .send = host_send, .room = host_room };

static uint32_t get(struct fixture *f, uint64_t offset)
{
	return (uint32_t)pl011_ops.read(&f->uart, offset, 4);
}

static void set(struct fixture *f, uint64_t offset, uint32_t value)
{
	pl011_ops.write(&f->uart, offset, value, 4);
}

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	irq_probe = (struct irq_probe){ 0 };
	pl011_create(&f->uart, (struct irq_line){ .spi = 1 });
	pl011_connect(&f->uart, &host_ops, f);
}

/* As a driver leaves it: FIFOs and receiver on, level interrupts at 1/2. */
static void setup_enabled(struct fixture *f)
{
	setup(f);
	set(f, LCR_H, 0x60 | FEN);
	set(f, CR, CR_ENABLE);
}

static size_t receive(struct fixture *f, size_t count)
{
	uint8_t bytes[64];

	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)('a' + i);

	return pl011_receive(&f->uart, bytes, count);
}

static void it_is_arms_pl011_r1p1(void **state)
{
	static const uint8_t wanted[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct fixture f;

	setup(&f);
	for (uint64_t i = 0; i < sizeof(wanted); i++)
		assert_int_equal(get(&f, 0xfe0 + 4 * i), wanted[i]);
	pl011_destroy(&f.uart);
}

static void assert_reset_values(struct fixture *f)
{
	assert_int_equal(get(f, RSR), 0);
	assert_int_equal(get(f, FR) & ~7U, FR_TXFE | FR_RXFE);
	assert_int_equal(get(f, ILPR), 0);
	assert_int_equal(get(f, IBRD), 0);
	assert_int_equal(get(f, FBRD), 0);
	assert_int_equal(get(f, LCR_H), 0);
	assert_int_equal(get(f, CR), 0x300);
	assert_int_equal(get(f, IFLS), 0x12);
	assert_int_equal(get(f, IMSC), 0);
	assert_int_equal(get(f, RIS), 0);
	assert_int_equal(get(f, MIS), 0);
	assert_int_equal(get(f, DMACR), 0);
	assert_int_equal(get(f, DR), 0);
}

static void registers_have_their_reset_values_and_widths(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t mask;
	} registers[] = {
		{ ILPR, 0xff }, { IBRD, 0xffff }, { FBRD, 0x3f },  { LCR_H, 0xff },
		{ CR, 0xff87 }, { IFLS, 0x3f },	  { IMSC, 0x7ff }, { DMACR, 7 },
	};
	struct fixture f;

	setup(&f);
	assert_reset_values(&f);
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		set(&f, registers[i].offset, UINT32_MAX);
		assert_int_equal(get(&f, registers[i].offset), registers[i].mask);
	}
	pl011_ops.reset(&f.uart);
	assert_reset_values(&f);
	pl011_destroy(&f.uart);
}

static void any_access_anywhere_has_an_answer(void **state)
{
	struct fixture f;

	setup(&f);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (uint64_t offset = 0; offset < 0x1000; offset++) {
			pl011_ops.read(&f.uart, offset, size);
			if (offset != DR)
				pl011_ops.write(&f.uart, offset, UINT64_MAX, size);
		}
	}
	/* Between registers, and read-only ones, nothing happens. */
	assert_int_equal(pl011_ops.read(&f.uart, CR + 1, 1), 0);
	assert_int_equal(get(&f, 0x1c), 0);
	assert_int_equal(get(&f, 0xfe0), 0x11);
	pl011_destroy(&f.uart);
}

static void output_arrives_at_once_before_anything_is_enabled(void **state)
{
	struct fixture f;

	setup(&f);
	pl011_ops.write(&f.uart, DR, 'h', 1);
	assert_int_equal(f.sent_count, 1);
	set(&f, DR, 'i');
	assert_int_equal(f.sent_count, 2);
	assert_memory_equal(f.sent, "hi", 2);
	assert_int_equal(get(&f, FR) & (FR_TXFE | FR_TXFF | FR_BUSY), FR_TXFE);
	pl011_destroy(&f.uart);
}

static void output_without_a_host_is_dropped(void **state)
{
	struct pl011 uart;

	pl011_create(&uart, (struct irq_line){ .spi = 1 });
	for (unsigned int i = 0; i < 100; i++)
		pl011_ops.write(&uart, DR, 'x', 4);
	assert_int_equal(pl011_ops.read(&uart, FR, 4) & FR_TXFF, 0);
	pl011_destroy(&uart);
}

/* The interrupt of a driver that sends by interrupts: after each byte that went. */
static void the_transmit_interrupt_follows_each_byte(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	assert_int_equal(get(&f, RIS), 0);
	set(&f, IMSC, INT_TX);
	assert_false(irq_probe.level);
	set(&f, DR, 'x');
	assert_int_equal(get(&f, RIS), INT_TX);
	assert_int_equal(get(&f, MIS), INT_TX);
	assert_true(irq_probe.level);
	set(&f, ICR, INT_TX);
	assert_int_equal(get(&f, RIS), 0);
	assert_false(irq_probe.level);
	pl011_destroy(&f.uart);
}

static void stalled_output_waits_in_the_fifo_and_none_is_lost(void **state)
{
	struct fixture f;
	unsigned int written = 0;

	setup_enabled(&f);
	set(&f, IMSC, INT_TX);
	f.stalled = true;
	while (!(get(&f, FR) & FR_TXFF))
		set(&f, DR, 'A' + written++);
	assert_int_equal(written, PL011_FIFO_SIZE);
	assert_int_equal(get(&f, FR) & (FR_TXFE | FR_BUSY), FR_BUSY);
	assert_false(irq_probe.level);
	assert_false(pl011_resume(&f.uart));
	assert_int_equal(f.sent_count, 0);

	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_memory_equal(f.sent, "ABCDEFGHIJKLMNOP", PL011_FIFO_SIZE);
	assert_int_equal(f.sent_count, PL011_FIFO_SIZE);
	assert_int_equal(get(&f, FR) & (FR_TXFE | FR_TXFF | FR_BUSY), FR_TXFE);
	assert_true(irq_probe.level);

	set(&f, DR, 'Q');
	assert_int_equal(f.sent[PL011_FIFO_SIZE], 'Q');
	pl011_destroy(&f.uart);
}

static void order_is_kept_when_output_goes_on_while_some_waits(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	f.stalled = true;
	set(&f, DR, 'A');
	f.stalled = false;
	/* Until pl011_resume() is called the line counts as held. */
	set(&f, DR, 'B');
	assert_true(pl011_resume(&f.uart));
	set(&f, DR, 'C');
	assert_int_equal(f.sent_count, 3);
	assert_memory_equal(f.sent, "ABC", 3);
	pl011_destroy(&f.uart);
}

static void the_transmit_level_is_the_one_of_ifls(void **state)
{
	static const unsigned int levels[] = { 2, 4, 8, 12, 14 };
	struct fixture f;

	for (unsigned int select = 0; select < 5; select++) {
		setup_enabled(&f);
		set(&f, IFLS, select);
		f.stalled = true;
		for (unsigned int i = 1; i <= PL011_FIFO_SIZE; i++) {
			set(&f, DR, 'x');
			assert_int_equal(get(&f, RIS) & INT_TX, i <= levels[select] ? INT_TX : 0);
		}
		pl011_destroy(&f.uart);
	}
}

static void with_fifos_off_one_byte_waits(void **state)
{
	struct fixture f;

	setup(&f);
	f.stalled = true;
	set(&f, DR, 'A');
	assert_int_equal(get(&f, FR) & FR_TXFF, FR_TXFF);
	assert_int_equal(get(&f, RIS), 0);
	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_int_equal(get(&f, RIS), INT_TX);
	assert_int_equal(f.sent_count, 1);
	pl011_destroy(&f.uart);
}

static void input_waits_until_the_receiver_is_enabled(void **state)
{
	struct fixture f;

	setup(&f);
	assert_int_equal(receive(&f, 3), 0);
	set(&f, LCR_H, FEN);
	set(&f, IMSC, INT_TX);
	assert_int_equal(get(&f, CR), 0x300);
	assert_int_equal(f.rooms, 0);
	set(&f, CR, 0x101); /* UARTEN and TXE: not the receiver. */
	assert_int_equal(f.rooms, 0);
	set(&f, CR, CR_ENABLE);
	assert_int_equal(f.rooms, 1);
	assert_int_equal(receive(&f, 3), 3);
	assert_int_equal(get(&f, DR), 'a');
	pl011_destroy(&f.uart);
}

/* As on QEMU, for programs that never enable it, or all but the receiver. */
static void input_comes_without_that_to_who_looks_for_it(void **state)
{
	static const uint64_t looked_at[] = { FR, DR };
	static const uint32_t enabled[] = { 0x300, 0, 0x101, 0x200, CR_ENABLE };
	struct fixture f;

	for (size_t i = 0; i < 2; i++) {
		for (size_t e = 0; e < sizeof(enabled) / sizeof(enabled[0]); e++) {
			setup(&f);
			set(&f, CR, enabled[e]);
			if (enabled[e] != CR_ENABLE)
				assert_int_equal(receive(&f, 2), 0);
			get(&f, looked_at[i]);
			assert_int_equal(f.rooms, enabled[e] != CR_ENABLE);
			assert_int_equal(receive(&f, 2), 1);
			assert_int_equal(get(&f, FR) & FR_RXFE, 0);
			assert_int_equal(get(&f, DR), 'a');
			assert_int_equal(get(&f, FR) & FR_RXFE, FR_RXFE);
			pl011_destroy(&f.uart);
		}
	}
}

static void input_comes_without_that_to_who_waits_for_its_interrupt(void **state)
{
	static const uint32_t interrupts[] = { INT_RX, INT_RT, INT_RX | INT_RT };
	struct fixture f;

	for (size_t i = 0; i < sizeof(interrupts) / sizeof(interrupts[0]); i++) {
		setup(&f);
		set(&f, LCR_H, FEN);
		assert_int_equal(receive(&f, 1), 0);
		set(&f, IMSC, interrupts[i]);
		assert_int_equal(f.rooms, 1);
		assert_int_equal(receive(&f, 1), 1);
		assert_int_equal(get(&f, MIS), interrupts[i]);
		assert_true(irq_probe.level);
		assert_int_equal(get(&f, DR), 'a');
		assert_false(irq_probe.level);
		pl011_destroy(&f.uart);
	}
}

/* Linux looks at UARTFR for each character that it prints, before it opens the receiver. */
static void a_driver_that_closes_it_again_gets_none(void **state)
{
	struct fixture f;

	setup(&f);
	set(&f, CR, CR_ENABLE);
	get(&f, FR);
	set(&f, DR, 'x');
	set(&f, CR, 0x300);
	assert_int_equal(receive(&f, 1), 0);
	get(&f, FR);
	assert_int_equal(receive(&f, 1), 1);
	pl011_ops.reset(&f.uart);
	assert_int_equal(receive(&f, 1), 0);
	pl011_destroy(&f.uart);
}

static void input_is_taken_as_far_as_there_is_room_and_room_is_announced_once(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	assert_int_equal(receive(&f, 20), PL011_FIFO_SIZE);
	assert_int_equal(get(&f, FR) & (FR_RXFF | FR_RXFE), FR_RXFF);
	assert_int_equal(receive(&f, 1), 0);
	assert_int_equal(f.rooms, 0);
	for (unsigned int i = 0; i < PL011_FIFO_SIZE; i++) {
		assert_int_equal(get(&f, DR), 'a' + i);
		assert_int_equal(f.rooms, 1);
	}
	assert_int_equal(get(&f, FR) & (FR_RXFF | FR_RXFE), FR_RXFE);

	/* Nobody was refused, so nobody is told. */
	assert_int_equal(receive(&f, 2), 2);
	assert_int_equal(get(&f, DR), 'a');
	assert_int_equal(get(&f, DR), 'b');
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

/* As on QEMU: whatever the level, and until there is none. */
static void the_receive_interrupt_comes_with_the_first_byte(void **state)
{
	struct fixture f;

	for (uint32_t select = 0; select < 5; select++) {
		setup_enabled(&f);
		set(&f, IFLS, select << 3);
		for (unsigned int i = 1; i <= PL011_FIFO_SIZE; i++) {
			assert_int_equal(receive(&f, 1), 1);
			assert_int_equal(get(&f, RIS) & INT_RX, INT_RX);
		}
		for (unsigned int i = PL011_FIFO_SIZE; i-- > 0;) {
			get(&f, DR);
			assert_int_equal(get(&f, RIS) & INT_RX, i > 0 ? INT_RX : 0);
		}
		/* One that was cleared with bytes left comes back with the next. */
		receive(&f, 1);
		set(&f, ICR, INT_RX);
		assert_int_equal(get(&f, RIS) & INT_RX, 0);
		receive(&f, 1);
		assert_int_equal(get(&f, RIS) & INT_RX, INT_RX);
		pl011_destroy(&f.uart);
	}
}

/* For drivers that wait for it. */
static void the_receive_timeout_lasts_until_the_fifo_is_empty(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	set(&f, IMSC, INT_RT);
	assert_int_equal(receive(&f, 2), 2);
	assert_int_equal(get(&f, MIS), INT_RT);
	assert_true(irq_probe.level);
	get(&f, DR);
	assert_true(irq_probe.level);
	get(&f, DR);
	assert_false(irq_probe.level);
	assert_int_equal(get(&f, RIS), 0);

	assert_int_equal(receive(&f, 1), 1);
	set(&f, ICR, INT_RT);
	assert_false(irq_probe.level);
	assert_int_equal(receive(&f, 1), 1);
	assert_true(irq_probe.level);
	pl011_destroy(&f.uart);
}

static void with_fifos_off_each_byte_interrupts(void **state)
{
	struct fixture f;

	setup(&f);
	set(&f, CR, CR_ENABLE);
	set(&f, IMSC, INT_RX | INT_RT);
	assert_int_equal(receive(&f, 2), 1);
	assert_int_equal(get(&f, RIS), INT_RX);
	assert_int_equal(get(&f, FR) & FR_RXFF, FR_RXFF);
	assert_true(irq_probe.level);
	assert_int_equal(get(&f, DR), 'a');
	assert_false(irq_probe.level);
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

static void what_is_in_the_fifo_survives_a_change_of_its_depth(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	assert_int_equal(receive(&f, 5), 5);
	set(&f, LCR_H, 0);
	assert_int_equal(get(&f, FR) & FR_RXFF, FR_RXFF);
	assert_int_equal(receive(&f, 1), 0);
	set(&f, LCR_H, FEN);
	assert_int_equal(f.rooms, 1);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(get(&f, DR), 'a' + i);
	pl011_destroy(&f.uart);
}

static void masks_decide_about_the_line_and_it_changes_only_when_it_must(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	assert_int_equal(receive(&f, 1), 1);
	assert_int_equal(get(&f, RIS), INT_RX | INT_RT);
	assert_int_equal(get(&f, MIS), 0);
	assert_int_equal(irq_probe.changes, 0);
	set(&f, IMSC, INT_RT);
	assert_true(irq_probe.level);
	assert_int_equal(irq_probe.spi, 1);
	set(&f, IMSC, INT_RT | INT_RX);
	assert_int_equal(receive(&f, 1), 1);
	assert_int_equal(irq_probe.changes, 1);
	set(&f, IMSC, INT_TX);
	assert_false(irq_probe.level);
	assert_int_equal(irq_probe.changes, 2);
	/* Clearing what is not raised, and writing RIS or MIS, changes nothing. */
	set(&f, ICR, INT_TX);
	set(&f, RIS, UINT32_MAX);
	set(&f, MIS, UINT32_MAX);
	assert_int_equal(get(&f, RIS), INT_RX | INT_RT);
	pl011_destroy(&f.uart);
}

static void a_reset_lowers_the_line_and_keeps_what_waits_to_be_sent(void **state)
{
	struct fixture f;

	setup_enabled(&f);
	set(&f, IMSC, INT_RT);
	assert_int_equal(receive(&f, 20), PL011_FIFO_SIZE);
	f.stalled = true;
	set(&f, DR, '!');
	assert_true(irq_probe.level);

	pl011_ops.reset(&f.uart);
	assert_false(irq_probe.level);
	assert_int_equal(get(&f, FR) & (FR_RXFE | FR_RXFF), FR_RXFE);
	f.stalled = false;
	assert_true(pl011_resume(&f.uart));
	assert_int_equal(f.sent_count, 1);
	assert_int_equal(f.sent[0], '!');

	/* The host's end was refused before the reset, and is told after it. */
	set(&f, CR, CR_ENABLE);
	assert_int_equal(f.rooms, 1);
	pl011_destroy(&f.uart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_arms_pl011_r1p1),
		cmocka_unit_test(registers_have_their_reset_values_and_widths),
		cmocka_unit_test(any_access_anywhere_has_an_answer),
		cmocka_unit_test(output_arrives_at_once_before_anything_is_enabled),
		cmocka_unit_test(output_without_a_host_is_dropped),
		cmocka_unit_test(the_transmit_interrupt_follows_each_byte),
		cmocka_unit_test(stalled_output_waits_in_the_fifo_and_none_is_lost),
		cmocka_unit_test(order_is_kept_when_output_goes_on_while_some_waits),
		cmocka_unit_test(the_transmit_level_is_the_one_of_ifls),
		cmocka_unit_test(with_fifos_off_one_byte_waits),
		cmocka_unit_test(input_waits_until_the_receiver_is_enabled),
		cmocka_unit_test(input_comes_without_that_to_who_looks_for_it),
		cmocka_unit_test(input_comes_without_that_to_who_waits_for_its_interrupt),
		cmocka_unit_test(a_driver_that_closes_it_again_gets_none),
		cmocka_unit_test(input_is_taken_as_far_as_there_is_room_and_room_is_announced_once),
		cmocka_unit_test(the_receive_interrupt_comes_with_the_first_byte),
		cmocka_unit_test(the_receive_timeout_lasts_until_the_fifo_is_empty),
		cmocka_unit_test(with_fifos_off_each_byte_interrupts),
		cmocka_unit_test(what_is_in_the_fifo_survives_a_change_of_its_depth),
		cmocka_unit_test(masks_decide_about_the_line_and_it_changes_only_when_it_must),
		cmocka_unit_test(a_reset_lowers_the_line_and_keeps_what_waits_to_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
