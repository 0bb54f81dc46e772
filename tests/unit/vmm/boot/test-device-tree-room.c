/* SPDX-License-Identifier: BSD-3-Clause */
/* A device tree has room for the largest machine, and is refused where there is none. */
#include "boot/device-tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "tree-rig.h"

/* With the longest command line that Linux on arm64 takes. */
static void the_tree_of_the_largest_machine_fits(void **state)
{
	char append[2048];
	struct tree_rig r;

	memset(append, 'a', sizeof(append) - 1);
	append[sizeof(append) - 1] = '\0';
	tree_rig_make(&r, CONFIG_CPUS_MAX, CONFIG_DISKS_MAX);
	r.config.append = append;
	r.image.initrd_size = 1;
	r.config.idle_states = true;
	tree_rig_write(&r);
	tree_has_bytes(&r, "/chosen", "bootargs", append, sizeof(append));
	tree_rig_free(&r);
}

static void a_command_line_that_does_not_fit_is_refused(void **state)
{
	static char append[IMAGE_DEVICE_TREE_SIZE];
	struct error error = { "" };
	struct tree_rig r;

	memset(append, 'a', sizeof(append) - 1);
	tree_rig_make(&r, 1, 0);
	r.config.append = append;
	assert_int_equal(tree_rig_try(&r, &error), -E2BIG);
	assert_string_equal(error.text, "the kernel's command line is too long");
	/* Not a byte beyond its place was written. */
	for (size_t i = IMAGE_DEVICE_TREE_SIZE; i < 1 << 20; i++)
		assert_int_equal(r.memory.host[i], 0xff);
	tree_rig_free(&r);
}

static void memory_without_room_for_the_tree_is_refused(void **state)
{
	struct error error = { "" };
	struct tree_rig r;

	tree_rig_make(&r, 1, 0);
	tree_rig_free(&r);
	assert_int_equal(memory_create(&r.memory, 4096), 0);
	assert_int_equal(tree_rig_try(&r, &error), -ENOSPC);
	assert_string_equal(error.text, "the device tree does not fit in memory");
	tree_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_of_the_largest_machine_fits),
		cmocka_unit_test(a_command_line_that_does_not_fit_is_refused),
		cmocka_unit_test(memory_without_room_for_the_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
