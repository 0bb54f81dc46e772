/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stream.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
/* For ZSTD_customMem, which no stable part of the interface has. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "base/interrupt.h"

/*
 * A guest waits meanwhile, and most of its memory compresses well at any level.
 */
#define LEVEL 1

#define BUFFER_SIZE ((size_t)128 * 1024)

/*
 * Many numbers are read, and to decompress each by itself costs more than all
 * else that is done for it.
 */
#define STAGED_SIZE ((size_t)4096)

struct stream {
	int fd;
	int err;
	unsigned int format;
	bool ended; /* The frame that is read has ended. */
	ZSTD_CCtx *out; /* One of both. */
	ZSTD_DCtx *in;
	size_t work; /* Bytes serialized since the last check for an interrupt. */
	size_t at, count; /* The part of buffer that has been read, but not parsed. */
	size_t staged_at, staged_count; /* The part of staged that is still to be taken. */
	uint8_t staged[STAGED_SIZE];
	uint8_t buffer[BUFFER_SIZE];
};

static void fail(struct stream *s, int err)
{
	if (!s->err)
		s->err = err;
}

/* In front of an allocation, which keeps its alignment for any type. */
#define HEAD_SIZE 64

/*
 * The guest's memory passes through these buffers, so no core dump may contain
 * them, then or later: like the guest's RAM itself, they are mapped from the
 * host and returned to it.
 */
static void *allocate(void *opaque, size_t size)
{
	const size_t whole = size + HEAD_SIZE;
	void *bytes;

	if (whole < size)
		return NULL;
	bytes = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	if (madvise(bytes, whole, MADV_DONTDUMP) < 0) {
		munmap(bytes, whole);

		return NULL;
	}
	memcpy(bytes, &whole, sizeof(whole));

	return (uint8_t *)bytes + HEAD_SIZE;
}

static void release(void *opaque, void *bytes)
{
	size_t whole;

	if (!bytes)
		return;
	bytes = (uint8_t *)bytes - HEAD_SIZE;
	memcpy(&whole, bytes, sizeof(whole));
	munmap(bytes, whole);
}

void stream_work(struct stream *s, size_t size)
{
	s->work += size;
	if (s->err || s->work < INTERRUPT_PIECE)
		return;
	s->work = 0;
	if (interrupt_wanted())
		fail(s, -ECANCELED);
}

static int begin(struct stream **stream, int fd, bool write)
{
	static const ZSTD_customMem memory = { .customAlloc = allocate, .customFree = release };
	struct stream *s = allocate(NULL, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	s->format = STREAM_FORMAT_NEWEST;
	if (write)
		s->out = ZSTD_createCCtx_advanced(memory);
	else
		s->in = ZSTD_createDCtx_advanced(memory);
	if (!s->out && !s->in) {
		release(NULL, s);

		return -ENOMEM;
	}
	if (write) {
		/* Neither can fail: both are within their bounds. */
		(void)ZSTD_CCtx_setParameter(s->out, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(s->out, ZSTD_c_checksumFlag, 1);
	}
	*stream = s;

	return 0;
}

int stream_write_to(struct stream **stream, int fd)
{
	return begin(stream, fd, true);
}

int stream_read_from(struct stream **stream, int fd)
{
	return begin(stream, fd, false);
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	ZSTD_freeCCtx(s->out);
	ZSTD_freeDCtx(s->in);
	release(NULL, s);
}

void stream_set_format(struct stream *s, unsigned int format)
{
	s->format = format;
}

unsigned int stream_format(const struct stream *s)
{
	return s->format;
}

bool stream_is_loading(const struct stream *s)
{
	return s->in;
}

/* --- writing --- */

static void put(struct stream *s, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t written = write(s->fd, s->buffer + done, size - done);

		if (written < 0 && errno != EINTR) {
			fail(s, -errno);

			return;
		}
		done += written < 0 ? 0 : (size_t)written;
	}
}

/* Compress all of @bytes, and with ZSTD_e_end also the end of the frame. */
static void compress(struct stream *s, const void *bytes, size_t size, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { .src = bytes, .size = size };
	size_t left = 1;

	while (!s->err && (in.pos < in.size || (how == ZSTD_e_end && left > 0))) {
		ZSTD_outBuffer out = { .dst = s->buffer, .size = sizeof(s->buffer) };

		left = ZSTD_compressStream2(s->out, &out, &in, how);
		if (ZSTD_isError(left))
			fail(s, -ENOMEM);
		else
			put(s, out.pos);
	}
}

/* --- reading --- */

/*
 * Have something in the buffer. Returns false at the end of the file, or on
 * failure.
 */
static bool fill(struct stream *s)
{
	ssize_t count;

	if (s->at < s->count)
		return true;
	do {
		count = read(s->fd, s->buffer, sizeof(s->buffer));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		fail(s, -errno);
	s->at = 0;
	s->count = count < 0 ? 0 : (size_t)count;

	return count > 0;
}

/* Decompress as much as fits, from the buffer. */
static void decompress(struct stream *s, ZSTD_outBuffer *out)
{
	ZSTD_inBuffer in = { .src = s->buffer, .size = s->count, .pos = s->at };
	const size_t left = ZSTD_decompressStream(s->in, out, &in);

	s->at = in.pos;
	if (ZSTD_isError(left))
		fail(s, -EBADMSG);
	else
		s->ended = left == 0;
}

/* Decompress, and read more only where zstd has nothing left of its own. */
static void step(struct stream *s, ZSTD_outBuffer *out)
{
	const size_t before = out->pos;
	const size_t unread = s->count - s->at;

	decompress(s, out);
	if (!s->err && !s->ended && out->pos == before && s->count - s->at == unread && !fill(s))
		fail(s, -ENODATA);
}

/* Returns how many bytes were staged, of @size that are wanted. */
static size_t take_staged(struct stream *s, uint8_t *bytes, size_t size)
{
	const size_t left = s->staged_count - s->staged_at;
	const size_t count = size < left ? size : left;

	memcpy(bytes, s->staged + s->staged_at, count);
	s->staged_at += count;

	return count;
}

/* Have some bytes there, if there are any. */
static void stage(struct stream *s)
{
	ZSTD_outBuffer out = { .dst = s->staged, .size = sizeof(s->staged) };

	while (!s->err && out.pos == 0 && !s->ended)
		step(s, &out);
	s->staged_at = 0;
	s->staged_count = s->err ? 0 : out.pos;
	if (!s->err && out.pos == 0)
		fail(s, -EBADMSG);
}

static void take(struct stream *s, void *bytes, size_t size)
{
	ZSTD_outBuffer out = { .dst = bytes, .size = size };

	while (!s->err && out.pos < out.size) {
		out.pos += take_staged(s, (uint8_t *)bytes + out.pos, out.size - out.pos);
		if (out.pos < out.size && out.size - out.pos < sizeof(s->staged))
			stage(s);
		else if (out.pos < out.size && s->ended)
			fail(s, -EBADMSG);
		else if (out.pos < out.size)
			step(s, &out);
	}
	if (s->err)
		memset(bytes, 0, size);
}

/* To the end of the frame, behind which nothing may follow. */
static void read_to_end(struct stream *s, bool empty)
{
	uint8_t more[4096];

	if (empty && s->staged_at < s->staged_count)
		fail(s, -EBADMSG);
	while (!s->err && !s->ended) {
		ZSTD_outBuffer out = { .dst = more, .size = sizeof(more) };

		step(s, &out);
		stream_work(s, out.pos);
		if (empty && out.pos > 0)
			fail(s, -EBADMSG);
	}
	if (!s->err && fill(s))
		fail(s, -EBADMSG);
}

/* --- both --- */

static void serialize_piece(struct stream *s, void *bytes, size_t size)
{
	if (s->out)
		compress(s, bytes, size, ZSTD_e_continue);
	else
		take(s, bytes, size);
	stream_work(s, size);
}

void stream_serialize(struct stream *s, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	/* Most of what is read is small, and was staged with what precedes it. */
	if (s->in && !s->err && size <= s->staged_count - s->staged_at) {
		(void)take_staged(s, at, size);
		stream_work(s, size);

		return;
	}
	while (size > INTERRUPT_PIECE) {
		serialize_piece(s, at, INTERRUPT_PIECE);
		at += INTERRUPT_PIECE;
		size -= INTERRUPT_PIECE;
	}
	serialize_piece(s, at, size);
}

static void serialize_number(struct stream *s, uint64_t *value, size_t size)
{
	/* What is read may not have a value yet. */
	uint64_t bytes = s->out ? htole64(*value) : 0;

	stream_serialize(s, &bytes, size);
	*value = le64toh(bytes);
}

void stream_serialize_u16(struct stream *s, uint16_t *value)
{
	uint64_t wide = s->out ? *value : 0;

	serialize_number(s, &wide, sizeof(*value));
	*value = (uint16_t)wide;
}

void stream_serialize_u32(struct stream *s, uint32_t *value)
{
	uint64_t wide = s->out ? *value : 0;

	serialize_number(s, &wide, sizeof(*value));
	*value = (uint32_t)wide;
}

void stream_serialize_u64(struct stream *s, uint64_t *value)
{
	serialize_number(s, value, sizeof(*value));
}

void stream_serialize_bool(struct stream *s, bool *value)
{
	/* What is read may not have a value yet. */
	uint8_t byte = s->out && *value;

	stream_serialize(s, &byte, 1);
	if (byte > 1)
		stream_fail(s);
	*value = byte == 1;
}

void stream_fail(struct stream *s)
{
	fail(s, -EBADMSG);
}

int stream_error(const struct stream *s)
{
	return s->err;
}

int stream_end(struct stream *s)
{
	if (s->out)
		compress(s, NULL, 0, ZSTD_e_end);
	else
		read_to_end(s, true);

	return s->err;
}

int stream_drain(struct stream *s)
{
	read_to_end(s, false);

	return s->err;
}

int stream_copy(struct stream *from, struct stream *to)
{
	uint8_t *piece = allocate(NULL, BUFFER_SIZE);
	int err;

	if (!piece)
		return -ENOMEM;
	stream_serialize(to, piece, take_staged(from, piece, BUFFER_SIZE));
	while (!from->err && !to->err && !from->ended) {
		ZSTD_outBuffer out = { .dst = piece, .size = BUFFER_SIZE };

		step(from, &out);
		stream_serialize(to, piece, out.pos);
	}
	release(NULL, piece);
	err = from->err || to->err ? from->err : stream_end(from);

	return err ? err : stream_end(to);
}
