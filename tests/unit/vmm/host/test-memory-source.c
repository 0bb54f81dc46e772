/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM that is fetched from a file: by userfaultfd, which is skipped where this user may
 * not, and by a mapping.
 */
#include "host/memory-source.h"

#include "base/crc32c.h"
#include "base/interrupt.h"
#include "board/memory.h"
#include "host/memory-error.h"
#include "source-rig.h"
#include "support/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_dumped(void *context, const struct mapping *mapping)
{
	const struct source_rig *rig = context;
	const uint8_t *end = rig->memory.host + rig->memory.size;

	assert_true(mapping->end <= rig->memory.host || mapping->start >= end ||
		    mapping->not_dumped);

	return true;
}

#define WAYS 2

/** A file that is not to be had for now, as on a network that is down. */
static atomic_bool hangs;

/* In place of the C library's. */
ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
	while (atomic_load(&hangs))
		usleep(1000);

	return syscall(SYS_pread64, fd, bytes, size, offset);
}

static void accessed_pieces_are_fetched(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, false))
			source_rig_check(&rig);
		assert_string_equal(rig.lost, "");
		source_rig_teardown(&rig);
	}
}

static void a_system_call_s_access_is_fetched(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		const int to = memfd_create("to", MFD_CLOEXEC);
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, false)) {
			assert_int_equal(write(to, rig.memory.host + 5 * MEMORY_PIECE, 4096), 4096);
			assert_int_equal(pread(to, rig.memory.host + 6 * MEMORY_PIECE, 100, 0),
					 100);
			assert_int_equal(rig.memory.host[6 * MEMORY_PIECE], source_rig_byte(3, 0));
			assert_int_equal(rig.memory.host[6 * MEMORY_PIECE + 100],
					 source_rig_byte(4, 100));
		}
		source_rig_teardown(&rig);
		close(to);
	}
}

static void the_rest_is_copied_and_the_file_not_needed(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, true)) {
			rig.memory.host[7] = source_rig_byte(0, 7);
			memory_source_start(rig.source);
			source_rig_await_complete(&rig);
			assert_int_equal(memory_source_detach(rig.source), 0);
			assert_int_equal(ftruncate(rig.fd, 0), 0);
			source_rig_check(&rig);
		}
		source_rig_teardown(&rig);
	}
}

static void all_is_copied_on_request(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, false)) {
			memory_source_start(rig.source);
			assert_int_equal(memory_source_finish(rig.source), 0);
			assert_int_equal(memory_source_detach(rig.source), 0);
			assert_int_equal(ftruncate(rig.fd, 0), 0);
			source_rig_check(&rig);
			smaps_each(is_dumped, &rig);
		}
		source_rig_teardown(&rig);
	}
}

static bool say_yes(void *context)
{
	return true;
}

static void waiting_for_all_of_it_can_be_interrupted(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, false)) {
			atomic_store(&hangs, true);
			interrupt_ask(say_yes, NULL);
			assert_int_equal(memory_source_finish(rig.source), -ECANCELED);
			interrupt_ask(NULL, NULL);
			atomic_store(&hangs, false);
			assert_int_equal(memory_source_finish(rig.source), 0);
			source_rig_check(&rig);
		}
		source_rig_teardown(&rig);
	}
}

static void ram_without_pieces_is_complete(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		memory_index_free(&rig.index);
		memory_index_init(&rig.index, SOURCE_RIG_MEMORY, SOURCE_RIG_POSITION);
		if (source_rig_begin(&rig, way, false))
			assert_int_equal(memory_source_finish(rig.source), 0);
		source_rig_teardown(&rig);
	}
}

static void a_damaged_piece_is_reported_and_never_given_by_userfaultfd(void **state)
{
	struct source_rig rig;

	source_rig_setup(&rig);
	source_rig_change_byte(&rig, 5);
	if (source_rig_begin(&rig, MEMORY_SOURCE_USERFAULTFD, false)) {
		const int to = memfd_create("to", MFD_CLOEXEC);

		errno = 0;
		assert_int_equal(write(to, rig.memory.host + 20 * MEMORY_PIECE, 100), -1);
		assert_int_equal(errno, EFAULT);
		source_rig_await_lost(&rig, "is damaged");
		assert_null(rig.lost_at);
		/* Our own access is reported, too, and continues with zeros. */
		assert_int_equal(rig.memory.host[20 * MEMORY_PIECE + 4096], 0);
		assert_ptr_equal(rig.lost_at, rig.memory.host + 20 * MEMORY_PIECE + 4096);
		/* Others are there. */
		assert_true(source_rig_is_right(rig.memory.host + 21 * MEMORY_PIECE, 6));
		assert_int_equal(memory_source_finish(rig.source), -EIO);
		close(to);
	}
	source_rig_teardown(&rig);
}

static void a_damaged_piece_is_found_behind_the_guest(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		for (int prefetch = 0; prefetch < 2; prefetch++) {
			struct source_rig rig;

			source_rig_setup(&rig);
			source_rig_change_byte(&rig, SOURCE_RIG_PIECES - 1);
			/* By userfaultfd, what is not accessed is not read. */
			if (way == MEMORY_SOURCE_MAPPING || prefetch) {
				if (source_rig_begin(&rig, way, prefetch)) {
					memory_source_start(rig.source);
					source_rig_await_lost(&rig, "is damaged");
				}
			}
			source_rig_teardown(&rig);
		}
	}
}

static void a_file_that_becomes_shorter_is_reported(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, true)) {
			assert_int_equal(ftruncate(rig.fd, SOURCE_RIG_POSITION + 3 * MEMORY_PIECE),
					 0);
			assert_int_equal(rig.memory.host[63 * MEMORY_PIECE + 5], 0);
			assert_ptr_equal(rig.lost_at, rig.memory.host + 63 * MEMORY_PIECE + 5);
			memory_source_start(rig.source);
			source_rig_await_lost(&rig, "has become shorter");
		}
		source_rig_teardown(&rig);
	}
}

static void a_mapped_file_that_changes_while_it_is_detached_is_reported(void **state)
{
	struct source_rig rig;

	source_rig_setup(&rig);
	assert_true(source_rig_begin(&rig, MEMORY_SOURCE_MAPPING, true));
	assert_int_equal(memory_source_finish(rig.source), 0);
	assert_int_equal(ftruncate(rig.fd, SOURCE_RIG_POSITION), 0);
	assert_int_equal(memory_source_detach(rig.source), -ENODATA);
	assert_non_null(rig.lost_at);
	source_rig_teardown(&rig);
}

static void a_mapped_file_that_changes_is_reported(void **state)
{
	const struct timespec past[2] = { { 1, 0 }, { 1, 0 } };
	struct source_rig rig;

	source_rig_setup(&rig);
	assert_int_equal(futimens(rig.fd, past), 0);
	assert_true(source_rig_begin(&rig, MEMORY_SOURCE_MAPPING, true));
	/* The same bytes again: what they were meanwhile is not known. */
	assert_int_equal(pwrite(rig.fd, "\1", 1, SOURCE_RIG_POSITION), 1);
	memory_source_start(rig.source);
	source_rig_await_lost(&rig, "has changed");
	source_rig_teardown(&rig);
}

static void fetched_pieces_are_in_no_core_dump(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct source_rig rig;

		source_rig_setup(&rig);
		if (source_rig_begin(&rig, way, false)) {
			source_rig_check(&rig);
			smaps_each(is_dumped, &rig);
		}
		source_rig_teardown(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accessed_pieces_are_fetched),
		cmocka_unit_test(a_system_call_s_access_is_fetched),
		cmocka_unit_test(the_rest_is_copied_and_the_file_not_needed),
		cmocka_unit_test(all_is_copied_on_request),
		cmocka_unit_test(waiting_for_all_of_it_can_be_interrupted),
		cmocka_unit_test(ram_without_pieces_is_complete),
		cmocka_unit_test(a_damaged_piece_is_reported_and_never_given_by_userfaultfd),
		cmocka_unit_test(a_damaged_piece_is_found_behind_the_guest),
		cmocka_unit_test(a_file_that_becomes_shorter_is_reported),
		cmocka_unit_test(a_mapped_file_that_changes_while_it_is_detached_is_reported),
		cmocka_unit_test(a_mapped_file_that_changes_is_reported),
		cmocka_unit_test(fetched_pieces_are_in_no_core_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
