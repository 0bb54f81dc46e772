/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that is being written is no saved machine, whatever its guest has in its memory. */
#include "rig.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/devices.h"
#include "save/file-header.h"
#include "save/file.h"

/** Where a file is looked at as if its writer had been killed: before its header is final. */
static struct {
	const char *path;
	unsigned int headers; /**< How often its first bytes were written. */
	int err; /**< Of opening it then. */
} draft;

/* In place of the C library's. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (offset == 0 && draft.path && ++draft.headers == 2) {
		struct error error;
		struct save_file file;

		draft.err = save_file_open(draft.path, &file, &error);
		if (draft.err == 0)
			save_file_close(&file);
	}

	return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

/* What follows the header and RAM in a file, where RAM begins. */
static void put_stream(struct rig *rig, const char *path)
{
	struct file_header header;
	struct error error;
	FILE *const file = fopen(path, "rb");

	assert_non_null(file);
	assert_int_equal(file_header_read(fileno(file), path, &header, &error), 0);
	assert_int_equal(fseek(file, (long)header.stream, SEEK_SET), 0);
	assert_in_range(fread(rig->vm.memory.host, 1, 65536, file), 1000, 65535);
	fclose(file);
}

static void a_draft_is_no_saved_file(void **state)
{
	static const enum save_form forms[] = { SAVE_PACKED, SAVE_PLACED };

	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];
		char part[PATH_MAX + 8];
		struct rig rig;

		rig_create(&rig, 1);
		rig_put_to_sleep(&rig);
		snprintf(path, PATH_MAX, "%s/saved", rig.dir);
		snprintf(part, sizeof(part), "%s.part", path);
		rig_save(&rig, path, forms[i]);
		put_stream(&rig, path);
		unlink(path);
		draft.path = part;
		draft.headers = 0;
		rig_save(&rig, path, forms[i]);
		draft.path = NULL;
		assert_int_equal(draft.headers, 2);
		assert_int_equal(draft.err, -EBADMSG);
		unlink(path);
		rig_destroy(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_draft_is_no_saved_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
