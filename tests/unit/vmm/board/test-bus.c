/* SPDX-License-Identifier: BSD-3-Clause */
/* The bus: which device answers where, and that none answers for a neighbour. */
#include "board/bus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* A device that remembers its last access. */
struct probe {
	uint64_t offset;
	uint64_t value;
	unsigned int size;
	unsigned int reads, writes, resets;
};

static uint64_t probe_read(void *device, uint64_t offset, unsigned int size)
{
	struct probe *probe = device;

	probe->offset = offset;
	probe->size = size;
	probe->reads++;

	return 0x1122334455667788;
}

static void probe_write(void *device, uint64_t offset, uint64_t value, unsigned int size)
{
	struct probe *probe = device;

	probe->offset = offset;
	probe->value = value;
	probe->size = size;
	probe->writes++;
}

static void probe_reset(void *device)
{
	((struct probe *)device)->resets++;
}

static const struct device_ops probe_ops = {
	.name = "probe",
	.read = probe_read,
	.write = probe_write,
	.reset = probe_reset,
};

static void each_device_answers_in_its_window_only(void **state)
{
	struct probe probes[3] = { 0 };
	struct bus bus = { 0 };
	uint64_t value;

	/* In no order, two of them neighbours. */
	assert_int_equal(bus_add(&bus, 0x3000, 0x1000, &probe_ops, &probes[2]), 0);
	assert_int_equal(bus_add(&bus, 0x1000, 0x1000, &probe_ops, &probes[0]), 0);
	assert_int_equal(bus_add(&bus, 0x2000, 0x200, &probe_ops, &probes[1]), 0);

	assert_null(bus_read(&bus, 0xfff, 1, &value));
	assert_ptr_equal(bus_read(&bus, 0x1000, 1, &value)->self, &probes[0]);
	assert_ptr_equal(bus_read(&bus, 0x1fff, 1, &value)->self, &probes[0]);
	assert_int_equal(probes[0].offset, 0xfff);
	assert_ptr_equal(bus_read(&bus, 0x2000, 4, &value)->self, &probes[1]);
	assert_ptr_equal(bus_write(&bus, 0x21ff, 1, 0)->self, &probes[1]);
	assert_null(bus_read(&bus, 0x2200, 4, &value));
	assert_null(bus_write(&bus, 0x2fff, 1, 0));
	assert_ptr_equal(bus_write(&bus, 0x3ff8, 8, 7)->self, &probes[2]);
	assert_int_equal(probes[2].offset, 0xff8);
	assert_int_equal(probes[2].value, 7);
	assert_int_equal(probes[2].size, 8);
	assert_null(bus_write(&bus, 0x4000, 4, 0));
	assert_null(bus_write(&bus, UINT64_MAX, 8, 0));
	assert_int_equal(probes[0].reads + probes[1].reads + probes[2].reads, 3);
	assert_int_equal(probes[0].writes + probes[1].writes + probes[2].writes, 2);
}

static void an_access_over_the_end_of_a_window_reaches_no_device(void **state)
{
	struct probe probes[2] = { 0 };
	struct bus bus = { 0 };
	uint64_t value = 0xfeedf00d;

	assert_int_equal(bus_add(&bus, 0x1000, 0x1000, &probe_ops, &probes[0]), 0);
	assert_int_equal(bus_add(&bus, 0x2000, 0x1000, &probe_ops, &probes[1]), 0);

	assert_null(bus_read(&bus, 0x1ffd, 4, &value));
	assert_int_equal(value, 0);
	assert_null(bus_write(&bus, 0x1fff, 2, 1));
	assert_null(bus_read(&bus, 0xffc, 8, &value));
	assert_int_equal(probes[0].reads + probes[0].writes + probes[1].reads + probes[1].writes,
			 0);
}

static void an_access_of_each_size_moves_no_more_than_that_size(void **state)
{
	static const uint64_t wanted[9] = {
		[1] = 0x88,
		[2] = 0x7788,
		[4] = 0x55667788,
		[8] = 0x1122334455667788,
	};
	struct probe probe = { 0 };
	struct bus bus = { 0 };

	assert_int_equal(bus_add(&bus, 0, 8, &probe_ops, &probe), 0);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		uint64_t value;

		assert_non_null(bus_read(&bus, 0, size, &value));
		assert_int_equal(value, wanted[size]);
		assert_non_null(bus_write(&bus, 0, size, 0x1122334455667788));
		assert_int_equal(probe.value, wanted[size]);
		assert_int_equal(probe.size, size);
	}
}

static void windows_that_overlap_are_refused(void **state)
{
	struct probe probe = { 0 };
	struct bus bus = { 0 };

	assert_int_equal(bus_add(&bus, 0x2000, 0x1000, &probe_ops, &probe), 0);
	assert_int_equal(bus_add(&bus, 0x2000, 0x1000, &probe_ops, &probe), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x1001, 0x1000, &probe_ops, &probe), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x2fff, 1, &probe_ops, &probe), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x0, 0x10000, &probe_ops, &probe), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x2800, 4, &probe_ops, &probe), -EEXIST);
	assert_int_equal(bus.count, 1);
	assert_int_equal(bus_add(&bus, 0x1000, 0x1000, &probe_ops, &probe), 0);
	assert_int_equal(bus_add(&bus, 0x3000, 1, &probe_ops, &probe), 0);
}

static void windows_that_are_empty_or_wrap_are_refused(void **state)
{
	struct probe probe = { 0 };
	struct bus bus = { 0 };
	uint64_t value;

	assert_int_equal(bus_add(&bus, 0x1000, 0, &probe_ops, &probe), -EINVAL);
	assert_int_equal(bus_add(&bus, UINT64_MAX, 2, &probe_ops, &probe), -EINVAL);
	assert_int_equal(bus.count, 0);
	assert_int_equal(bus_add(&bus, UINT64_MAX - 7, 8, &probe_ops, &probe), 0);
	assert_non_null(bus_read(&bus, UINT64_MAX - 7, 8, &value));
	assert_null(bus_read(&bus, UINT64_MAX - 3, 8, &value));
}

static void a_full_bus_refuses_another_window(void **state)
{
	struct probe probe = { 0 };
	struct bus bus = { 0 };

	for (uint64_t i = 0; i < BUS_WINDOWS_MAX; i++)
		assert_int_equal(bus_add(&bus, i * 16, 16, &probe_ops, &probe), 0);
	assert_int_equal(bus_add(&bus, 0x10000, 16, &probe_ops, &probe), -ENOSPC);
}

static void a_reset_reaches_every_device(void **state)
{
	struct probe probes[3] = { 0 };
	struct bus bus = { 0 };

	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(bus_add(&bus, i * 16, 16, &probe_ops, &probes[i]), 0);
	bus_reset(&bus);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(probes[i].resets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_device_answers_in_its_window_only),
		cmocka_unit_test(an_access_over_the_end_of_a_window_reaches_no_device),
		cmocka_unit_test(an_access_of_each_size_moves_no_more_than_that_size),
		cmocka_unit_test(windows_that_overlap_are_refused),
		cmocka_unit_test(windows_that_are_empty_or_wrap_are_refused),
		cmocka_unit_test(a_full_bus_refuses_another_window),
		cmocka_unit_test(a_reset_reaches_every_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
