/* SPDX-License-Identifier: BSD-3-Clause */
#include "source-rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "host/memory-error.h"

const uint64_t source_rig_places[SOURCE_RIG_PIECES] = { 0, 1, 2, 5, 6, 20, 21, 22, 23, 24, 40, 63 };

uint8_t source_rig_byte(size_t piece, uint64_t at)
{
	return (uint8_t)(piece * 31 + at % 251 + 1);
}

bool source_rig_is_right(const uint8_t *bytes, size_t piece)
{
	for (uint64_t at = 0; at < MEMORY_PIECE; at++)
		if (bytes[at] != source_rig_byte(piece, at))
			return false;

	return true;
}

static void on_lost(void *context, const char *reason)
{
	struct source_rig *rig = context;

	pthread_mutex_lock(&rig->lock);
	snprintf(rig->lost, sizeof(rig->lost), "%s", reason);
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->lock);
}

static void on_complete(void *context)
{
	struct source_rig *rig = context;

	pthread_mutex_lock(&rig->lock);
	rig->is_complete = true;
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->lock);
}

static void on_lost_at(void *context, const void *at)
{
	struct source_rig *rig = context;

	rig->lost_at = at;
}

static void make_file(struct source_rig *rig)
{
	uint8_t *bytes = malloc(MEMORY_PIECE);

	assert_non_null(bytes);
	rig->fd = memfd_create("saved", MFD_CLOEXEC);
	assert_true(rig->fd >= 0);
	memory_index_init(&rig->index, SOURCE_RIG_MEMORY, SOURCE_RIG_POSITION);
	for (size_t piece = 0; piece < SOURCE_RIG_PIECES; piece++) {
		for (uint64_t at = 0; at < MEMORY_PIECE; at++)
			bytes[at] = source_rig_byte(piece, at);
		assert_int_equal(memory_index_add(&rig->index,
						  source_rig_places[piece] * MEMORY_PIECE,
						  crc32c(0, bytes, MEMORY_PIECE)),
				 0);
		assert_int_equal(
			pwrite(rig->fd, bytes, MEMORY_PIECE,
			       (off_t)memory_index_position(
				       &rig->index,
				       memory_index_find(&rig->index,
							 source_rig_places[piece] * MEMORY_PIECE),
				       piece)),
			MEMORY_PIECE);
	}
	free(bytes);
}

void source_rig_change_byte(const struct source_rig *rig, size_t piece)
{
	assert_int_equal(
		pwrite(rig->fd, "", 1, (off_t)(SOURCE_RIG_POSITION + piece * MEMORY_PIECE + 4097)),
		1);
}

/* Returns false if this user may not. */
bool source_rig_begin(struct source_rig *rig, enum memory_source_way way, bool prefetch)
{
	struct memory_source_setup setup = {
		.way = way,
		.fd = rig->fd,
		.host = rig->memory.host,
		.huge_page = rig->huge_page,
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

void source_rig_setup(struct source_rig *rig)
{
	const struct memory_error_watch watch = { .lost = on_lost_at, .context = rig };
	struct memory_error_watch placed = watch;
	struct error error;

	memset(rig, 0, sizeof(*rig));
	/* Here, since cmocka handles SIGBUS in each test. */
	assert_int_equal(memory_error_setup(&error), 0);
	pthread_mutex_init(&rig->lock, NULL);
	pthread_cond_init(&rig->changed, NULL);
	assert_int_equal(memory_create(&rig->memory, SOURCE_RIG_MEMORY), 0);
	placed.host = rig->memory.host;
	placed.size = rig->memory.size;
	memory_error_watch(&placed);
	make_file(rig);
}

void source_rig_teardown(struct source_rig *rig)
{
	memory_source_end(rig->source);
	memory_error_watch(NULL);
	memory_index_free(&rig->index);
	memory_destroy(&rig->memory);
	close(rig->fd);
	pthread_cond_destroy(&rig->changed);
	pthread_mutex_destroy(&rig->lock);
}

void source_rig_await_complete(struct source_rig *rig)
{
	pthread_mutex_lock(&rig->lock);
	while (!rig->is_complete && !*rig->lost)
		pthread_cond_wait(&rig->changed, &rig->lock);
	pthread_mutex_unlock(&rig->lock);
	assert_string_equal(rig->lost, "");
}

void source_rig_await_lost(struct source_rig *rig, const char *reason)
{
	pthread_mutex_lock(&rig->lock);
	while (!*rig->lost)
		pthread_cond_wait(&rig->changed, &rig->lock);
	pthread_mutex_unlock(&rig->lock);
	assert_string_equal(rig->lost, reason);
}

/* All is as saved, and the rest zero. */
void source_rig_check(const struct source_rig *rig)
{
	size_t piece = 0;

	for (uint64_t at = 0; at < SOURCE_RIG_MEMORY; at += MEMORY_PIECE) {
		if (piece < SOURCE_RIG_PIECES && at == source_rig_places[piece] * MEMORY_PIECE) {
			assert_true(source_rig_is_right(rig->memory.host + at, piece));
			piece++;
		} else {
			assert_int_equal(rig->memory.host[at], 0);
			assert_memory_equal(rig->memory.host + at, rig->memory.host + at + 1,
					    MEMORY_PIECE - 1);
		}
	}
}
