/* SPDX-License-Identifier: BSD-3-Clause */
/* --on-panic in a record, and a guest that has panicked and goes on. */
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

static void a_panic_policy_is_kept_and_so_is_its_absence(void **state)
{
	for (enum panic_policy policy = PANIC_POLICY_NONE; policy <= PANIC_POLICY_RESTART;
	     policy++) {
		struct record record = record_example();
		struct record loaded;

		record.config.on_panic = policy;
		record_must_save(record_dir_fd, &record);
		loaded = record_must_load(record_dir_fd);
		assert_int_equal(loaded.config.on_panic, policy);
		record_free(&loaded);
		record_free(&record);
	}
}

static void a_running_guest_may_have_panicked(void **state)
{
	struct record record = record_example();
	struct record loaded;

	record.state = VM_RUNNING;
	record.cause.trigger = VM_TRIGGER_PANIC;
	record_must_save(record_dir_fd, &record);
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.state, VM_RUNNING);
	assert_int_equal(loaded.cause.trigger, VM_TRIGGER_PANIC);
	record_free(&loaded);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_panic_policy_is_kept_and_so_is_its_absence),
		RECORD_TEST(a_running_guest_may_have_panicked),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
