/* SPDX-License-Identifier: BSD-3-Clause */
/* RAM that is fetched from a file: a small one, of some pieces, in memory. */
#ifndef TESTS_SOURCE_RIG_H
#define TESTS_SOURCE_RIG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board/memory.h"
#include "host/memory-source.h"

#define SOURCE_RIG_MEMORY (4ULL << 20)
#define SOURCE_RIG_POSITION MEMORY_PIECE
#define SOURCE_RIG_PIECES 12U

/** Which pieces of RAM are in the file. */
extern const uint64_t source_rig_places[SOURCE_RIG_PIECES];

/** RAM, and the file that it is from. */
struct source_rig {
	struct memory memory;
	struct memory_index index;
	struct memory_source *source;
	int fd;
	uint64_t huge_page; /**< For memory_source_setup; 0 by default. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_complete;
	char lost[256];
	_Atomic(const void *) lost_at;
};

void source_rig_setup(struct source_rig *rig);
void source_rig_teardown(struct source_rig *rig);

/** Begin; not before a setup. Returns false if this user may not. */
bool source_rig_begin(struct source_rig *rig, enum memory_source_way way, bool prefetch);

/** All of it is fetched; fails if a piece is lost. */
void source_rig_await_complete(struct source_rig *rig);

/** A piece is lost, and this is the reason. */
void source_rig_await_lost(struct source_rig *rig, const char *reason);

/** All of RAM is as saved, and the rest zero. */
void source_rig_check(const struct source_rig *rig);

/** The byte of a piece, and whether the bytes at @bytes are those of the piece. */
uint8_t source_rig_byte(size_t piece, uint64_t at);
bool source_rig_is_right(const uint8_t *bytes, size_t piece);

/** Damage a piece in the file. */
void source_rig_change_byte(const struct source_rig *rig, size_t piece);

#endif
