/* SPDX-License-Identifier: BSD-3-Clause */
/* The generic event device: what a press of a button is to its guest. */
#include "devices/ged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "board/board.h"
#include "irq-probe.h"
#include "saved-state.h"
#include "support/board.h"
#include "support/scratch.h"

#define POWER 0x02
#define SLEEP 0x10

static struct board board;
static struct ged *ged;

static void make(void)
{
	const struct config config = { .machine_version = BOARD_VERSION_4, .acpi = true };

	board_create(&board, &config);
	ged = devices_ged(&board.devices);
	assert_non_null(ged);
	irq_probe = (struct irq_probe){ 0 };
}

static uint64_t get(uint64_t offset, unsigned int size)
{
	uint64_t value = UINT64_MAX;

	assert_non_null(bus_read(&board.bus, BOARD_GED_BASE + offset, size, &value));

	return value;
}

static void a_press_raises_the_line_until_the_register_is_read(void **state)
{
	make();
	assert_int_equal(get(0, 4), 0);
	assert_int_equal(irq_probe.changes, 0);
	ged_press(ged, GED_POWER_BUTTON);
	assert_true(irq_probe.level);
	assert_int_equal(irq_probe.spi, BOARD_GED_SPI);
	assert_true(ged_waits(ged, GED_POWER_BUTTON));
	assert_false(ged_waits(ged, GED_SLEEP_BUTTON));
	assert_int_equal(get(0, 4), POWER);
	assert_false(irq_probe.level);
	assert_false(ged_waits(ged, GED_POWER_BUTTON));
	assert_int_equal(get(0, 4), 0);
	assert_int_equal(irq_probe.changes, 2);
	board_destroy(&board);
}

static void a_read_has_all_events_and_each_once(void **state)
{
	make();
	ged_press(ged, GED_SLEEP_BUTTON);
	ged_press(ged, GED_POWER_BUTTON);
	ged_press(ged, GED_SLEEP_BUTTON);
	assert_int_equal(irq_probe.changes, 1);
	assert_int_equal(get(0, 4), POWER | SLEEP);
	assert_int_equal(get(0, 4), 0);
	board_destroy(&board);
}

static void a_register_that_is_not_there_reads_as_zero_and_no_write_counts(void **state)
{
	make();
	ged_press(ged, GED_SLEEP_BUTTON);
	for (uint64_t offset = 1; offset < BOARD_GED_SIZE; offset++)
		assert_int_equal(get(offset, 1), 0);
	for (uint64_t offset = 0; offset < BOARD_GED_SIZE; offset++)
		assert_non_null(bus_write(&board.bus, BOARD_GED_BASE + offset, 1, 0xff));
	assert_true(irq_probe.level);
	assert_int_equal(get(0, 1), SLEEP);
	board_destroy(&board);
}

static void a_press_can_be_taken_back_while_it_waits(void **state)
{
	make();
	ged_press(ged, GED_POWER_BUTTON);
	ged_press(ged, GED_SLEEP_BUTTON);
	ged_withdraw(ged, GED_POWER_BUTTON);
	assert_true(irq_probe.level);
	ged_withdraw(ged, GED_SLEEP_BUTTON);
	assert_false(irq_probe.level);
	ged_withdraw(ged, GED_SLEEP_BUTTON);
	assert_int_equal(get(0, 4), 0);
	assert_int_equal(irq_probe.changes, 2);
	board_destroy(&board);
}

static void a_press_is_a_reason_to_wake_once(void **state)
{
	make();
	assert_false(devices_alarm_waits(&board.devices));
	ged_press(ged, GED_POWER_BUTTON);
	assert_true(devices_alarm_waits(&board.devices));
	assert_string_equal(devices_take_alarm(&board.devices), "a button");
	assert_false(devices_alarm_waits(&board.devices));
	assert_true(irq_probe.level);
	ged_press(ged, GED_SLEEP_BUTTON);
	assert_true(devices_alarm_waits(&board.devices));
	assert_int_equal(get(0, 4), POWER | SLEEP);
	assert_false(devices_alarm_waits(&board.devices));
	board_destroy(&board);
}

static void a_probe_raises_the_line_and_is_no_press(void **state)
{
	make();
	ged_probe(ged);
	assert_true(irq_probe.level);
	assert_true(ged_waits(ged, GED_POWER_BUTTON));
	assert_true(ged_waits(ged, GED_SLEEP_BUTTON));
	/* It does not wake the guest. */
	assert_false(devices_alarm_waits(&board.devices));
	assert_int_equal(get(0, 4), 0x80000000);
	assert_false(irq_probe.level);
	assert_false(ged_waits(ged, GED_SLEEP_BUTTON));
	ged_probe(ged);
	ged_withdraw(ged, GED_SLEEP_BUTTON);
	assert_false(irq_probe.level);
	board_destroy(&board);
}

static void a_reset_forgets_a_press(void **state)
{
	make();
	ged_press(ged, GED_POWER_BUTTON);
	bus_reset(&board.bus);
	assert_false(irq_probe.level);
	assert_int_equal(get(0, 4), 0);
	board_destroy(&board);
}

static void serialize(void *device, struct stream *stream)
{
	struct error error;

	assert_int_equal(ged_ops.serialize(device, stream, &error), 0);
}

static void a_press_that_waits_is_saved_and_raises_the_restored_line(void **state)
{
	static struct saved saved;

	make();
	ged_press(ged, GED_SLEEP_BUTTON);
	assert_string_equal(devices_take_alarm(&board.devices), "a button");
	saved_save(serialize, ged, &saved);
	board_destroy(&board);
	make();
	assert_int_equal(saved_restore(serialize, ged, &saved), 0);
	assert_true(irq_probe.level);
	assert_true(devices_alarm_waits(&board.devices));
	assert_int_equal(get(0, 4), SLEEP);
	board_destroy(&board);
}

static void a_probe_is_not_saved(void **state)
{
	static struct saved saved;

	make();
	ged_probe(ged);
	saved_save(serialize, ged, &saved);
	board_destroy(&board);
	make();
	assert_int_equal(saved_restore(serialize, ged, &saved), 0);
	assert_false(irq_probe.level);
	assert_int_equal(get(0, 4), 0);
	board_destroy(&board);
}

static void a_saved_event_that_there_is_not_is_dropped(void **state)
{
	static struct saved saved;

	make();
	saved_save(serialize, ged, &saved);
	assert_int_equal(saved.size, 4);
	for (size_t i = 0; i < saved.size; i++)
		saved.bytes[i] = 0xff;
	assert_int_equal(saved_restore(serialize, ged, &saved), 0);
	assert_int_equal(get(0, 4), POWER | SLEEP);
	board_destroy(&board);
}

static void only_a_machine_of_version_4_with_acpi_has_buttons(void **state)
{
	const struct config former = { .machine_version = BOARD_VERSION_3, .acpi = true };
	const struct config without = { .machine_version = BOARD_VERSION_4 };
	uint64_t value;

	board_create(&board, &former);
	assert_null(devices_ged(&board.devices));
	assert_null(bus_read(&board.bus, BOARD_GED_BASE, 4, &value));
	board_destroy(&board);
	board_create(&board, &without);
	assert_null(devices_ged(&board.devices));
	board_destroy(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_press_raises_the_line_until_the_register_is_read),
		cmocka_unit_test(a_read_has_all_events_and_each_once),
		cmocka_unit_test(a_register_that_is_not_there_reads_as_zero_and_no_write_counts),
		cmocka_unit_test(a_press_can_be_taken_back_while_it_waits),
		cmocka_unit_test(a_press_is_a_reason_to_wake_once),
		cmocka_unit_test(a_probe_raises_the_line_and_is_no_press),
		cmocka_unit_test(a_reset_forgets_a_press),
		cmocka_unit_test(a_press_that_waits_is_saved_and_raises_the_restored_line),
		cmocka_unit_test(a_probe_is_not_saved),
		cmocka_unit_test(a_saved_event_that_there_is_not_is_dropped),
		cmocka_unit_test(only_a_machine_of_version_4_with_acpi_has_buttons),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
