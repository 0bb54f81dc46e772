/* SPDX-License-Identifier: BSD-3-Clause */
/* The console on a Unix socket: one client at a time, which may leave and come back. */
#include "console.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A client that leaves when its input is next received, or -1. */
static int leaving = -1;

/* The library's, except that a client may leave at the worst moment. */
ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	if (leaving >= 0 && !(flags & MSG_PEEK)) {
		close(leaving);
		leaving = -1;
	}

	return recvfrom(fd, bytes, size, flags, NULL, NULL);
}

static void serve(struct console *c)
{
	while (console_wait_for(terminal_fd(&c->terminal), 0))
		assert_int_equal(terminal_run(&c->terminal), TERMINAL_NOTHING);
}

static int try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", console_socket_path());
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);

		return -1;
	}

	return fd;
}

static int connect_client(struct console *c)
{
	int fd = try_connect();

	assert_true(fd >= 0);
	serve(c);

	return fd;
}

static void expect_end(int fd)
{
	char byte;

	assert_true(console_wait_for(fd, CONSOLE_DEADLINE_MS));
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void bytes_pass_both_ways_between_client_and_guest(void **state)
{
	struct console c;
	uint8_t found[8];
	int client;

	console_setup_on_socket(&c);
	client = connect_client(&c);
	assert_int_equal(console_guest_send(&c, "hello", 5), 5);
	console_expect(client, "hello");
	/* Ctrl-A x, too: it is for terminals. */
	assert_int_equal(send(client, "\1xyz", 4, 0), 4);
	console_guest_receive(&c, found, 4);
	assert_memory_equal(found, "\1xyz", 4);
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

static void output_without_a_client_waits_for_the_next_one(void **state)
{
	struct console c;
	int client;

	console_setup_on_socket(&c);
	assert_int_equal(console_guest_send(&c, "early ", 6), 6);
	client = connect_client(&c);
	console_expect(client, "early ");
	assert_int_equal(console_guest_send(&c, "one", 3), 3);
	console_expect(client, "one");
	close(client);
	serve(&c);
	assert_int_equal(console_guest_send(&c, "between", 7), 7);
	client = connect_client(&c);
	console_expect(client, "between");
	assert_int_equal(console_guest_send(&c, "two", 3), 3);
	console_expect(client, "two");
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

static void the_oldest_output_is_dropped_if_no_client_comes(void **state)
{
	static char text[CONSOLE_SOCKET_KEPT + 1000];
	static char found[CONSOLE_SOCKET_KEPT];
	struct console c;
	size_t done = 0;
	int client;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	console_setup_on_socket(&c);
	/* Without a client no guest is blocked. */
	assert_int_equal(console_guest_send(&c, text, sizeof(text)), sizeof(text));
	client = connect_client(&c);
	while (done < sizeof(found)) {
		ssize_t count;

		assert_true(console_wait_for(client, CONSOLE_DEADLINE_MS));
		count = recv(client, found + done, sizeof(found) - done, 0);
		assert_true(count > 0);
		done += (size_t)count;
		serve(&c);
	}
	assert_memory_equal(found, text + 1000, sizeof(found));
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

/* A client that does not read blocks the guest, and loses nothing. */
static void a_client_under_load_loses_no_output(void **state)
{
	static char text[300000];
	static char found[sizeof(text)];
	struct console c;
	size_t sent = 0;
	size_t done = 0;
	bool was_held_up = false;
	int client;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 256);
	console_setup_on_socket(&c);
	client = connect_client(&c);
	while (done < sizeof(text)) {
		const size_t now = console_guest_send(&c, text + sent, sizeof(text) - sent);
		ssize_t count;

		sent += now;
		was_held_up = was_held_up || sent < sizeof(text);
		count = recv(client, found + done, 5000, MSG_DONTWAIT);
		if (count > 0)
			done += (size_t)count;
		else
			assert_int_equal(errno, EAGAIN);
		serve(&c);
	}
	assert_true(was_held_up);
	assert_memory_equal(found, text, sizeof(text));
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

static void a_guest_that_waits_for_a_stalled_client_resumes_once_that_leaves(void **state)
{
	static char text[300000];
	struct console c;
	size_t sent;
	int client;

	memset(text, 'x', sizeof(text));
	console_setup_on_socket(&c);
	client = connect_client(&c);
	sent = console_guest_send(&c, text, sizeof(text));
	assert_true(sent < sizeof(text));
	serve(&c);
	assert_int_equal(console_guest_send(&c, text, 1), 0);
	close(client);
	serve(&c);
	assert_int_equal(console_guest_send(&c, text, sizeof(text)), sizeof(text));
	assert_int_equal(console_teardown(&c), 0);
}

/* It receives every byte that was kept for it and that the guest sends meanwhile. */
static void input_sent_before_a_client_left_reaches_the_guest(void **state)
{
	for (int i = 0; i < 3; i++) {
		static char text[300000];
		struct console c;
		uint8_t found[4];
		int client;

		console_setup_on_socket(&c);
		if (i == 0)
			assert_int_equal(console_guest_send(&c, "kept", 4), 4);
		client = i == 0 ? try_connect() : connect_client(&c);
		if (i == 2)
			assert_true(console_guest_send(&c, text, sizeof(text)) < sizeof(text));
		assert_int_equal(send(client, "last", 4, 0), 4);
		close(client);
		if (i == 1)
			assert_int_equal(console_guest_send(&c, "new", 3), 3);
		console_guest_receive(&c, found, 4);
		assert_memory_equal(found, "last", 4);
		serve(&c);

		/* The next client does not lose anything either. */
		client = connect_client(&c);
		if (i < 2)
			console_expect(client, i == 0 ? "kept" : "new");
		close(client);
		assert_int_equal(console_teardown(&c), 0);
	}
}

/* More than is kept for a guest that has not read any of it. */
static size_t send_much(int client, const uint8_t *text, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		const ssize_t count =
			send(client, text + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count <= 0)
			break;
		sent += (size_t)count;
	}
	assert_in_range(sent, TERMINAL_PENDING_SIZE + 10000, size);

	return sent;
}

static void input_sent_before_a_client_left_reaches_a_slow_guest_completely(void **state)
{
	static uint8_t text[4 * TERMINAL_PENDING_SIZE];
	static uint8_t found[sizeof(text)];
	struct console c;
	size_t first;
	size_t second;
	int client;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 5 + i / 256);
	console_setup_on_socket(&c);
	client = connect_client(&c);
	first = send_much(client, text, sizeof(text));
	close(client);
	/* Ends, though much is unread: the main loop has no work. */
	serve(&c);

	/* The next client is not kept out either, which sends as much and leaves, too. */
	client = connect_client(&c);
	assert_int_equal(console_guest_send(&c, "hello", 5), 5);
	console_expect(client, "hello");
	second = send_much(client, text, sizeof(text));
	close(client);
	serve(&c);
	client = connect_client(&c);
	assert_int_equal(send(client, "third", 5, 0), 5);

	console_guest_receive(&c, found, first);
	assert_memory_equal(found, text, first);
	console_guest_receive(&c, found, second);
	assert_memory_equal(found, text, second);
	console_guest_receive(&c, found, 5);
	assert_memory_equal(found, "third", 5);
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

static void a_client_is_refused_if_the_guest_does_not_read_input_of_earlier_ones(void **state)
{
	static uint8_t text[4 * TERMINAL_PENDING_SIZE];
	struct console c;
	int client;

	console_setup_on_socket(&c);
	for (unsigned int i = 0; i < 8; i++) {
		client = connect_client(&c);
		if (i == 0)
			send_much(client, text, sizeof(text));
		else
			assert_int_equal(send(client, "more", 4, 0), 4);
		close(client);
		serve(&c);
	}
	client = connect_client(&c);
	console_expect(client,
		       "dormouse: the guest has not yet read the input of earlier clients of "
		       "this console, and no more is kept\r\n");
	expect_end(client);
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

/* Receiving from it shows that, when the guest has been blocked before. */
static void a_guest_resumes_once_its_stalled_client_is_found_to_have_left(void **state)
{
	static char text[300000];
	struct console c;
	int client;
	int second;

	console_setup_on_socket(&c);
	client = connect_client(&c);
	assert_true(console_guest_send(&c, text, sizeof(text)) < sizeof(text));
	serve(&c);
	leaving = client;
	second = try_connect();
	assert_int_equal(console_run(&c), TERMINAL_NOTHING);
	assert_int_equal(leaving, -1);
	assert_int_equal(console_guest_send(&c, text, sizeof(text)), sizeof(text));
	close(second);
	assert_int_equal(console_teardown(&c), 0);
}

static void a_second_client_is_refused_with_the_reason(void **state)
{
	struct console c;
	int first;
	int second;

	console_setup_on_socket(&c);
	first = connect_client(&c);
	second = connect_client(&c);
	console_expect(second, "dormouse: this console is in use by another client\r\n");
	expect_end(second);
	close(second);
	assert_int_equal(console_guest_send(&c, "still", 5), 5);
	console_expect(first, "still");
	/* A client that leaves makes room, even for one that came before that was noticed. */
	close(first);
	second = connect_client(&c);
	assert_int_equal(console_guest_send(&c, "yours", 5), 5);
	console_expect(second, "yours");
	close(second);
	assert_int_equal(console_teardown(&c), 0);
}

/* As `echo command | nc -NU` does: its last input is processed, and answered. */
static void a_client_that_shuts_its_sending_side_still_gets_output(void **state)
{
	struct console c;
	uint8_t found[4];
	int client;

	console_setup_on_socket(&c);
	client = connect_client(&c);
	assert_int_equal(send(client, "last", 4, 0), 4);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	console_guest_receive(&c, found, 4);
	assert_memory_equal(found, "last", 4);
	serve(&c);
	assert_int_equal(console_guest_send(&c, "reply", 5), 5);
	console_expect(client, "reply");
	close(client);
	/* Its silence does not keep the main loop busy either. */
	serve(&c);
	assert_int_equal(console_teardown(&c), 0);
}

static void input_that_the_guest_does_not_read_is_left_in_the_socket(void **state)
{
	static uint8_t text[2 * TERMINAL_PENDING_SIZE];
	static uint8_t found[sizeof(text)];
	struct console c;
	size_t sent = 0;
	ssize_t count;
	int client;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 5 + i / 256);
	console_setup_on_socket(&c);
	client = connect_client(&c);
	do {
		count = send(client, text + sent, sizeof(text) - sent, MSG_DONTWAIT);
		if (count > 0)
			sent += (size_t)count;
		/* Ends, though there is more to receive. */
		serve(&c);
	} while (count > 0 && sent < sizeof(text));
	assert_true(sent >= TERMINAL_PENDING_SIZE);
	console_guest_receive(&c, found, sent);
	assert_memory_equal(found, text, sent);
	close(client);
	assert_int_equal(console_teardown(&c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_both_ways_between_client_and_guest),
		cmocka_unit_test(output_without_a_client_waits_for_the_next_one),
		cmocka_unit_test(the_oldest_output_is_dropped_if_no_client_comes),
		cmocka_unit_test(a_client_under_load_loses_no_output),
		cmocka_unit_test(a_guest_that_waits_for_a_stalled_client_resumes_once_that_leaves),
		cmocka_unit_test(input_sent_before_a_client_left_reaches_the_guest),
		cmocka_unit_test(input_sent_before_a_client_left_reaches_a_slow_guest_completely),
		cmocka_unit_test(
			a_client_is_refused_if_the_guest_does_not_read_input_of_earlier_ones),
		cmocka_unit_test(a_guest_resumes_once_its_stalled_client_is_found_to_have_left),
		cmocka_unit_test(a_second_client_is_refused_with_the_reason),
		cmocka_unit_test(a_client_that_shuts_its_sending_side_still_gets_output),
		cmocka_unit_test(input_that_the_guest_does_not_read_is_left_in_the_socket),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
