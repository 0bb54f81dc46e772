/* SPDX-License-Identifier: BSD-3-Clause */
/* Disk images: each mistake has its own message, and an image has one owner. */
#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-disk-XXXXXX";

/* The path of a file in the test's folder; one buffer for all calls. */
static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);

	return path;
}

static const char *make_image(const char *name, off_t size)
{
	const char *path = path_of(name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);

	return path;
}

/* Expect a refusal whose message names the path and holds @reason; the image is unchanged. */
static void refused(const char *path, bool read_only, int err, const char *reason)
{
	struct disk disk;
	struct disk before;
	struct error error = { 0 };

	memset(&disk, 0x5a, sizeof(disk));
	before = disk;
	assert_int_equal(disk_open(&disk, path, read_only, &error), err);
	assert_memory_equal(&disk, &before, sizeof(disk));
	if (!strstr(error.text, path) || !strstr(error.text, reason))
		fail_msg("\"%s\" should say \"%s\"", error.text, reason);
}

static void an_image_is_opened_and_measured(void **state)
{
	const char *path = make_image("root.img", 3 * 512);
	struct error error;
	struct disk disk;

	assert_int_equal(disk_open(&disk, path, false, &error), 0);
	assert_int_equal(disk.size, 3 * 512);
	assert_false(disk.read_only);
	assert_string_equal(disk.name, "root.img");
	assert_int_equal(pwrite(disk.fd, "x", 1, 0), 1);
	disk_close(&disk);
}

static void an_image_of_another_format_is_recognized(void **state)
{
	static const struct {
		const char *bytes;
		const char *format;
	} cases[] = {
		{ "QFI\373\0\0\0\3", "QCOW" }, { "KDMV\1\0\0\0", "VMDK" },  { "vhdxfile", "VHDX" },
		{ "vhdxfill", NULL },	       { "QFI\372\0\0\0\3", NULL }, { "12345678", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = make_image("format", 512);
		const int fd = open(path, O_WRONLY | O_CLOEXEC);
		struct error error;
		struct disk disk;

		assert_int_equal(pwrite(fd, cases[i].bytes, 8, 0), 8);
		close(fd);
		assert_int_equal(disk_open(&disk, path, true, &error), 0);
		if (cases[i].format)
			assert_string_equal(disk.format, cases[i].format);
		else
			assert_null(disk.format);
		disk_close(&disk);
	}
}

static void the_serial_number_of_a_disk_with_a_long_name_is_cut_off(void **state)
{
	const char *path = make_image("a-name-longer-than-twenty-bytes.img", 512);
	struct error error;
	struct disk disk;

	assert_int_equal(disk_open(&disk, path, true, &error), 0);
	assert_string_equal(disk.name, "a-name-longer-than-t");
	/* Not for callers that must know which it is. */
	assert_string_equal(disk.path, path);
	disk_close(&disk);
}

static void a_disk_opened_read_only_cannot_be_written(void **state)
{
	const char *path = make_image("ro.img", 512);
	struct error error;
	struct disk disk;

	assert_int_equal(disk_open(&disk, path, true, &error), 0);
	assert_true(disk.read_only);
	assert_int_equal(pwrite(disk.fd, "x", 1, 0), -1);
	disk_close(&disk);
}

static void a_path_that_is_no_image_is_refused(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	refused(path_of("missing"), false, -ENOENT, "No such file or directory");
	refused(folder, false, -EINVAL, "is a directory");
	refused("/dev/null", false, -EINVAL, "is a character device");
	refused(make_image("empty", 0), false, -EINVAL, "is empty");
	refused(make_image("odd", 1000), false, -EINVAL,
		"is 1000 bytes long, which is not a multiple of 512");

	/* Neither way of opening it may wait for a process at the other end. */
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	refused(path_of("fifo"), true, -EINVAL, "is a FIFO");
	refused(path_of("fifo"), false, -EINVAL, "is a FIFO");

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_of("socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	refused(path_of("socket"), false, -EINVAL, "is a socket");
	close(fd);
}

/* Run @check in a process of its own to which permissions apply, and expect that it returns. */
static void without_privilege(void (*check)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		check();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In the child a failed assertion would continue with the parent's tests, so: by hand. */
static void expect_text(const char *path, bool read_only, int err, const char *text)
{
	struct error error = { 0 };
	struct disk disk;

	if (disk_open(&disk, path, read_only, &error) != err)
		_exit(3);
	if (strcmp(error.text, text) != 0)
		_exit(4);
}

static void check_read_only_image(void)
{
	char text[512];

	snprintf(text, sizeof(text), "disk %s is read-only; give it as %s,ro", path_of("protected"),
		 path_of("protected"));
	expect_text(path_of("protected"), false, -EACCES, text);
}

static void check_unreadable_image(void)
{
	char text[512];

	snprintf(text, sizeof(text), "cannot open disk %s: Permission denied", path_of("secret"));
	expect_text(path_of("secret"), false, -EACCES, text);
	expect_text(path_of("secret"), true, -EACCES, text);
}

static void opening_a_read_only_image_for_writing_names_the_option_that_helps(void **state)
{
	make_image("protected", 512);
	assert_int_equal(chmod(path_of("protected"), 0444), 0);
	without_privilege(check_read_only_image);
}

static void an_unreadable_image_is_refused_as_such(void **state)
{
	make_image("secret", 512);
	assert_int_equal(chmod(path_of("secret"), 0000), 0);
	without_privilege(check_unreadable_image);
}

static void an_image_has_one_writer_or_many_readers(void **state)
{
	const char *path = make_image("shared", 512);
	struct error error;
	struct disk first;
	struct disk second;

	assert_int_equal(disk_open(&first, path, false, &error), 0);
	refused(path, false, -EBUSY, "is in use by another VM, or given twice");
	refused(path, true, -EBUSY, "is in use");
	disk_close(&first);

	assert_int_equal(disk_open(&first, path, true, &error), 0);
	assert_int_equal(disk_open(&second, path, true, &error), 0);
	refused(path, false, -EBUSY, "is in use");
	disk_close(&first);
	refused(path, false, -EBUSY, "is in use");
	disk_close(&second);

	assert_int_equal(disk_open(&first, path, false, &error), 0);
	disk_close(&first);
}

static void an_image_in_use_is_refused_under_its_other_names(void **state)
{
	char path[PATH_MAX];
	struct error error;
	struct disk disk;

	snprintf(path, sizeof(path), "%s", make_image("one-name", 512));
	assert_int_equal(link(path, path_of("hard-link")), 0);
	assert_int_equal(symlink("one-name", path_of("symbolic-link")), 0);
	assert_int_equal(disk_open(&disk, path, false, &error), 0);
	for (int read_only = 0; read_only < 2; read_only++) {
		refused(path_of("hard-link"), read_only, -EBUSY, "is in use");
		refused(path_of("symbolic-link"), read_only, -EBUSY, "is in use");
	}
	disk_close(&disk);
	/* By whichever name it was opened first. */
	assert_int_equal(disk_open(&disk, path_of("hard-link"), false, &error), 0);
	refused(path, false, -EBUSY, "is in use");
	disk_close(&disk);
	assert_int_equal(unlink(path_of("hard-link")), 0);
	assert_int_equal(unlink(path_of("symbolic-link")), 0);
}

/* Another process holds the image, then is killed: its lock goes with it. */
static void the_lock_of_an_image_ends_with_its_process(void **state)
{
	const char *path = make_image("held", 512);
	struct error error;
	struct disk disk;
	int ready[2];
	char byte;
	int status;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (disk_open(&disk, path, false, &error) != 0)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	refused(path, false, -EBUSY, "is in use by another VM");

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(disk_open(&disk, path, false, &error), 0);
	disk_close(&disk);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"root.img", "format", "a-name-longer-than-twenty-bytes.img",
		"ro.img",   "empty",  "odd",
		"fifo",	    "socket", "protected",
		"secret",   "shared", "one-name",
		"held"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));

	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_opened_and_measured),
		cmocka_unit_test(an_image_of_another_format_is_recognized),
		cmocka_unit_test(the_serial_number_of_a_disk_with_a_long_name_is_cut_off),
		cmocka_unit_test(a_disk_opened_read_only_cannot_be_written),
		cmocka_unit_test(a_path_that_is_no_image_is_refused),
		cmocka_unit_test(opening_a_read_only_image_for_writing_names_the_option_that_helps),
		cmocka_unit_test(an_unreadable_image_is_refused_as_such),
		cmocka_unit_test(an_image_has_one_writer_or_many_readers),
		cmocka_unit_test(an_image_in_use_is_refused_under_its_other_names),
		cmocka_unit_test(the_lock_of_an_image_ends_with_its_process),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
