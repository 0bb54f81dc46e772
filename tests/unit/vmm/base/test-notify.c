/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages to the service manager that started dormouse. */
#include "base/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

/* A manager's socket, at a path, or at an abstract name, which begins with @. */
static int manager_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_in_range(strlen(name), 1, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, name, strlen(name));
	if (*name == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);

	return fd;
}

static void send_text(const char *text)
{
	struct error error = { "" };

	assert_int_equal(notify_send(text, &error), 0);
	assert_string_equal(error.text, "");
}

static void received(int fd, const char *text)
{
	char buffer[256] = "";

	assert_int_equal(recv(fd, buffer, sizeof(buffer) - 1, 0), strlen(text));
	assert_string_equal(buffer, text);
}

static void refused(const char *name, int err, const char *reason)
{
	const unsigned int open_files = scratch_open_files();
	struct error error = { "" };

	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_int_equal(notify_send("READY=1", &error), err);
	scratch_says(&error, name, reason);
	assert_int_equal(scratch_open_files(), open_files);
}

static void without_a_manager_nothing_is_sent(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_is_wanted());
	send_text("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	assert_false(notify_is_wanted());
	send_text("READY=1");
}

static void each_message_is_one_datagram_to_the_path(void **state)
{
	const int fd = manager_socket(scratch_path("manager"));

	assert_true(notify_is_wanted());
	send_text("READY=1\nSTATUS=running");
	send_text("STOPPING=1");
	received(fd, "READY=1\nSTATUS=running");
	received(fd, "STOPPING=1");
	close(fd);
}

static void a_name_with_an_at_sign_is_an_abstract_socket(void **state)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "@dormouse/test-notify/%ld", (long)getpid());
	fd = manager_socket(name);
	send_text("READY=1");
	received(fd, "READY=1");
	close(fd);
}

static void the_longest_path_of_a_socket_is_reached(void **state)
{
	struct sockaddr_un address;
	char name[sizeof(address.sun_path) + 1];
	const size_t front = strlen(scratch_path("n"));
	int fd;

	memset(name, 'n', sizeof(name));
	memcpy(name, scratch_path("n"), front);
	name[sizeof(address.sun_path) - 1] = '\0';
	fd = manager_socket(name);
	send_text("READY=1");
	received(fd, "READY=1");
	close(fd);
	name[sizeof(address.sun_path) - 1] = 'n';
	name[sizeof(address.sun_path)] = '\0';
	refused(name, -ENAMETOOLONG, "File name too long");
}

static void a_manager_that_cannot_be_reached_is_named_with_the_reason(void **state)
{
	refused(scratch_path("absent"), -ENOENT, "No such file or directory");
	refused("vsock:2:1234", -EAFNOSUPPORT, "Address family not supported");
	refused("relative", -EAFNOSUPPORT, "Address family not supported");
}

static void a_full_queue_of_the_manager_is_not_waited_for(void **state)
{
	const int fd = manager_socket(scratch_path("full"));
	struct error error = { "" };
	int err;

	do
		err = notify_send("STATUS=running", &error);
	while (!err);
	assert_int_equal(err, -EAGAIN);
	received(fd, "STATUS=running");
	send_text("STATUS=off");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_manager_nothing_is_sent),
		cmocka_unit_test(each_message_is_one_datagram_to_the_path),
		cmocka_unit_test(a_name_with_an_at_sign_is_an_abstract_socket),
		cmocka_unit_test(the_longest_path_of_a_socket_is_reached),
		cmocka_unit_test(a_manager_that_cannot_be_reached_is_named_with_the_reason),
		cmocka_unit_test(a_full_queue_of_the_manager_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
