/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's memory is in no core dump of dormouse: neither its RAM nor the buffers of a
 * VM that is saved or restored. The whole process is searched.
 */
#include "base/stream.h"
#include "board/memory.h"
#include "save/memory-state.h"
#include "support/smaps.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE (1ULL << 20)

/* The guest's secret is repeated again and again. */
#define SECRET_SIZE 32
#define SECRET_EVERY 256

/* Sanitizers have mappings of terabytes. The secret is in small ones. */
#define LOOK_AT_MOST (256ULL << 20)

/* Bytes that do not compress, among them the secret, which is nowhere else. */
static void fill(const struct memory *memory)
{
	uint32_t random = 1;

	for (uint64_t i = 0; i < memory->size; i++) {
		random = random * 1664525 + 1013904223;
		memory->host[i] = (uint8_t)(random >> 24);
	}
	for (uint64_t i = SECRET_EVERY; i < memory->size; i += SECRET_EVERY)
		for (uint64_t j = 0; j < SECRET_SIZE; j++)
			memory->host[i + j] = memory->host[j];
}

struct search {
	int fd; /* /proc/self/mem */
	uint8_t *window; /* Not dumped itself. */
	const uint8_t *secret;
	uint64_t searched;
	const uint8_t *found;
};

#define WINDOW (64ULL << 10)

static bool search_mapping(void *context, const struct mapping *mapping)
{
	struct search *search = context;
	const uint8_t *stack = __builtin_frame_address(0);
	const uint64_t size = (uint64_t)(mapping->end - mapping->start);

	if (mapping->not_dumped || !mapping->readable || mapping->resident == 0 ||
	    size > LOOK_AT_MOST)
		return true;
	/*
	 * Calls that have returned left some bytes on the stack, as they do in registers.
	 * A sanitizer may have put variables elsewhere.
	 */
	if (stack >= mapping->start && stack < mapping->end)
		return true;
	/* Windows overlap, so that none ends within a secret. */
	for (uint64_t at = 0; at < size && !search->found; at += WINDOW - SECRET_SIZE) {
		const ssize_t count =
			pread(search->fd, search->window, size - at < WINDOW ? size - at : WINDOW,
			      (off_t)(uintptr_t)(mapping->start + at));

		if (count <= 0)
			break;
		search->searched += (uint64_t)count;
		if (memmem(search->window, (size_t)count, search->secret, SECRET_SIZE))
			search->found = mapping->start + at;
	}

	return !search->found;
}

/* Returns whether the secret with which @memory begins is where a core dump has it. */
static bool is_dumped(const struct memory *memory)
{
	struct search search = { .fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
				 .secret = memory->host };

	search.window =
		mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(search.window != MAP_FAILED);
	assert_int_equal(madvise(search.window, WINDOW, MADV_DONTDUMP), 0);
	assert_true(search.fd >= 0);
	smaps_each(search_mapping, &search);
	assert_true(search.searched > 0);
	munmap(search.window, WINDOW);
	close(search.fd);

	return search.found;
}

static void a_core_dump_does_not_have_the_guest_s_ram(void **state)
{
	struct memory memory;
	uint8_t *copy;

	assert_int_equal(memory_create(&memory, SIZE), 0);
	fill(&memory);
	assert_false(is_dumped(&memory));

	/* The search finds what there is. */
	copy = test_malloc(SECRET_SIZE);
	memcpy(copy, memory.host, SECRET_SIZE);
	assert_true(is_dumped(&memory));
	memset(copy, 0, SECRET_SIZE);
	test_free(copy);
	memory_destroy(&memory);
}

static void a_core_dump_does_not_have_the_buffers_of_saving_and_restoring(void **state)
{
	const int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream *stream;
	struct memory memory;

	assert_true(fd >= 0);
	assert_int_equal(memory_create(&memory, SIZE), 0);
	fill(&memory);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	memory_state_serialize(&memory, stream);
	assert_false(is_dumped(&memory));
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_false(is_dumped(&memory));

	assert_int_equal(memory_drop(&memory), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(stream_read_from(&stream, fd), 0);
	memory_state_serialize(&memory, stream);
	assert_false(is_dumped(&memory));
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_false(is_dumped(&memory));
	memory_destroy(&memory);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_dump_does_not_have_the_guest_s_ram),
		cmocka_unit_test(a_core_dump_does_not_have_the_buffers_of_saving_and_restoring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
