/* SPDX-License-Identifier: BSD-3-Clause */
/* The real-time clock: the host's time, what the guest sets, the alarm. */
#include "devices/pl031.h"
#include "irq-probe.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define DR 0x000
#define MR 0x004
#define LR 0x008
#define CR 0x00c
#define IMSC 0x010
#define RIS 0x014
#define MIS 0x018
#define ICR 0x01c

/* Far longer than an alarm one second ahead takes; only a bug waits that long. */
#define DEADLINE_MS 60000

/* Not time(), which lags behind by up to a tick. */
static time_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);

	return now.tv_sec;
}

static uint32_t get(struct pl031 *rtc, uint64_t offset)
{
	return (uint32_t)pl031_ops.read(rtc, offset, 4);
}

static void set(struct pl031 *rtc, uint64_t offset, uint32_t value)
{
	pl031_ops.write(rtc, offset, value, 4);
}

static void setup(struct pl031 *rtc)
{
	irq_probe = (struct irq_probe){ 0 };
	assert_int_equal(pl031_create(rtc, (struct irq_line){ .spi = 2 }), 0);
}

/* Assert that the counter is @wanted plus the time that the test took so far. */
static void assert_counts_from(struct pl031 *rtc, uint32_t wanted, time_t since)
{
	uint32_t found = get(rtc, DR);

	assert_true(found - wanted <= (uint32_t)(host_time() - since));
}

static bool is_readable(struct pl031 *rtc, int timeout_ms)
{
	struct pollfd fd = { .fd = pl031_fd(rtc), .events = POLLIN };

	return poll(&fd, 1, timeout_ms) == 1;
}

static void the_clock_identifies_itself_as_arm_s_pl031(void **state)
{
	static const uint8_t wanted[] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct pl031 rtc;

	setup(&rtc);
	for (uint64_t i = 0; i < sizeof(wanted); i++)
		assert_int_equal(get(&rtc, 0xfe0 + 4 * i), wanted[i]);
	pl031_destroy(&rtc);
}

static void the_clock_runs_and_shows_the_host_s_time(void **state)
{
	struct pl031 rtc;
	time_t now = host_time();

	setup(&rtc);
	assert_int_equal(get(&rtc, CR), 1);
	set(&rtc, CR, 0);
	assert_int_equal(get(&rtc, CR), 1);
	assert_counts_from(&rtc, (uint32_t)now, now);
	pl031_destroy(&rtc);
}

static void the_clock_counts_from_the_value_that_the_guest_sets(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x12345678, 0x7fffffff, 0x80000000, 0xffffffff };
	struct pl031 rtc;

	setup(&rtc);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		time_t now = host_time();

		set(&rtc, LR, values[i]);
		assert_int_equal(get(&rtc, LR), values[i]);
		assert_counts_from(&rtc, values[i], now);
	}
	pl031_destroy(&rtc);
}

static void accesses_to_absent_registers_of_the_clock_do_nothing(void **state)
{
	struct pl031 rtc;
	time_t now = host_time();

	setup(&rtc);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (uint64_t offset = ICR + 4; offset < 0x1000; offset++) {
			pl031_ops.write(&rtc, offset, UINT64_MAX, size);
			if (offset < 0xfe0)
				assert_int_equal(pl031_ops.read(&rtc, offset, size), 0);
		}
	}
	/* Not aligned, and read-only. */
	pl031_ops.write(&rtc, LR + 1, 0, 1);
	set(&rtc, DR, 0);
	set(&rtc, RIS, 1);
	set(&rtc, MIS, 1);
	assert_int_equal(get(&rtc, RIS), 0);
	assert_counts_from(&rtc, (uint32_t)now, now);
	pl031_destroy(&rtc);
}

static void the_clock_s_alarm_comes_once_the_counter_matches(void **state)
{
	struct pl031 rtc;
	int64_t when = -1;
	time_t now;

	setup(&rtc);
	set(&rtc, IMSC, 1);
	set(&rtc, LR, 1000);
	now = host_time();
	set(&rtc, MR, 1002);
	assert_int_equal(get(&rtc, MR), 1002);
	assert_true(pl031_next_alarm(&rtc, &when));
	assert_in_range((uintmax_t)when, (uintmax_t)now, (uintmax_t)now + 2);

	assert_true(is_readable(&rtc, DEADLINE_MS));
	pl031_expired(&rtc);
	assert_true(host_time() >= when);
	assert_true(get(&rtc, DR) >= 1002);
	assert_true(irq_probe.level);
	assert_int_equal(get(&rtc, RIS), 1);
	assert_int_equal(get(&rtc, MIS), 1);
	assert_false(pl031_next_alarm(&rtc, &when));
	assert_false(is_readable(&rtc, 0));

	/* As on QEMU, whatever is written. */
	set(&rtc, ICR, 0);
	assert_false(irq_probe.level);
	assert_int_equal(get(&rtc, RIS), 0);
	pl031_destroy(&rtc);
}

static void the_clock_s_alarm_for_the_present_comes_at_once(void **state)
{
	struct pl031 rtc;

	setup(&rtc);
	set(&rtc, IMSC, 1);
	set(&rtc, MR, 5000);
	assert_false(irq_probe.level);
	set(&rtc, LR, 5000);
	assert_true(irq_probe.level);
	assert_int_equal(irq_probe.spi, 2);
	pl031_destroy(&rtc);
}

static void the_clock_s_alarm_in_the_past_comes_after_the_counter_wrapped(void **state)
{
	struct pl031 rtc;
	int64_t when;
	time_t now;

	setup(&rtc);
	set(&rtc, IMSC, 1);
	set(&rtc, LR, 5000);
	now = host_time();
	set(&rtc, MR, 4990);
	assert_false(irq_probe.level);
	assert_true(pl031_next_alarm(&rtc, &when));
	assert_in_range((uintmax_t)(when - now), UINT32_MAX - 20, UINT32_MAX - 9);
	pl031_destroy(&rtc);
}

static void the_clock_s_masked_alarm_is_raised_but_does_not_interrupt(void **state)
{
	struct pl031 rtc;
	int64_t when = -1;

	setup(&rtc);
	set(&rtc, LR, 5000);
	set(&rtc, MR, 9000);
	assert_false(pl031_next_alarm(&rtc, &when));
	assert_int_equal(when, -1);
	set(&rtc, LR, 9000);
	assert_int_equal(get(&rtc, RIS), 1);
	assert_int_equal(get(&rtc, MIS), 0);
	assert_int_equal(irq_probe.changes, 0);
	set(&rtc, IMSC, 1);
	assert_true(irq_probe.level);
	set(&rtc, IMSC, 0xfffffffe);
	assert_false(irq_probe.level);
	assert_int_equal(get(&rtc, IMSC), 0);
	pl031_destroy(&rtc);
}

static void calling_the_clock_before_its_alarm_changes_nothing(void **state)
{
	struct pl031 rtc;
	int64_t when;

	setup(&rtc);
	set(&rtc, IMSC, 1);
	set(&rtc, LR, 1000);
	set(&rtc, MR, 100000);
	pl031_expired(&rtc);
	assert_int_equal(get(&rtc, RIS), 0);
	assert_true(pl031_next_alarm(&rtc, &when));
	pl031_destroy(&rtc);
}

static void a_reset_of_the_clock_clears_the_alarm_and_keeps_the_time(void **state)
{
	struct pl031 rtc;
	int64_t when;
	time_t now = host_time();

	setup(&rtc);
	set(&rtc, IMSC, 1);
	set(&rtc, MR, 5000);
	set(&rtc, LR, 5000);
	assert_true(irq_probe.level);
	pl031_ops.reset(&rtc);
	assert_false(irq_probe.level);
	assert_int_equal(get(&rtc, RIS), 0);
	assert_int_equal(get(&rtc, IMSC), 0);
	assert_int_equal(get(&rtc, MR), 0);
	assert_false(pl031_next_alarm(&rtc, &when));
	assert_false(is_readable(&rtc, 0));
	assert_counts_from(&rtc, 5000, now);
	pl031_destroy(&rtc);
}

static void the_clock_s_alarm_is_a_reason_to_wake_until_it_is_taken(void **state)
{
	struct pl031 rtc;

	setup(&rtc);
	assert_false(pl031_is_raised(&rtc));
	set(&rtc, LR, 5000);
	set(&rtc, MR, get(&rtc, DR));
	assert_false(pl031_is_raised(&rtc));
	set(&rtc, IMSC, 1);
	assert_true(pl031_is_raised(&rtc));
	pl031_take(&rtc);
	assert_false(pl031_is_raised(&rtc));
	/* The guest sees it as before. */
	assert_true(irq_probe.level);
	assert_int_equal(get(&rtc, MIS), 1);
	set(&rtc, ICR, 1);
	assert_false(pl031_is_raised(&rtc));
	set(&rtc, LR, 5000);
	set(&rtc, MR, get(&rtc, DR));
	assert_true(pl031_is_raised(&rtc));
	pl031_destroy(&rtc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_identifies_itself_as_arm_s_pl031),
		cmocka_unit_test(the_clock_runs_and_shows_the_host_s_time),
		cmocka_unit_test(the_clock_counts_from_the_value_that_the_guest_sets),
		cmocka_unit_test(accesses_to_absent_registers_of_the_clock_do_nothing),
		cmocka_unit_test(the_clock_s_alarm_comes_once_the_counter_matches),
		cmocka_unit_test(the_clock_s_alarm_for_the_present_comes_at_once),
		cmocka_unit_test(the_clock_s_alarm_in_the_past_comes_after_the_counter_wrapped),
		cmocka_unit_test(the_clock_s_masked_alarm_is_raised_but_does_not_interrupt),
		cmocka_unit_test(the_clock_s_alarm_is_a_reason_to_wake_until_it_is_taken),
		cmocka_unit_test(calling_the_clock_before_its_alarm_changes_nothing),
		cmocka_unit_test(a_reset_of_the_clock_clears_the_alarm_and_keeps_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
