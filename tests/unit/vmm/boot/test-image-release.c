/* SPDX-License-Identifier: BSD-3-Clause */
/* The release of a kernel, wherever its banner is. */
#include "boot/image-release.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "support/scratch.h"

#define SIZE (3 * 0x10000)

/* A file of zeros with a text at a place. Returns the result, with the release. */
static int find(const char *text, size_t at, bool pack, struct image_release *release)
{
	char *bytes = calloc(1, SIZE);
	char *path = scratch_path("kernel");
	struct packed file;
	int err;

	memcpy(bytes + at, text, strlen(text));
	if (pack) {
		gzFile to = gzopen(path, "wb");

		assert_int_equal(gzwrite(to, bytes, SIZE), SIZE);
		gzclose(to);
	} else {
		scratch_write("kernel", bytes, SIZE);
	}
	free(bytes);
	file = (struct packed){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	file.size = (uint64_t)lseek(file.fd, 0, SEEK_END);
	assert_int_equal(unpack_detect(&file), 0);
	err = image_find_release(&file, release);
	close(file.fd);

	return err;
}

static void the_banner_is_found_wherever_it_is(void **state)
{
	static const size_t places[] = {
		0, 1, 0xfff0, 0xfff8, 0xffff, 0x10000, 0x1fff5, SIZE - 40
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (int pack = 0; pack < 2; pack++) {
			struct image_release release = { 0 };

			assert_int_equal(
				find("Linux version 6.12.43+deb13 (x)", places[i], pack, &release),
				0);
			assert_int_equal(release.major, 6);
			assert_int_equal(release.minor, 12);
		}
	}
}

static void a_text_that_only_begins_like_a_banner_is_passed_over(void **state)
{
	struct image_release release = { 0 };

	assert_int_equal(
		find("Linux version %s (%s)\nLinux version 7.2.0-rc1", 100, false, &release), 0);
	assert_int_equal(release.major, 7);
	assert_int_equal(release.minor, 2);
}

static void a_file_without_a_banner_has_no_release(void **state)
{
	static const char *const texts[] = { "",
					     "Linux version ",
					     "Linux version x",
					     "Linux 6.12",
					     "linux version 6.12",
					     "Linux version 6",
					     "Linux version 6.",
					     "Linux version 6.x",
					     "Linux version -6.12",
					     "Linux version 123456.1" };
	struct image_release release;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(find(texts[i], 100, false, &release), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_banner_is_found_wherever_it_is),
		cmocka_unit_test(a_text_that_only_begins_like_a_banner_is_passed_over),
		cmocka_unit_test(a_file_without_a_banner_has_no_release),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
