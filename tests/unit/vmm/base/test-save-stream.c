/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams of state: what is saved is loaded, and nothing else is. */
#include "base/stream.h"
#include "save/memory-state.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MEMORY_SIZE (1ULL << 17)

/** What the tests serialize: some of everything. */
struct state {
	bool yes, no;
	uint16_t half;
	uint32_t word;
	uint64_t number;
	uint8_t bytes[5000];
	struct memory memory;
};

static void create(struct state *state)
{
	memset(state, 0, sizeof(*state));
	assert_int_equal(memory_create(&state->memory, MEMORY_SIZE), 0);
}

static void fill(struct state *state)
{
	create(state);
	state->yes = true;
	state->half = 0xfedc;
	state->word = 0xdeadbeef;
	state->number = 0x0123456789abcdef;
	for (size_t i = 0; i < sizeof(state->bytes); i++)
		state->bytes[i] = (uint8_t)(i * 7);
	/* The first byte, the last one, and pages side by side. */
	state->memory.host[0] = 1;
	memset(state->memory.host + 40000, 2, 20000);
	state->memory.host[MEMORY_SIZE - 1] = 3;
}

static void serialize(struct state *state, struct stream *stream)
{
	stream_serialize_bool(stream, &state->yes);
	stream_serialize_bool(stream, &state->no);
	stream_serialize_u16(stream, &state->half);
	stream_serialize_u32(stream, &state->word);
	stream_serialize_u64(stream, &state->number);
	stream_serialize(stream, state->bytes, sizeof(state->bytes));
	memory_state_serialize(&state->memory, stream);
}

static bool equal(const struct state *a, const struct state *b)
{
	return a->yes == b->yes && a->no == b->no && a->half == b->half && a->word == b->word &&
	       a->number == b->number && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0 &&
	       memcmp(a->memory.host, b->memory.host, MEMORY_SIZE) == 0;
}

/* A file with the state that fill() makes; its size is in @size. */
static int written(size_t *size)
{
	const int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream *stream;
	struct state state;

	assert_true(fd >= 0);
	fill(&state);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	assert_false(stream_is_loading(stream));
	serialize(&state, stream);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	memory_destroy(&state.memory);
	*size = (size_t)lseek(fd, 0, SEEK_CUR);

	return fd;
}

/* Returns the result of loading it, as stream_end(), and whether it is equal. */
static int read_back(int fd, bool *same)
{
	struct stream *stream;
	struct state wanted;
	struct state state;
	int err;

	fill(&wanted);
	create(&state);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	assert_true(stream_is_loading(stream));
	serialize(&state, stream);
	err = stream_end(stream);
	*same = equal(&state, &wanted);
	stream_close(stream);
	memory_destroy(&state.memory);
	memory_destroy(&wanted.memory);

	return err;
}

static void a_stream_reads_back_what_was_written(void **test)
{
	size_t size;
	const int fd = written(&size);
	bool same;

	assert_int_equal(read_back(fd, &same), 0);
	assert_true(same);
	/* The memory's zeros are not in it. */
	assert_in_range(size, 1, 2000);
	close(fd);
}

static void a_stream_truncated_anywhere_is_reported_as_such(void **test)
{
	size_t size;
	const int fd = written(&size);
	bool same;

	while (size-- > 0) {
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		assert_int_equal(read_back(fd, &same), -ENODATA);
	}
	close(fd);
}

/* One bit in zstd's header is unused, and some make its window larger. */
static void a_stream_with_any_bit_flipped_is_refused_or_reads_back_unchanged(void **test)
{
	size_t size;
	const int fd = written(&size);
	unsigned int unnoticed = 0;

	for (size_t i = 0; i < 8 * size; i++) {
		uint8_t byte;
		uint8_t other;
		bool same;
		int err;

		assert_int_equal(pread(fd, &byte, 1, (off_t)(i / 8)), 1);
		other = byte ^ (uint8_t)(1 << i % 8);
		assert_int_equal(pwrite(fd, &other, 1, (off_t)(i / 8)), 1);
		err = read_back(fd, &same);
		assert_true(err == 0 || err == -EBADMSG || err == -ENODATA);
		assert_true(err != 0 || same);
		unnoticed += err == 0;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)(i / 8)), 1);
	}
	assert_in_range(unnoticed, 0, 16);
	close(fd);
}

static void a_stream_with_trailing_bytes_is_refused(void **test)
{
	size_t size;
	const int fd = written(&size);
	bool same;

	assert_int_equal(pwrite(fd, "x", 1, (off_t)size), 1);
	assert_int_equal(read_back(fd, &same), -EBADMSG);
	close(fd);
}

static void a_stream_that_is_not_read_to_its_end_is_refused_unless_drained(void **test)
{
	size_t size;
	const int fd = written(&size);

	for (int drained = 0; drained < 2; drained++) {
		struct stream *stream;
		bool value;

		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(stream_read_from(&stream, fd), 0);
		stream_serialize_bool(stream, &value);
		assert_true(value);
		assert_int_equal(drained ? stream_drain(stream) : stream_end(stream),
				 drained ? 0 : -EBADMSG);
		stream_close(stream);
	}
	close(fd);
}

static void reading_past_the_end_of_a_stream_gives_zeros_and_an_error(void **test)
{
	const int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream *stream;
	uint32_t number = 5;

	assert_int_equal(stream_write_to(&stream, fd), 0);
	stream_serialize_u32(stream, &number);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	stream_serialize_u32(stream, &number);
	assert_int_equal(number, 5);
	stream_serialize_u32(stream, &number);
	assert_int_equal(number, 0);
	assert_int_equal(stream_end(stream), -EBADMSG);
	stream_close(stream);
	close(fd);
}

/* Extents that were never saved: @count pairs of offset and size, read as memory. */
static int read_extents(const uint64_t *numbers, size_t count)
{
	const int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream *stream;
	struct memory memory;
	uint8_t byte = 9;
	int err;

	assert_int_equal(memory_create(&memory, MEMORY_SIZE), 0);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t number = numbers[i];

		stream_serialize_u64(stream, &number);
		for (uint64_t j = 0; i % 2 && j < number && number <= MEMORY_SIZE; j++)
			stream_serialize(stream, &byte, 1);
	}
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	memory_state_serialize(&memory, stream);
	err = stream_end(stream);
	stream_close(stream);
	memory_destroy(&memory);
	close(fd);

	return err;
}

#define READ_EXTENTS(...)                               \
	read_extents((const uint64_t[]){ __VA_ARGS__ }, \
		     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void extents_of_memory_out_of_bounds_or_order_are_refused(void **test)
{
	assert_int_equal(READ_EXTENTS(0, 0), 0);
	assert_int_equal(READ_EXTENTS(0, 1, MEMORY_SIZE - 1, 1, MEMORY_SIZE, 0), 0);
	assert_int_equal(READ_EXTENTS(MEMORY_SIZE - 1, 2), -EBADMSG);
	assert_int_equal(READ_EXTENTS(MEMORY_SIZE + 1, 0), -EBADMSG);
	assert_int_equal(READ_EXTENTS(UINT64_MAX, 2), -EBADMSG);
	assert_int_equal(READ_EXTENTS(1, UINT64_MAX), -EBADMSG);
	assert_int_equal(READ_EXTENTS(8, 1, 8, 1, 9, 0), -EBADMSG);
}

#define LARGE (256ULL << 20)

static size_t count_resident(const struct memory *memory)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t pages = (size_t)memory->size / page;
	unsigned char *map = malloc(pages);
	size_t count = 0;

	assert_non_null(map);
	assert_int_equal(mincore(memory->host, (size_t)memory->size, map), 0);
	for (size_t i = 0; i < pages; i++)
		count += map[i] & 1;
	free(map);

	return count * page;
}

/* A few bytes must not make the host allocate all the memory that they claim. */
static void a_stream_shorter_than_it_promises_takes_no_memory(void **test)
{
	for (int ended = 0; ended < 2; ended++) {
		const int fd = memfd_create("stream", MFD_CLOEXEC);
		uint64_t offset = 0;
		uint64_t size = LARGE;
		struct stream *stream;
		struct memory memory;

		assert_int_equal(memory_create(&memory, LARGE), 0);
		assert_int_equal(stream_write_to(&stream, fd), 0);
		stream_serialize_u64(stream, &offset);
		stream_serialize_u64(stream, &size);
		assert_int_equal(stream_end(stream), 0);
		stream_close(stream);
		/* A frame that ends too early, and a file that does. */
		if (!ended)
			assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_CUR) - 5), 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(stream_read_from(&stream, fd), 0);
		memory_state_serialize(&memory, stream);
		assert_int_equal(stream_end(stream), ended ? -EBADMSG : -ENODATA);
		assert_in_range(count_resident(&memory), 0, 4 << 20);
		stream_close(stream);
		memory_destroy(&memory);
		close(fd);
	}
}

static void a_stream_onto_a_full_device_reports_the_error(void **test)
{
	/* Always full. */
	FILE *full = fopen("/dev/full", "w");
	struct stream *stream;
	struct state state;

	assert_non_null(full);
	fill(&state);
	assert_int_equal(stream_write_to(&stream, fileno(full)), 0);
	serialize(&state, stream);
	assert_int_equal(stream_end(stream), -ENOSPC);
	stream_close(stream);
	memory_destroy(&state.memory);
	(void)fclose(full);
}

/* --- copies --- */

/* A copy of the file, whose first number is another. Returns what stream_copy() does. */
static int copied(int from, int to)
{
	struct stream *in, *out;
	uint32_t first = 0;
	uint32_t other = 0x5eed;
	int err;

	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&in, from), 0);
	assert_int_equal(stream_write_to(&out, to), 0);
	stream_serialize_u32(in, &first);
	stream_serialize_u32(out, &other);
	err = stream_copy(in, out);
	stream_close(in);
	stream_close(out);

	return err;
}

/* So many pages, none of which is like another. */
static int pages_written(unsigned int count)
{
	const int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream *stream;
	uint32_t first = 1;

	assert_true(fd >= 0);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	stream_serialize_u32(stream, &first);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t page[1024];

		for (unsigned int j = 0; j < 1024; j++)
			page[j] = (i * 1024 + j) * 2654435761U;
		stream_serialize(stream, page, sizeof(page));
	}
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);

	return fd;
}

static void a_copied_stream_has_what_was_not_read_of_the_first(void **test)
{
	const int from = pages_written(200);
	const int to = memfd_create("copy", MFD_CLOEXEC);
	struct stream *stream;
	uint32_t value = 0;

	assert_int_equal(copied(from, to), 0);
	assert_int_equal(lseek(to, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, to), 0);
	stream_serialize_u32(stream, &value);
	assert_int_equal(value, 0x5eed);
	for (unsigned int i = 0; i < 200 * 1024; i++) {
		stream_serialize_u32(stream, &value);
		assert_int_equal(value, i * 2654435761U);
	}
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	close(from);
	close(to);
}

static void a_copy_of_a_stream_that_is_damaged_or_truncated_is_refused(void **test)
{
	const int from = pages_written(20);
	const off_t size = lseek(from, 0, SEEK_END);
	const int to = memfd_create("copy", MFD_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(from, &byte, 1, size / 2), 1);
	byte ^= 1;
	assert_int_equal(pwrite(from, &byte, 1, size / 2), 1);
	assert_int_equal(copied(from, to), -EBADMSG);
	byte ^= 1;
	assert_int_equal(pwrite(from, &byte, 1, size / 2), 1);
	assert_int_equal(ftruncate(from, size - 1), 0);
	assert_int_equal(copied(from, to), -ENODATA);
	close(from);
	close(to);
}

static void a_copy_of_a_stream_onto_a_full_device_reports_the_error(void **test)
{
	const int from = pages_written(20);
	const int to = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(to >= 0);
	assert_int_equal(copied(from, to), -ENOSPC);
	close(from);
	close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_reads_back_what_was_written),
		cmocka_unit_test(a_stream_truncated_anywhere_is_reported_as_such),
		cmocka_unit_test(a_stream_with_any_bit_flipped_is_refused_or_reads_back_unchanged),
		cmocka_unit_test(a_stream_with_trailing_bytes_is_refused),
		cmocka_unit_test(a_stream_that_is_not_read_to_its_end_is_refused_unless_drained),
		cmocka_unit_test(reading_past_the_end_of_a_stream_gives_zeros_and_an_error),
		cmocka_unit_test(extents_of_memory_out_of_bounds_or_order_are_refused),
		cmocka_unit_test(a_stream_shorter_than_it_promises_takes_no_memory),
		cmocka_unit_test(a_stream_onto_a_full_device_reports_the_error),
		cmocka_unit_test(a_copied_stream_has_what_was_not_read_of_the_first),
		cmocka_unit_test(a_copy_of_a_stream_that_is_damaged_or_truncated_is_refused),
		cmocka_unit_test(a_copy_of_a_stream_onto_a_full_device_reports_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
