/* SPDX-License-Identifier: BSD-3-Clause */
/* RAM that was fetched page by page is put into huge pages again. */
#include "source-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* As this host's may be of any size, and it may have none to give. */
#define HUGE_PAGE (8 * MEMORY_PIECE)
#define HUGE_PAGES (SOURCE_RIG_MEMORY / HUGE_PAGE)

/** What was asked to be put into huge pages, and the answer; by the source's thread. */
static struct {
	const uint8_t *asked[HUGE_PAGES];
	size_t count;
	int error;
} collapse;

/* In place of the C library's. */
int madvise(void *at, size_t size, int advice)
{
	if (advice != MADV_COLLAPSE)
		return (int)syscall(SYS_madvise, at, size, advice);
	assert_int_equal(size, HUGE_PAGE);
	collapse.asked[collapse.count++] = at;
	errno = collapse.error;

	return collapse.error ? -1 : 0;
}

static void prepare(struct source_rig *rig)
{
	memset(&collapse, 0, sizeof(collapse));
	source_rig_setup(rig);
	rig->huge_page = HUGE_PAGE;
}

/* Returns false if this user may not. */
static bool collapses(struct source_rig *rig, int error)
{
	collapse.error = error;
	if (!source_rig_begin(rig, MEMORY_SOURCE_USERFAULTFD, true))
		return false;
	memory_source_start(rig->source);
	source_rig_await_complete(rig);
	source_rig_check(rig);

	return true;
}

/* The file has 5 of 8 pieces of the first huge page, 4 of the third, and 1 or none of others. */
static void fetched_pages_are_put_into_huge_pages(void **state)
{
	static const int errors[] = { 0, EAGAIN, ENOMEM };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct source_rig rig;

		prepare(&rig);
		if (collapses(&rig, errors[i])) {
			assert_int_equal(collapse.count, 2);
			assert_ptr_equal(collapse.asked[0], rig.memory.host);
			assert_ptr_equal(collapse.asked[1], rig.memory.host + 2 * HUGE_PAGE);
		}
		source_rig_teardown(&rig);
	}
}

/* Linux before 6.1. */
static void a_host_that_cannot_make_huge_pages_is_asked_once(void **state)
{
	struct source_rig rig;

	prepare(&rig);
	if (collapses(&rig, EINVAL))
		assert_int_equal(collapse.count, 1);
	source_rig_teardown(&rig);
}

/* A VM that is saved waits for its pages, and does not run on. */
static void a_thread_that_waits_for_all_does_not_wait_for_huge_pages(void **state)
{
	struct source_rig rig;

	prepare(&rig);
	if (source_rig_begin(&rig, MEMORY_SOURCE_USERFAULTFD, false)) {
		assert_int_equal(memory_source_finish(rig.source), 0);
		assert_int_equal(collapse.count, 0);
	}
	source_rig_teardown(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetched_pages_are_put_into_huge_pages),
		cmocka_unit_test(a_host_that_cannot_make_huge_pages_is_asked_once),
		cmocka_unit_test(a_thread_that_waits_for_all_does_not_wait_for_huge_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
