/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the process when RAM that a file is mapped in is copied away from it. */
#include "source-rig.h"

#include "base/crc32c.h"
#include "support/smaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define HUGE_PAGE (2ULL << 20)

/** RAM that a file has all of. */
#define MEMORY (16 * HUGE_PAGE)

/** Whether huge pages were requested for what had no bytes yet, if that is looked at. */
static bool looks, was_early;

/* In place of the C library's. */
int madvise(void *at, size_t size, int advice)
{
	if (looks && advice == MADV_HUGEPAGE && *(const uint8_t *)at == 0)
		was_early = true;

	return (int)syscall(SYS_madvise, at, size, advice);
}

/** What another thread maps where pages have been moved away from. */
static uint8_t *others;

/* Likewise: just then. */
void *mremap(void *at, size_t before, size_t after, int flags, ...)
{
	va_list arguments;
	void *to;

	va_start(arguments, flags);
	to = va_arg(arguments, void *);
	va_end(arguments);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): what the system call returns. */
	to = (void *)syscall(SYS_mremap, at, before, after, flags, to);
	if (!others && to != MAP_FAILED)
		others = mmap(at, MEMORY_PIECE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return to;
}

/* Have a file with all of a larger RAM in place of the rig's. */
static void fill(struct source_rig *rig)
{
	uint8_t *bytes = malloc(MEMORY_PIECE);

	assert_non_null(bytes);
	memset(bytes, 7, MEMORY_PIECE);
	memory_index_free(&rig->index);
	memory_index_init(&rig->index, MEMORY, SOURCE_RIG_POSITION);
	memory_destroy(&rig->memory);
	assert_int_equal(memory_create(&rig->memory, MEMORY), 0);
	for (uint64_t at = 0; at < MEMORY; at += MEMORY_PIECE) {
		assert_int_equal(memory_index_add(&rig->index, at, crc32c(0, bytes, MEMORY_PIECE)),
				 0);
		assert_int_equal(
			pwrite(rig->fd, bytes, MEMORY_PIECE, (off_t)(SOURCE_RIG_POSITION + at)),
			MEMORY_PIECE);
	}
	free(bytes);
}

static void detach(struct source_rig *rig)
{
	int more = 1;

	assert_true(source_rig_begin(rig, MEMORY_SOURCE_MAPPING, true));
	assert_int_equal(memory_source_finish(rig->source), 0);
	while (more > 0)
		more = memory_source_detach(rig->source);
	assert_int_equal(more, 0);
}

/* --- */

struct count {
	const struct memory *memory;
	size_t count;
};

static bool count_one(void *context, const struct mapping *mapping)
{
	struct count *count = context;

	if (mapping->end > count->memory->host &&
	    mapping->start < count->memory->host + count->memory->size)
		count->count++;

	return true;
}

/* A process may have some 65,000: vm.max_map_count. */
static void ram_does_not_remain_many_mappings(void **state)
{
	for (int huge = 0; huge < 2; huge++) {
		struct source_rig rig;
		struct count count = { .memory = &rig.memory };

		source_rig_setup(&rig);
		fill(&rig);
		rig.huge_page = huge ? HUGE_PAGE : 0;
		detach(&rig);
		smaps_each(count_one, &count);
		assert_in_range(count.count, 1, 3);
		assert_int_equal(rig.memory.host[MEMORY - 1], 7);
		source_rig_teardown(&rig);
	}
}

/* Otherwise the host gives a huge one for each few. */
static void few_pages_do_not_become_huge_ones(void **state)
{
	struct source_rig rig;

	looks = true;
	source_rig_setup(&rig);
	rig.huge_page = HUGE_PAGE;
	detach(&rig);
	looks = false;
	assert_false(was_early);
	source_rig_check(&rig);
	source_rig_teardown(&rig);
}

/* --- */

/* Whatever is unmapped is what was mapped for this. */
static void the_mappings_of_other_threads_stay(void **state)
{
	struct mapping mapping;
	struct source_rig rig;

	others = NULL;
	source_rig_setup(&rig);
	fill(&rig);
	detach(&rig);
	assert_true(!others || smaps_find(others, &mapping));
	source_rig_teardown(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_does_not_remain_many_mappings),
		cmocka_unit_test(few_pages_do_not_become_huge_ones),
		cmocka_unit_test(the_mappings_of_other_threads_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
