/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices in a stream: they come back as they were, and a forged state does no harm. */
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "irq-probe.h"
#include "saved-state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/* Registers of the UART and of the clock. */
#define UARTDR 0x000
#define UARTFR 0x018
#define UARTFR_RXFE 0x10
#define UARTIBRD 0x024
#define UARTLCR_H 0x02c
#define UARTLCR_H_FEN 0x10
#define UARTCR 0x030
#define UARTCR_ENABLE 0x301
#define UARTIMSC 0x038
#define UARTIMSC_RX 0x10
#define RTCMR 0x004
#define RTCIMSC 0x010
#define RTCRIS 0x014

#define SECONDS_32_BITS ((uint64_t)1 << 32)

static void serialize_pl011(void *device, struct stream *stream)
{
	pl011_serialize(device, stream);
}

static void serialize_pl031(void *device, struct stream *stream)
{
	pl031_serialize(device, stream);
}

/* --- the UART --- */

static bool send(void *host, uint8_t byte)
{
	return true;
}

static void room(void *host)
{
}

static void start_uart(struct pl011 *uart)
{
	static const struct pl011_host host = { .send = send, .room = room };

	irq_probe = (struct irq_probe){ 0 };
	pl011_create(uart, (struct irq_line){ .spi = 1 });
	pl011_connect(uart, &host, NULL);
}

static void fill_uart(struct pl011 *uart)
{
	start_uart(uart);
	pl011_ops.write(uart, UARTIBRD, 13, 4);
	pl011_ops.write(uart, UARTLCR_H, UARTLCR_H_FEN, 4);
	pl011_ops.write(uart, UARTIMSC, UARTIMSC_RX, 4);
	pl011_ops.write(uart, UARTCR, UARTCR_ENABLE, 4);
	assert_int_equal(pl011_receive(uart, (const uint8_t *)"0123456789abcdef", 16), 16);
}

static void a_restored_uart_has_its_received_bytes_and_raises_its_line(void **state)
{
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	/* So that the FIFO's first byte is not the first of its ring. */
	assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), '0');
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"g", 1), 1);
	saved_save(serialize_pl011, &uart, &saved);
	pl011_destroy(&uart);
	start_uart(&uart);
	assert_int_equal(saved_restore(serialize_pl011, &uart, &saved), 0);
	assert_true(irq_probe.level);
	assert_true(pl011_is_raised(&uart));
	assert_int_equal(pl011_ops.read(&uart, UARTIBRD, 4), 13);
	for (const char *c = "123456789abcdefg"; *c; c++)
		assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), *c);
	assert_true(pl011_ops.read(&uart, UARTFR, 4) & UARTFR_RXFE);
	assert_false(irq_probe.level);
	pl011_destroy(&uart);
}

/* The FIFO comes first: its bytes, where the first of them is, and how many there are. */
static void a_saved_uart_whose_fifo_index_is_out_of_bounds_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} forged[] = {
		{ PL011_FIFO_SIZE, PL011_FIFO_SIZE },
		{ PL011_FIFO_SIZE + 3, 0x80 },
		{ PL011_FIFO_SIZE + 4, PL011_FIFO_SIZE + 1 },
		{ PL011_FIFO_SIZE + 7, 0xff },
	};
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	saved_save(serialize_pl011, &uart, &saved);
	pl011_destroy(&uart);
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct saved changed = saved;

		changed.bytes[forged[i].at] = forged[i].byte;
		start_uart(&uart);
		assert_int_equal(saved_restore(serialize_pl011, &uart, &changed), -EBADMSG);
		assert_true(pl011_ops.read(&uart, UARTFR, 4) & UARTFR_RXFE);
		pl011_destroy(&uart);
	}
}

/* More than it holds without a FIFO, which no guest can have caused. */
static void a_restored_uart_without_fifo_returns_only_the_bytes_it_holds(void **state)
{
	static struct saved saved;
	struct pl011 uart;

	fill_uart(&uart);
	saved_save(serialize_pl011, &uart, &saved);
	/* LCR_H is the fourth register of 16 bits behind the FIFO. */
	saved.bytes[PL011_FIFO_SIZE + 8 + 6] = 0;
	pl011_destroy(&uart);
	start_uart(&uart);
	assert_int_equal(saved_restore(serialize_pl011, &uart, &saved), 0);
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"x", 1), 0);
	for (const char *c = "0123456789abcdef"; *c; c++)
		assert_int_equal(pl011_ops.read(&uart, UARTDR, 4), *c);
	assert_int_equal(pl011_receive(&uart, (const uint8_t *)"xy", 2), 1);
	pl011_destroy(&uart);
}

/* --- the clock --- */

static uint64_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);

	return (uint64_t)now.tv_sec;
}

static void start_clock(struct pl031 *rtc)
{
	irq_probe = (struct irq_probe){ 0 };
	assert_int_equal(pl031_create(rtc, (struct irq_line){ .spi = 2 }), 0);
}

/* An alarm @seconds from now, saved; the moment comes first, in 64 bits. */
static void save_alarm(uint32_t seconds, struct saved *saved)
{
	struct pl031 rtc;

	start_clock(&rtc);
	pl031_ops.write(&rtc, RTCIMSC, 1, 4);
	pl031_ops.write(&rtc, RTCMR, (uint32_t)host_time() + seconds, 4);
	saved_save(serialize_pl031, &rtc, saved);
	pl031_destroy(&rtc);
}

static void set_alarm(struct saved *saved, uint64_t moment)
{
	for (size_t i = 0; i < sizeof(moment); i++)
		saved->bytes[i] = (uint8_t)(moment >> 8 * i);
}

static void a_restored_clock_has_its_alarm(void **state)
{
	static struct saved saved;
	const uint64_t before = host_time();
	struct pl031 rtc;
	int64_t alarm;

	save_alarm(1000, &saved);
	start_clock(&rtc);
	assert_int_equal(saved_restore(serialize_pl031, &rtc, &saved), 0);
	assert_true(pl031_next_alarm(&rtc, &alarm));
	assert_in_range(alarm, before + 1000, host_time() + 1000);
	assert_false(irq_probe.level);
	pl031_destroy(&rtc);
}

static void a_restored_alarm_that_passed_meanwhile_comes_at_once(void **state)
{
	static struct saved saved;
	struct pl031 rtc;
	int64_t alarm;

	save_alarm(1000, &saved);
	set_alarm(&saved, host_time() - 5);
	start_clock(&rtc);
	assert_int_equal(saved_restore(serialize_pl031, &rtc, &saved), 0);
	assert_true(irq_probe.level);
	assert_int_equal(pl031_ops.read(&rtc, RTCRIS, 4), 1);
	assert_false(pl031_next_alarm(&rtc, &alarm));
	pl031_destroy(&rtc);
}

/* As an alarm in the past is far in the future, once the host's clock is behind. */
static void a_restored_alarm_in_the_far_future_comes_when_the_counter_matches(void **state)
{
	static const uint64_t later[] = { SECONDS_32_BITS + 10, INT64_MAX, UINT64_MAX };
	static struct saved saved;

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		const uint64_t before = host_time();
		struct pl031 rtc;
		int64_t alarm;

		save_alarm(1000, &saved);
		set_alarm(&saved, i == 0 ? before + later[0] : later[i]);
		start_clock(&rtc);
		assert_int_equal(saved_restore(serialize_pl031, &rtc, &saved), 0);
		assert_true(pl031_next_alarm(&rtc, &alarm));
		assert_in_range(alarm, before + 1000, host_time() + 1000);
		pl031_destroy(&rtc);
	}
}

static void a_saved_clock_with_a_boolean_that_is_neither_true_nor_false_is_refused(void **state)
{
	static struct saved saved;
	struct pl031 rtc;

	save_alarm(1000, &saved);
	saved.bytes[sizeof(uint64_t)] = 2;
	start_clock(&rtc);
	assert_int_equal(saved_restore(serialize_pl031, &rtc, &saved), -EBADMSG);
	pl031_destroy(&rtc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_uart_has_its_received_bytes_and_raises_its_line),
		cmocka_unit_test(a_saved_uart_whose_fifo_index_is_out_of_bounds_is_refused),
		cmocka_unit_test(a_restored_uart_without_fifo_returns_only_the_bytes_it_holds),
		cmocka_unit_test(a_restored_clock_has_its_alarm),
		cmocka_unit_test(a_restored_alarm_that_passed_meanwhile_comes_at_once),
		cmocka_unit_test(a_restored_alarm_in_the_far_future_comes_when_the_counter_matches),
		cmocka_unit_test(
			a_saved_clock_with_a_boolean_that_is_neither_true_nor_false_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
