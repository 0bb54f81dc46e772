/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM that is fetched from a file: by userfaultfd, which is skipped where this user may
 * not, and by a mapping.
 */
#include "host/memory-source.h"

#include "base/crc32c.h"
#include "board/memory.h"
#include "host/memory-error.h"
#include "support/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MEMORY (4ULL << 20)
#define POSITION MEMORY_PIECE
#define PIECES 12U

/** RAM, and the file that it is from. */
struct rig {
	struct memory memory;
	struct memory_index index;
	struct memory_source *source;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_complete;
	char lost[256];
	_Atomic(const void *) lost_at;
};

static const uint64_t places[PIECES] = { 0, 1, 2, 5, 6, 20, 21, 22, 23, 24, 40, 63 };

static uint8_t byte_of(size_t piece, uint64_t at)
{
	return (uint8_t)(piece * 31 + at % 251 + 1);
}

static bool is_right(const uint8_t *bytes, size_t piece)
{
	for (uint64_t at = 0; at < MEMORY_PIECE; at++)
		if (bytes[at] != byte_of(piece, at))
			return false;

	return true;
}

static void on_lost(void *context, const char *reason)
{
	struct rig *rig = context;

	pthread_mutex_lock(&rig->lock);
	snprintf(rig->lost, sizeof(rig->lost), "%s", reason);
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->lock);
}

static void on_complete(void *context)
{
	struct rig *rig = context;

	pthread_mutex_lock(&rig->lock);
	rig->is_complete = true;
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->lock);
}

static void on_lost_at(void *context, const void *at)
{
	struct rig *rig = context;

	rig->lost_at = at;
}

static void make_file(struct rig *rig)
{
	uint8_t *bytes = malloc(MEMORY_PIECE);

	assert_non_null(bytes);
	rig->fd = memfd_create("saved", MFD_CLOEXEC);
	assert_true(rig->fd >= 0);
	memory_index_init(&rig->index, MEMORY, POSITION);
	for (size_t piece = 0; piece < PIECES; piece++) {
		for (uint64_t at = 0; at < MEMORY_PIECE; at++)
			bytes[at] = byte_of(piece, at);
		assert_int_equal(memory_index_add(&rig->index, places[piece] * MEMORY_PIECE,
						  crc32c(0, bytes, MEMORY_PIECE)),
				 0);
		assert_int_equal(pwrite(rig->fd, bytes, MEMORY_PIECE,
					(off_t)memory_index_position(&rig->index, piece)),
				 MEMORY_PIECE);
	}
	free(bytes);
}

static void change_byte(const struct rig *rig, size_t piece)
{
	assert_int_equal(pwrite(rig->fd, "", 1, (off_t)(POSITION + piece * MEMORY_PIECE + 4097)),
			 1);
}

/* Returns false if this user may not. */
static bool begin(struct rig *rig, enum memory_source_way way, bool prefetch)
{
	struct memory_source_setup setup = {
		.way = way,
		.fd = rig->fd,
		.host = rig->memory.host,
		.prefetch = prefetch,
		.lost = on_lost,
		.complete = on_complete,
		.context = rig,
	};
	struct error error = { "" };
	const int err = memory_source_begin(&rig->source, &setup, &rig->index, &error);

	if (err == -EPERM && way == MEMORY_SOURCE_USERFAULTFD)
		return false;
	if (err)
		fail_msg("%s", error.text);
	assert_int_equal(memory_source_way(rig->source), way);

	return true;
}

static void setup(struct rig *rig)
{
	const struct memory_error_watch watch = { .lost = on_lost_at, .context = rig };
	struct memory_error_watch placed = watch;
	struct error error;

	memset(rig, 0, sizeof(*rig));
	/* Here, since cmocka handles SIGBUS in each test. */
	assert_int_equal(memory_error_setup(&error), 0);
	pthread_mutex_init(&rig->lock, NULL);
	pthread_cond_init(&rig->changed, NULL);
	assert_int_equal(memory_create(&rig->memory, MEMORY), 0);
	placed.host = rig->memory.host;
	placed.size = rig->memory.size;
	memory_error_watch(&placed);
	make_file(rig);
}

static void teardown(struct rig *rig)
{
	memory_source_end(rig->source);
	memory_error_watch(NULL);
	memory_index_free(&rig->index);
	memory_destroy(&rig->memory);
	close(rig->fd);
	pthread_cond_destroy(&rig->changed);
	pthread_mutex_destroy(&rig->lock);
}

static void await_complete(struct rig *rig)
{
	pthread_mutex_lock(&rig->lock);
	while (!rig->is_complete && !*rig->lost)
		pthread_cond_wait(&rig->changed, &rig->lock);
	pthread_mutex_unlock(&rig->lock);
	assert_string_equal(rig->lost, "");
}

static void await_lost(struct rig *rig, const char *reason)
{
	pthread_mutex_lock(&rig->lock);
	while (!*rig->lost)
		pthread_cond_wait(&rig->changed, &rig->lock);
	pthread_mutex_unlock(&rig->lock);
	assert_string_equal(rig->lost, reason);
}

/* All is as saved, and the rest zero. */
static void check(const struct rig *rig)
{
	size_t piece = 0;

	for (uint64_t at = 0; at < MEMORY; at += MEMORY_PIECE) {
		if (piece < PIECES && at == places[piece] * MEMORY_PIECE) {
			assert_true(is_right(rig->memory.host + at, piece));
			piece++;
		} else {
			assert_int_equal(rig->memory.host[at], 0);
			assert_memory_equal(rig->memory.host + at, rig->memory.host + at + 1,
					    MEMORY_PIECE - 1);
		}
	}
}

static bool is_dumped(void *context, const struct mapping *mapping)
{
	const struct rig *rig = context;
	const uint8_t *end = rig->memory.host + rig->memory.size;

	assert_true(mapping->end <= rig->memory.host || mapping->start >= end ||
		    mapping->not_dumped);

	return true;
}

#define WAYS 2

static void accessed_pieces_are_fetched(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, false))
			check(&rig);
		assert_string_equal(rig.lost, "");
		teardown(&rig);
	}
}

static void a_system_call_s_access_is_fetched(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		const int to = memfd_create("to", MFD_CLOEXEC);
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, false)) {
			assert_int_equal(write(to, rig.memory.host + 5 * MEMORY_PIECE, 4096), 4096);
			assert_int_equal(pread(to, rig.memory.host + 6 * MEMORY_PIECE, 100, 0),
					 100);
			assert_int_equal(rig.memory.host[6 * MEMORY_PIECE], byte_of(3, 0));
			assert_int_equal(rig.memory.host[6 * MEMORY_PIECE + 100], byte_of(4, 100));
		}
		teardown(&rig);
		close(to);
	}
}

static void the_rest_is_copied_and_the_file_not_needed(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, true)) {
			rig.memory.host[7] = byte_of(0, 7);
			memory_source_start(rig.source);
			await_complete(&rig);
			assert_int_equal(memory_source_detach(rig.source), 0);
			assert_int_equal(ftruncate(rig.fd, 0), 0);
			check(&rig);
		}
		teardown(&rig);
	}
}

static void all_is_copied_on_request(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, false)) {
			memory_source_start(rig.source);
			assert_int_equal(memory_source_finish(rig.source), 0);
			assert_int_equal(memory_source_detach(rig.source), 0);
			assert_int_equal(ftruncate(rig.fd, 0), 0);
			check(&rig);
			smaps_each(is_dumped, &rig);
		}
		teardown(&rig);
	}
}

static void ram_without_pieces_is_complete(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		memory_index_free(&rig.index);
		memory_index_init(&rig.index, MEMORY, POSITION);
		if (begin(&rig, way, false))
			assert_int_equal(memory_source_finish(rig.source), 0);
		teardown(&rig);
	}
}

static void a_damaged_piece_is_reported_and_never_given_by_userfaultfd(void **state)
{
	struct rig rig;

	setup(&rig);
	change_byte(&rig, 5);
	if (begin(&rig, MEMORY_SOURCE_USERFAULTFD, false)) {
		const int to = memfd_create("to", MFD_CLOEXEC);

		errno = 0;
		assert_int_equal(write(to, rig.memory.host + 20 * MEMORY_PIECE, 100), -1);
		assert_int_equal(errno, EFAULT);
		await_lost(&rig, "is damaged");
		assert_null(rig.lost_at);
		/* Our own access is reported, too, and continues with zeros. */
		assert_int_equal(rig.memory.host[20 * MEMORY_PIECE + 4096], 0);
		assert_ptr_equal(rig.lost_at, rig.memory.host + 20 * MEMORY_PIECE + 4096);
		/* Others are there. */
		assert_true(is_right(rig.memory.host + 21 * MEMORY_PIECE, 6));
		assert_int_equal(memory_source_finish(rig.source), -EIO);
		close(to);
	}
	teardown(&rig);
}

static void a_damaged_piece_is_found_behind_the_guest(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		for (int prefetch = 0; prefetch < 2; prefetch++) {
			struct rig rig;

			setup(&rig);
			change_byte(&rig, PIECES - 1);
			/* By userfaultfd, what is not accessed is not read. */
			if (way == MEMORY_SOURCE_MAPPING || prefetch) {
				if (begin(&rig, way, prefetch)) {
					memory_source_start(rig.source);
					await_lost(&rig, "is damaged");
				}
			}
			teardown(&rig);
		}
	}
}

static void a_file_that_becomes_shorter_is_reported(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, true)) {
			assert_int_equal(ftruncate(rig.fd, POSITION + 3 * MEMORY_PIECE), 0);
			assert_int_equal(rig.memory.host[63 * MEMORY_PIECE + 5], 0);
			assert_ptr_equal(rig.lost_at, rig.memory.host + 63 * MEMORY_PIECE + 5);
			memory_source_start(rig.source);
			await_lost(&rig, "has become shorter");
		}
		teardown(&rig);
	}
}

static void a_mapped_file_that_changes_while_it_is_detached_is_reported(void **state)
{
	struct rig rig;

	setup(&rig);
	assert_true(begin(&rig, MEMORY_SOURCE_MAPPING, true));
	assert_int_equal(memory_source_finish(rig.source), 0);
	assert_int_equal(ftruncate(rig.fd, POSITION), 0);
	assert_int_equal(memory_source_detach(rig.source), -ENODATA);
	assert_non_null(rig.lost_at);
	teardown(&rig);
}

static void a_mapped_file_that_changes_is_reported(void **state)
{
	const struct timespec past[2] = { { 1, 0 }, { 1, 0 } };
	struct rig rig;

	setup(&rig);
	assert_int_equal(futimens(rig.fd, past), 0);
	assert_true(begin(&rig, MEMORY_SOURCE_MAPPING, true));
	/* The same bytes again: what they were meanwhile is not known. */
	assert_int_equal(pwrite(rig.fd, "\1", 1, POSITION), 1);
	memory_source_start(rig.source);
	await_lost(&rig, "has changed");
	teardown(&rig);
}

static void fetched_pieces_are_in_no_core_dump(void **state)
{
	for (int way = 0; way < WAYS; way++) {
		struct rig rig;

		setup(&rig);
		if (begin(&rig, way, false)) {
			check(&rig);
			smaps_each(is_dumped, &rig);
		}
		teardown(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accessed_pieces_are_fetched),
		cmocka_unit_test(a_system_call_s_access_is_fetched),
		cmocka_unit_test(the_rest_is_copied_and_the_file_not_needed),
		cmocka_unit_test(all_is_copied_on_request),
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
