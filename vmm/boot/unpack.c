/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/unpack.h"

#include <endian.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/interrupt.h"

#define INPUT_SIZE (64 * 1024)
/* zlib counts in unsigned int. */
#define OUTPUT_PIECE (1U << 30)

/* The largest window of RFC 1952, and no other format. */
#define GZIP_WINDOW_BITS (15 + 16)

#define MAGIC_SIZE_MAX 4

struct unpack {
	struct packed from;
	uint64_t taken; /* Of the file, into input. */
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool ended; /* Nothing follows the data that was read. */
	size_t work; /* Bytes read and produced since the last check for an interrupt. */
	size_t at; /* The rest of the input: from here, */
	size_t count; /* so much. */
	uint8_t input[INPUT_SIZE];
};

/*
 * The first bytes of a member or frame. A skippable frame contains no packed
 * data, and may be anywhere among the others.
 */
static const struct magic {
	enum packing packing;
	bool skippable;
	size_t size;
	uint8_t bytes[MAGIC_SIZE_MAX];
	uint8_t first_mask; /* Of the first byte these bits count. */
} magics[] = {
	/* With the one method that gzip has. */
	{ PACKING_GZIP, false, 3, { 0x1f, 0x8b, 8 }, 0xff },
	{ PACKING_ZSTD, false, 4, { 0x28, 0xb5, 0x2f, 0xfd }, 0xff },
	{ PACKING_ZSTD, true, 4, { 0x50, 0x2a, 0x4d, 0x18 }, 0xf0 },
};

/*
 * The format that @size bytes begin, or may begin if they are too few to
 * decide; or NULL.
 */
static const struct magic *find_magic(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *magic = &magics[i];
		const size_t count = size < magic->size ? size : magic->size;

		if (count > 0 && (bytes[0] & magic->first_mask) == magic->bytes[0] &&
		    memcmp(bytes + 1, magic->bytes + 1, count - 1) == 0)
			return magic;
	}

	return NULL;
}

/* Read at an offset in the file. Returns how many bytes, or -errno. */
static ssize_t read_at(const struct packed *from, uint64_t at, void *to, size_t size)
{
	const uint64_t left = at < from->size ? from->size - at : 0;
	ssize_t count;

	if (size > left)
		size = (size_t)left;
	do
		count = pread(from->fd, to, size, (off_t)(from->offset + at));
	while (count < 0 && errno == EINTR);

	return count < 0 ? -errno : count;
}

/*
 * The first frame that is not skippable decides: LZ4 has the same skippable
 * ones.
 */
int unpack_detect(struct packed *file)
{
	struct {
		uint8_t magic[MAGIC_SIZE_MAX];
		uint32_t size; /* Of a skippable frame, behind this. */
	} start;
	uint64_t at = 0;

	for (;;) {
		const ssize_t count = read_at(file, at, &start, sizeof(start));
		const struct magic *magic;

		if (count < 0)
			return (int)count;
		magic = find_magic(start.magic, (size_t)count);
		if (magic && magic->skippable && count == sizeof(start)) {
			at += sizeof(start) + le32toh(start.size);
			continue;
		}
		file->packing =
			magic && (size_t)count >= magic->size ? magic->packing : PACKING_NONE;

		return 0;
	}
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
		/* Within zstd's own bounds, so this cannot fail. */
		(void)ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, UNPACK_WINDOW_LOG_MAX);
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
	/*
	 * Their windows are megabytes, which malloc() would keep for the next
	 * time.
	 */
	(void)malloc_trim(0);
}

/* Read from the file. Returns how much, 0 at its end, or -errno. */
static ssize_t take(struct unpack *u, void *to, size_t size)
{
	const ssize_t count = read_at(&u->from, u->taken, to, size);

	if (count < 0)
		return count;
	if (count == 0 && size > 0 && u->taken < u->from.size)
		return -ENODATA;
	u->taken += (uint64_t)count;
	u->work += (size_t)count;

	return count;
}

/* See that input has the beginning of whatever may follow, if anything does. */
static int refill(struct unpack *u)
{
	while (u->count < MAGIC_SIZE_MAX && u->taken < u->from.size) {
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

/* See that nothing but zeros follows, and then nothing. */
static int expect_padding(struct unpack *u)
{
	while (u->count > 0) {
		for (; u->count > 0; u->count--) {
			if (u->input[u->at++])
				return -EILSEQ;
		}

		const int err = refill(u);

		if (err)
			return err;
	}
	u->ended = true;

	return 0;
}

/*
 * One member or frame has ended. Another may follow, or the padding of an image
 * to whole sectors. Any other data may be a damaged one: if it were ignored, a
 * kernel would be started without its end.
 */
static int end_or_go_on(struct unpack *u)
{
	const int err = refill(u);
	const struct magic *magic = find_magic(u->input + u->at, u->count);

	if (err)
		return err;
	if (!magic || magic->packing != u->from.packing)
		return expect_padding(u);
	if (u->from.packing == PACKING_GZIP)
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
		/* No progress although there is room: the input has ended. */
		return -ENODATA;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

/* Returns how many of @size bytes it produced, possibly none yet, or -errno. */
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
	/* All other errors mean damage. */
	switch ((int)ZSTD_getErrorCode(ret)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return -E2BIG;
	case ZSTD_error_dictionary_wrong:
		return -ENOKEY;
	default:
		return -EBADMSG;
	}
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
		size_t room = size - done;
		ssize_t count;

		if (u->work >= INTERRUPT_PIECE) {
			if (interrupt_wanted())
				return -ECANCELED;
			u->work = 0;
		}
		if (room > INTERRUPT_PIECE - u->work)
			room = INTERRUPT_PIECE - u->work;
		count = step(u, (uint8_t *)to + done, room);
		if (count < 0)
			return count;
		done += (size_t)count;
		u->work += (size_t)count;
	}

	return (ssize_t)done;
}
