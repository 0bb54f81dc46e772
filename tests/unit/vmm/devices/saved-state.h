/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes that a device writes to a stream, to be changed and loaded again. */
#ifndef TESTS_SAVED_STATE_H
#define TESTS_SAVED_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

#define STATE_MAX 4096

/** Not compressed. */
struct saved {
	uint8_t bytes[STATE_MAX];
	size_t size;
};

typedef void (*serializer)(void *device, struct stream *stream);

/** Save a device; load one. The latter returns what stream_end() does. */
void saved_save(serializer serialize, void *device, struct saved *saved);
int saved_restore(serializer serialize, void *device, const struct saved *saved);

#endif
