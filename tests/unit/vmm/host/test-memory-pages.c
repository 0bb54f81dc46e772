/* SPDX-License-Identifier: BSD-3-Clause */
/* Which pages of a mapping the host has, by either of its interfaces. */
#include "host/memory-pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGES 5000ULL

static uint8_t *map(uint64_t size)
{
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(host != MAP_FAILED);
	assert_int_equal(madvise(host, size, MADV_NOHUGEPAGE), 0);

	return host;
}

/* Exactly those pages are found that were written. */
static void check(bool can_scan, const bool written[PAGES])
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t size = PAGES * page;
	uint8_t *host = map(size);
	bool found[PAGES] = { false };
	struct memory_pages pages;
	uint64_t end = 0;

	for (uint64_t i = 0; i < PAGES; i++)
		if (written[i])
			host[i * page] = 1;
	memory_pages_begin(&pages, host, size);
	pages.can_scan = pages.can_scan && can_scan;
	while (end < size) {
		uint64_t begin;

		memory_pages_next(&pages, end, &begin, &end);
		assert_true(begin <= end && end <= size);
		for (uint64_t at = begin; at < end; at += page)
			found[at / page] = true;
	}
	memory_pages_end(&pages);
	for (uint64_t i = 0; i < PAGES; i++)
		assert_int_equal(found[i], written[i]);
	munmap(host, size);
}

static void written_pages_are_found(void **state)
{
	for (int can_scan = 0; can_scan < 2; can_scan++) {
		bool written[PAGES] = { false };

		check(can_scan, written);
		/* One, several, over the end of what is read at once, the last. */
		written[3] = written[510] = written[511] = written[512] = true;
		written[1024] = written[PAGES - 1] = true;
		check(can_scan, written);
		for (uint64_t i = 0; i < PAGES; i++)
			written[i] = i % 7 < 3 || i > 4000;
		check(can_scan, written);
	}
}

static void all_counts_as_used_if_the_host_does_not_say(void **state)
{
	const uint64_t size = 64ULL << 12;
	uint8_t *host = map(size);
	struct memory_pages pages;
	uint64_t begin;
	uint64_t end;

	memory_pages_begin(&pages, host, size);
	close(pages.fd);
	pages.fd = -1;
	memory_pages_next(&pages, 4096, &begin, &end);
	assert_int_equal(begin, 4096);
	assert_int_equal(end, size);
	memory_pages_next(&pages, size, &begin, &end);
	assert_int_equal(begin, size);
	memory_pages_end(&pages);
	munmap(host, size);
}

/* Linux before 6.7 is not asked, since it could only say so of each page. */
static bool host_can_scan(const uint8_t *host, uint64_t size)
{
	struct memory_pages pages;
	uint64_t begin;
	uint64_t end;

	memory_pages_begin(&pages, host, size);
	memory_pages_next(&pages, 0, &begin, &end);
	memory_pages_end(&pages);

	return pages.can_scan;
}

static void a_page_that_is_there_is_found(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t size = PAGES * page;

	for (int written = 0; written < 2; written++) {
		uint8_t *host = map(size);
		volatile uint8_t *last = &host[(PAGES - 1) * page];

		assert_int_equal(memory_pages_are_none(host, size), host_can_scan(host, size));
		/* Which maps the page of zeros, if it is only read. */
		assert_int_equal(*last, 0);
		if (written)
			*last = 1;
		assert_false(memory_pages_are_none(host, size));
		munmap(host, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_pages_are_found),
		cmocka_unit_test(all_counts_as_used_if_the_host_does_not_say),
		cmocka_unit_test(a_page_that_is_there_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
