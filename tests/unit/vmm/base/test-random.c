/* SPDX-License-Identifier: BSD-3-Clause */
/* Random bytes, on a host whose source is interrupted, gives few at a time, or is missing. */
#include "base/random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include <cmocka.h>

static unsigned int calls;
static int failure; /* Of the fourth call, or 0. */

/* This program's own: signals, three bytes, signals, the rest. */
ssize_t getrandom(void *bytes, size_t size, unsigned int flags)
{
	const size_t count = calls == 1 ? 3 : size;

	errno = calls == 3 && failure ? failure : EINTR;
	if (calls++ % 2 == 0 || errno != EINTR)
		return -1;
	memset(bytes, 0x77, count);

	return (ssize_t)count;
}

static void random_bytes_are_complete_after_signals_and_short_counts(void **state)
{
	uint8_t bytes[17] = { 0 };

	calls = 0;
	failure = 0;
	assert_int_equal(random_fill(bytes, 16), 0);
	assert_int_equal(calls, 4);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(bytes[i], 0x77);
	assert_int_equal(bytes[16], 0);
}

static void a_failure_of_the_random_source_is_reported(void **state)
{
	uint8_t bytes[16];

	calls = 0;
	failure = ENOSYS;
	assert_int_equal(random_fill(bytes, sizeof(bytes)), -ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes_are_complete_after_signals_and_short_counts),
		cmocka_unit_test(a_failure_of_the_random_source_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
