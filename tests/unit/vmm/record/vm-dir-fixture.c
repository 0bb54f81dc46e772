/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm-dir-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

static void set_or_unset(const char *name, const char *value)
{
	assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

void vm_set_places(const char *own, const char *xdg, const char *home)
{
	set_or_unset("DORMOUSE_STATE_DIR", own);
	set_or_unset("XDG_STATE_HOME", xdg);
	set_or_unset("HOME", home);
}

bool vm_path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void vm_open(const char *name, bool create, struct vm_dir *dir)
{
	struct error error = { "" };

	if (vm_dir_open(name, create, dir, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
}

void vm_make(const char *name)
{
	struct vm_dir dir;

	vm_open(name, true, &dir);
	vm_dir_close(&dir);
}

void vm_refused(const char *name, bool create, int err, const char *part, const char *other)
{
	struct error error = { "" };
	struct vm_dir dir;
	const unsigned int open_files = scratch_open_files();

	assert_int_equal(vm_dir_open(name, create, &dir, &error), err);
	assert_int_equal(scratch_open_files(), open_files);
	scratch_says(&error, part, other);
}
