/* SPDX-License-Identifier: BSD-3-Clause */
/* What is noticed of a disk, here and on another host. */
#include "environment/disks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LEFT "inode:12 size:4096 written:34.5 generation:9f access:writable path:/srv/a b"
#define UNMARKED "inode:12 size:4096 written:34.5 generation:none access:writable path:/srv/a b"
#define DEVICE "device size:4096 access:writable path:/dev/sdb"
/* As records of earlier releases have it. */
#define FORMER "access:writable path:/srv/a b"

#define AS_IT_WAS "the disk vda as its guest left it (it "

static const struct {
	const char *before;
	const char *after;
	/* What a guest of the former needs; NULL: nothing else. */
	const char *here;
	const char *elsewhere;
} cases[] = {
	{ LEFT, LEFT, NULL, NULL },
	/* It was renamed or moved. */
	{ LEFT, "inode:12 size:4096 written:34.5 generation:9f access:writable path:/b", NULL,
	  NULL },
	{ LEFT, "inode:13 size:4096 written:34.5 generation:8e access:writable path:/srv/a b",
	  AS_IT_WAS "is another file)", AS_IT_WAS "is a copy of another time)" },
	{ LEFT, "inode:13 size:4096 written:36.0 generation:9f access:writable path:/srv/a b",
	  AS_IT_WAS "is a copy)", NULL },
	{ LEFT, "inode:13 size:4096 written:36.0 generation:none access:writable path:/srv/a b",
	  AS_IT_WAS "is another file)", NULL },
	{ UNMARKED, "inode:13 size:4096 written:34.5 generation:none access:writable path:/b",
	  AS_IT_WAS "is another file)", NULL },
	{ LEFT, "inode:12 size:8192 written:34.5 generation:9f access:writable path:/srv/a b",
	  "the disk vda with 4096 bytes, not 8192", "the disk vda with 4096 bytes, not 8192" },
	{ LEFT, "inode:12 size:4096 written:34.6 generation:9f access:writable path:/srv/a b",
	  AS_IT_WAS "was written since)", NULL },
	{ LEFT, "inode:12 size:4096 written:34.5 generation:8e access:writable path:/srv/a b",
	  AS_IT_WAS "was used or rolled back since)", AS_IT_WAS "is a copy of another time)" },
	{ UNMARKED, "inode:12 size:4096 written:35.5 generation:none access:writable path:/srv/a b",
	  AS_IT_WAS "was written since)", NULL },
	{ LEFT, "inode:12 size:4096 written:34.5 generation:9f access:read-only path:/srv/a b",
	  "the disk vda being writable", "the disk vda being writable" },
	{ LEFT, DEVICE, AS_IT_WAS "is another one)", NULL },
	{ DEVICE, DEVICE, NULL, NULL },
	{ DEVICE, "device size:512 access:writable path:/dev/sdb",
	  "the disk vda with 4096 bytes, not 512", "the disk vda with 4096 bytes, not 512" },
	{ FORMER, LEFT, NULL, NULL },
	{ FORMER, "inode:12 size:4096 written:34.5 generation:9f access:writable path:/b",
	  "disk /srv/a b as /dev/vda, not /b", NULL },
	{ FORMER, "inode:12 size:4096 written:34.5 generation:9f access:read-only path:/srv/a b",
	  "the disk vda being writable", "the disk vda being writable" },
	/* A path can look like another word. */
	{ "device size:4096 access:writable path:/a inode:1",
	  "device size:4096 access:writable path:/a inode:2", NULL, NULL },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

typedef bool comparison(const char *before, const char *after, struct error *phrase);

static void expect(comparison *differ, size_t i, const char *wanted)
{
	char before[256], after[256];
	struct error phrase = { "" };

	snprintf(before, sizeof(before), "vda=%s\nvdb=%s\n", cases[i].before, LEFT);
	snprintf(after, sizeof(after), "vda=%s\nvdb=%s\n", cases[i].after, LEFT);
	assert_int_equal(differ(before, after, &phrase), wanted != NULL);
	assert_string_equal(phrase.text, wanted ? wanted : "");
}

static void a_disk_that_changed_is_noticed_here(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		expect(environment_disks_differ, i, cases[i].here);
}

static void elsewhere_size_and_generation_decide(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		expect(environment_disks_differ_elsewhere, i, cases[i].elsewhere);
}

static void a_disk_too_few_or_too_many_is_noticed(void **state)
{
	static const char one[] = "vda=" LEFT "\n";
	static const char two[] = "vda=" LEFT "\nvdb=" LEFT "\n";
	static comparison *const both[] = { environment_disks_differ,
					    environment_disks_differ_elsewhere };
	struct error phrase;

	for (size_t i = 0; i < 2; i++) {
		assert_true(both[i](two, one, &phrase));
		assert_string_equal(phrase.text, "a disk vdb");
		assert_true(both[i](one, two, &phrase));
		assert_string_equal(phrase.text, "no disk vdb");
		assert_false(both[i]("", "", &phrase));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_changed_is_noticed_here),
		cmocka_unit_test(elsewhere_size_and_generation_decide),
		cmocka_unit_test(a_disk_too_few_or_too_many_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
