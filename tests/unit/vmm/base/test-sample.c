/* SPDX-License-Identifier: BSD-3-Clause */
/* Two versions of a large file are told apart by pieces of them. */
#include "base/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

#define MIB (1 << 20)

static uint64_t sample(int fd, uint64_t size)
{
	uint64_t hash;

	assert_int_equal(sample_file(fd, size, &hash), 0);

	return hash;
}

static void a_change_at_either_end_or_of_the_size_is_noticed(void **state)
{
	static const off_t sizes[] = { 1, 100, 1024, 1025, 4096, MIB, 10 * MIB };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const int fd = open(scratch_sparse("file", sizes[i]), O_RDWR | O_CLOEXEC);
		const uint64_t before = sample(fd, (uint64_t)sizes[i]);

		assert_int_equal(sample(fd, (uint64_t)sizes[i]), before);
		if (sizes[i] > 1)
			assert_int_not_equal(sample(fd, (uint64_t)sizes[i] - 1), before);
		for (int end = 0; end < 2; end++) {
			const off_t at = end ? sizes[i] - 1 : 0;

			assert_int_equal(pwrite(fd, "x", 1, at), 1);
			assert_int_not_equal(sample(fd, (uint64_t)sizes[i]), before);
			assert_int_equal(pwrite(fd, "", 1, at), 1);
		}
		assert_int_equal(sample(fd, (uint64_t)sizes[i]), before);
		close(fd);
	}
}

/* As of another build: it differs in each page. */
static void a_change_all_over_is_noticed(void **state)
{
	const int fd = open(scratch_sparse("file", MIB), O_RDWR | O_CLOEXEC);
	const uint64_t before = sample(fd, MIB);

	for (off_t at = 5000; at < MIB - 5000; at += 512)
		assert_int_equal(pwrite(fd, "x", 1, at), 1);
	assert_int_not_equal(sample(fd, MIB), before);
	close(fd);
}

static void a_file_that_ends_early_or_cannot_be_read_is_an_error(void **state)
{
	const int fd = open(scratch_sparse("file", 4096), O_RDONLY | O_CLOEXEC);
	uint64_t hash;

	assert_int_equal(sample_file(fd, 8192, &hash), -ENODATA);
	close(fd);
	assert_int_equal(sample_file(-1, 8192, &hash), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_at_either_end_or_of_the_size_is_noticed),
		cmocka_unit_test(a_change_all_over_is_noticed),
		cmocka_unit_test(a_file_that_ends_early_or_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
