/* SPDX-License-Identifier: BSD-3-Clause */
/* When a network device connects again, and what it reports of that, at a clock of ours. */
#include "devices/virtio/net-retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

static const struct error refused = { "it refuses" };
static const struct error missing = { "it is missing" };
static const struct error closed = { "it has closed the connection" };

static void attempts_that_fail_are_1_2_4_up_to_32_seconds_apart(void **state)
{
	const unsigned int delays[] = { 1, 2, 4, 8, 16, 32, 32, 32 };
	struct net_retry retry = { 0 };
	uint64_t now = 100 * SECOND;

	assert_int_equal(net_retry_next(&retry), 0);
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		(void)net_retry_on_failure(&retry, now, &refused);
		assert_int_equal(net_retry_next(&retry), now + delays[i] * SECOND);
		now = net_retry_next(&retry);
	}
	/* Far more often than a shift has room for. */
	for (int i = 0; i < 1000; i++)
		(void)net_retry_on_failure(&retry, now, &refused);
	assert_int_equal(net_retry_next(&retry), now + 32 * SECOND);
}

/* As of passt that ends with status 0 for what its guest sent. */
static void connections_that_do_not_last_are_as_far_apart(void **state)
{
	const unsigned int delays[] = { 1, 2, 4, 8, 16, 32, 32 };
	struct net_retry retry = { 0 };
	uint64_t now = 0;

	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		(void)net_retry_on_connection(&retry, now);
		now += NET_RETRY_LASTS_US - 1;
		(void)net_retry_on_loss(&retry, now, &closed);
		assert_int_equal(net_retry_next(&retry), now + delays[i] * SECOND);
		now = net_retry_next(&retry);
	}
	/* One that lasts, and all is as before the first. */
	(void)net_retry_on_connection(&retry, now);
	now += NET_RETRY_LASTS_US;
	(void)net_retry_on_loss(&retry, now, &closed);
	assert_int_equal(net_retry_next(&retry), now + SECOND);
}

static void a_connection_that_lasts_needs_nothing_at_any_time(void **state)
{
	struct net_retry retry = { 0 };

	assert_true(net_retry_on_connection(&retry, SECOND));
	assert_true(net_retry_next(&retry) == NET_RETRY_NEVER);
	assert_false(net_retry_has_lasted(&retry, 1000 * SECOND));
}

static void each_reason_for_no_connection_is_reported_once(void **state)
{
	struct net_retry retry = { 0 };

	assert_true(net_retry_on_failure(&retry, 0, &refused));
	assert_false(net_retry_on_failure(&retry, 0, &refused));
	assert_true(net_retry_on_failure(&retry, 0, &missing));
	assert_false(net_retry_on_failure(&retry, 0, &missing));
	assert_false(net_retry_is_news(&retry, &missing));
	assert_true(net_retry_is_news(&retry, &refused));
	/* After a success it is news again. */
	assert_true(net_retry_on_connection(&retry, 0));
	assert_true(net_retry_on_loss(&retry, 100 * SECOND, &closed));
	assert_true(net_retry_on_failure(&retry, 100 * SECOND, &refused));
	assert_false(net_retry_on_failure(&retry, 100 * SECOND, &refused));
}

static void a_peer_that_accepts_and_closes_again_and_again_is_reported_once(void **state)
{
	struct net_retry retry = { 0 };
	uint64_t now = 0;

	assert_true(net_retry_on_connection(&retry, now));
	assert_true(net_retry_on_loss(&retry, now, &closed));
	for (int i = 0; i < 20; i++) {
		now = net_retry_next(&retry);
		assert_false(net_retry_on_connection(&retry, now));
		assert_false(net_retry_has_lasted(&retry, now));
		assert_false(net_retry_on_loss(&retry, now, &closed));
	}
	/* Once it lasts, that is reported, at its time. */
	now = net_retry_next(&retry);
	assert_false(net_retry_on_connection(&retry, now));
	assert_int_equal(net_retry_next(&retry), now + NET_RETRY_LASTS_US);
	now = net_retry_next(&retry);
	assert_false(net_retry_has_lasted(&retry, now - 1));
	assert_true(net_retry_has_lasted(&retry, now));
	assert_false(net_retry_has_lasted(&retry, now));
	assert_true(net_retry_next(&retry) == NET_RETRY_NEVER);
	assert_true(net_retry_on_loss(&retry, now, &closed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attempts_that_fail_are_1_2_4_up_to_32_seconds_apart),
		cmocka_unit_test(connections_that_do_not_last_are_as_far_apart),
		cmocka_unit_test(a_connection_that_lasts_needs_nothing_at_any_time),
		cmocka_unit_test(each_reason_for_no_connection_is_reported_once),
		cmocka_unit_test(a_peer_that_accepts_and_closes_again_and_again_is_reported_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
