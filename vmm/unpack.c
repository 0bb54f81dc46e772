/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define INPUT_SIZE (64 * 1024)
/* zlib counts in unsigned int. */
#define OUTPUT_PIECE (1U << 30)

/* The largest window of RFC 1952, and no other format than it. */
#define GZIP_WINDOW_BITS (15 + 16)
#define GZIP_MAGIC_SIZE 3
#define ZSTD_MAGIC_SIZE 4

struct unpack {
	struct packed from;
	uint64_t taken; /* Of the file, into input. */
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool ended; /* Nothing follows what was read. */
	size_t at; /* What is left of input: from here, */
	size_t count; /* so much. */
	uint8_t input[INPUT_SIZE];
};

enum packing unpack_detect(const void *start, size_t size)
{
	/* With the one method that gzip has. */
	static const uint8_t gzip[GZIP_MAGIC_SIZE] = { 0x1f, 0x8b, 8 };
	static const uint8_t zstd[ZSTD_MAGIC_SIZE] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (size >= sizeof(gzip) && memcmp(start, gzip, sizeof(gzip)) == 0)
		return PACKING_GZIP;
	if (size >= sizeof(zstd) && memcmp(start, zstd, sizeof(zstd)) == 0)
		return PACKING_ZSTD;

	return PACKING_NONE;
}

const char *unpack_word(enum packing packing)
{
	switch (packing) {
	case PACKING_NONE:
		break;
	case PACKING_GZIP:
		return "gzip";
	case PACKING_ZSTD:
		return "zstd";
	}

	return "";
}

int unpack_begin(struct unpack **unpack, const struct packed *from)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->from = *from;
	if (from->packing == PACKING_GZIP && inflateInit2(&u->gzip, GZIP_WINDOW_BITS) != Z_OK)
		goto err_free;
	if (from->packing == PACKING_ZSTD) {
		u->zstd = ZSTD_createDStream();
		if (!u->zstd)
			goto err_free;
	}
	*unpack = u;

	return 0;

err_free:
	free(u);

	return -ENOMEM;
}

void unpack_end(struct unpack *u)
{
	if (u->from.packing == PACKING_GZIP)
		inflateEnd(&u->gzip);
	ZSTD_freeDStream(u->zstd);
	free(u);
	/* Their windows are megabytes, which malloc() would keep for the next time. */
	(void)malloc_trim(0);
}

/* Read from the file. Returns how much, 0 at its end, or -errno. */
static ssize_t take(struct unpack *u, void *to, size_t size)
{
	const uint64_t left = u->from.size - u->taken;
	ssize_t count;

	if (size > left)
		size = (size_t)left;
	do
		count = pread(u->from.fd, to, size, (off_t)(u->from.offset + u->taken));
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	if (count == 0 && size > 0)
		return -ENODATA;
	u->taken += (uint64_t)count;

	return count;
}

/* See that input has the beginning of whatever may follow, if anything does. */
static int refill(struct unpack *u)
{
	while (u->count < ZSTD_MAGIC_SIZE && u->taken < u->from.size) {
		ssize_t more;

		memmove(u->input, u->input + u->at, u->count);
		u->at = 0;
		more = take(u, u->input + u->count, sizeof(u->input) - u->count);
		if (more < 0)
			return (int)more;
		u->count += (size_t)more;
	}

	return 0;
}

/*
 * One member or frame has ended. Another may follow; anything else is none of
 * ours, such as the padding that makes an image a round number of sectors long.
 */
static int end_or_go_on(struct unpack *u)
{
	const int err = refill(u);

	if (err)
		return err;
	u->ended = unpack_detect(u->input + u->at, u->count) != u->from.packing;
	if (!u->ended && u->from.packing == PACKING_GZIP)
		inflateReset(&u->gzip);

	return 0;
}

static int zlib_error(int ret)
{
	switch (ret) {
	case Z_OK:
	case Z_STREAM_END:
		return 0;
	case Z_BUF_ERROR:
		/* No progress, though there is room: there is no input. */
		return -ENODATA;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

/* Returns how many of @size bytes it made, maybe none yet, or -errno. */
static ssize_t step_gzip(struct unpack *u, uint8_t *to, size_t size)
{
	const uInt room = size < OUTPUT_PIECE ? (uInt)size : OUTPUT_PIECE;
	int ret;
	int err;

	u->gzip.next_in = u->input + u->at;
	u->gzip.avail_in = (uInt)u->count;
	u->gzip.next_out = to;
	u->gzip.avail_out = room;
	ret = inflate(&u->gzip, Z_NO_FLUSH);
	u->at += u->count - u->gzip.avail_in;
	u->count = u->gzip.avail_in;
	err = zlib_error(ret);
	if (!err && ret == Z_STREAM_END)
		err = end_or_go_on(u);

	return err ? err : (ssize_t)(room - u->gzip.avail_out);
}

static int zstd_error(size_t ret)
{
	if (!ZSTD_isError(ret))
		return 0;

	return ZSTD_getErrorCode(ret) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
}

static ssize_t step_zstd(struct unpack *u, void *to, size_t size)
{
	ZSTD_inBuffer in = { .src = u->input + u->at, .size = u->count };
	ZSTD_outBuffer out = { .dst = to, .size = size };
	const size_t ret = ZSTD_decompressStream(u->zstd, &out, &in);
	int err = zstd_error(ret);

	if (!err && ret > 0 && in.pos == 0 && out.pos == 0 && u->count == 0)
		err = -ENODATA;
	u->at += in.pos;
	u->count -= in.pos;
	if (!err && ret == 0)
		err = end_or_go_on(u);

	return err ? err : (ssize_t)out.pos;
}

static ssize_t step(struct unpack *u, uint8_t *to, size_t size)
{
	int err;

	if (u->from.packing == PACKING_NONE) {
		const ssize_t count = take(u, to, size);

		u->ended = count == 0;

		return count;
	}
	err = refill(u);
	if (err)
		return err;

	return u->from.packing == PACKING_GZIP ? step_gzip(u, to, size) : step_zstd(u, to, size);
}

ssize_t unpack_read(struct unpack *u, void *to, size_t size)
{
	size_t done = 0;

	while (done < size && !u->ended) {
		const ssize_t count = step(u, (uint8_t *)to + done, size - done);

		if (count < 0)
			return count;
		done += (size_t)count;
	}

	return (ssize_t)done;
}
