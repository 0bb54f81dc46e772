/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a console's socket is: it is private, and replaces only a former one. */
#include "console.h"
#include "host/console-socket.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void the_console_socket_is_private_and_removed_at_the_end(void **state)
{
	struct stat status;
	struct console c;

	console_setup_on_socket(&c);
	assert_int_equal(stat(console_socket_path(), &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(console_teardown(&c), 0);
	assert_int_equal(stat(console_socket_path(), &status), -1);
}

static void refused(const char *part)
{
	struct console_socket *socket;
	struct error error = { 0 };
	const unsigned int open_files = scratch_open_files();

	assert_true(console_socket_open(&socket, console_socket_path(), &error) < 0);
	scratch_says(&error, console_socket_path(), part);
	assert_int_equal(scratch_open_files(), open_files);
}

static void only_a_console_socket_that_was_left_behind_is_replaced(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct console c;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", console_socket_path());
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	refused("this path exists");
	close(fd);
	/* Now it is left behind. */
	console_setup_on_socket(&c);
	assert_int_equal(console_teardown(&c), 0);

	scratch_write("console", "text", 4);
	refused("this path exists");
	assert_int_equal(unlink(console_socket_path()), 0);
}

static void a_console_socket_at_an_impossible_path_is_refused_with_the_reason(void **state)
{
	char path[200];
	struct console_socket *socket;
	struct error error = { 0 };

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(console_socket_open(&socket, path, &error), -ENAMETOOLONG);
	scratch_says(&error, path, "at most 107 bytes");
	assert_int_equal(console_socket_open(&socket, "/no/such/folder", &error), -ENOENT);
	scratch_says(&error, "/no/such/folder", "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_console_socket_is_private_and_removed_at_the_end),
		cmocka_unit_test(only_a_console_socket_that_was_left_behind_is_replaced),
		cmocka_unit_test(a_console_socket_at_an_impossible_path_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
