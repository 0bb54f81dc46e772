/* SPDX-License-Identifier: BSD-3-Clause */
/* How often a guest can make its host write durably. */
#include "base/write-limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)

/* Of 50 suspensions a second, each with its wake-up. */
static void writes_at_the_permitted_rate_are_all_made(void **state)
{
	struct write_limit limit = { 0 };

	for (uint64_t i = 0; i < 100 * WRITE_LIMIT_PER_SECOND; i++)
		assert_true(write_limit_take(&limit, HOUR + i * SECOND / WRITE_LIMIT_PER_SECOND));
}

static void a_flood_of_writes_is_limited_to_burst_and_rate(void **state)
{
	struct write_limit limit = { 0 };
	unsigned int made = 0;

	for (uint64_t now = HOUR; now < HOUR + 10 * SECOND; now += 50)
		made += write_limit_take(&limit, now);
	assert_in_range(made, 10 * WRITE_LIMIT_PER_SECOND,
			10 * WRITE_LIMIT_PER_SECOND + WRITE_LIMIT_BURST);
}

static void a_write_is_possible_exactly_from_the_reported_moment_on(void **state)
{
	struct write_limit limit = { 0 };
	uint64_t now = HOUR;

	while (write_limit_take(&limit, now))
		;
	for (unsigned int i = 0; i < 100; i++) {
		const uint64_t next = write_limit_next(&limit);

		assert_in_range(next, now + 1, now + SECOND / WRITE_LIMIT_PER_SECOND);
		assert_false(write_limit_take(&limit, next - 1));
		now = next;
		assert_true(write_limit_take(&limit, now));
	}
}

static void a_refused_write_does_not_count(void **state)
{
	struct write_limit limit = { 0 };
	struct write_limit before;

	while (write_limit_take(&limit, HOUR))
		;
	before = limit;
	assert_false(write_limit_take(&limit, HOUR));
	assert_int_equal(limit.due, before.due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_at_the_permitted_rate_are_all_made),
		cmocka_unit_test(a_flood_of_writes_is_limited_to_burst_and_rate),
		cmocka_unit_test(a_write_is_possible_exactly_from_the_reported_moment_on),
		cmocka_unit_test(a_refused_write_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
