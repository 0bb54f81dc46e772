/* SPDX-License-Identifier: BSD-3-Clause */
/* The console of virtio-console, with a terminal that is a socket. */
#include "console-rig.h"

#include <linux/virtio_mmio.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/terminal.h"
#include "support/scratch.h"

struct tty {
	struct console_rig rig;
	struct terminal terminal;
	int client;
};

static struct tty *setup(void)
{
	struct tty *t = test_calloc(1, sizeof(*t));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char word[sizeof(address.sun_path) + sizeof(TERMINAL_UNIX)];
	struct error error;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch_folder());
	snprintf(word, sizeof(word), "%s%s", TERMINAL_UNIX, address.sun_path);
	assert_int_equal(terminal_open(&t->terminal, word, &error), 0);
	console_create(&t->rig);
	virtio_console_connect(&t->rig.console, &t->terminal);
	t->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(t->client, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)terminal_run(&t->terminal);

	return t;
}

/* Returns what terminal_close() does. */
static int teardown(struct tty *t)
{
	const int err = terminal_close(&t->terminal);

	if (t->client >= 0)
		close(t->client);
	console_destroy(&t->rig);
	test_free(t);

	return err;
}

/* The main loop, until nothing is to be done. */
static void run(struct tty *t)
{
	struct pollfd fds[] = {
		{ .fd = t->rig.console.mmio.notify_fd, .events = POLLIN },
		{ .fd = terminal_fd(&t->terminal), .events = POLLIN },
	};

	while (poll(fds, 2, 0) > 0) {
		if (fds[0].revents)
			virtio_console_serve(&t->rig.console);
		if (fds[1].revents)
			(void)terminal_run(&t->terminal);
	}
}

static void assert_client_gets(struct tty *t, const char *text)
{
	char bytes[64];

	assert_int_equal(recv(t->client, bytes, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static void output_of_the_virtio_console_goes_to_the_terminal(void **state)
{
	struct tty *t = setup();
	uint32_t written;

	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	console_write(&t->rig, FROM_TTY, "hello, ", 7);
	console_write(&t->rig, FROM_TTY, "host", 4);
	run(t);
	assert_client_gets(t, "hello, host");
	assert_non_null(console_collect(&t->rig, FROM_TTY, &written));
	assert_non_null(console_collect(&t->rig, FROM_TTY, &written));
	assert_int_equal(teardown(t), 0);
}

static void input_waits_until_the_guest_has_opened_the_console(void **state)
{
	struct tty *t = setup();
	const uint8_t *bytes;
	uint32_t written;

	console_start_ports(&t->rig);
	console_offer(&t->rig, TO_TTY, 16);
	assert_int_equal(send(t->client, "typed", 5, 0), 5);
	run(t);
	assert_null(console_collect(&t->rig, TO_TTY, &written));
	console_open_ports(&t->rig);
	run(t);
	bytes = console_collect(&t->rig, TO_TTY, &written);
	assert_non_null(bytes);
	assert_int_equal(written, 5);
	assert_memory_equal(bytes, "typed", 5);
	assert_int_equal(teardown(t), 0);
}

static void input_waits_for_buffers_and_over_a_reset_of_the_driver(void **state)
{
	struct tty *t = setup();
	const uint8_t *bytes;
	uint32_t written;

	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	assert_int_equal(send(t->client, "typed", 5, 0), 5);
	run(t);
	console_offer(&t->rig, TO_TTY, 2);
	run(t);
	bytes = console_collect(&t->rig, TO_TTY, &written);
	assert_non_null(bytes);
	assert_int_equal(written, 2);
	assert_memory_equal(bytes, "ty", 2);
	driver_set(&t->rig.console.mmio, VIRTIO_MMIO_STATUS, 0);
	run(t);
	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	console_offer(&t->rig, TO_TTY, 16);
	run(t);
	bytes = console_collect(&t->rig, TO_TTY, &written);
	assert_non_null(bytes);
	assert_int_equal(written, 3);
	assert_memory_equal(bytes, "ped", 3);
	assert_int_equal(teardown(t), 0);
}

/* Without MULTIPORT there is no message by which the console could be opened. */
static void a_driver_without_ports_has_the_console(void **state)
{
	struct tty *t = setup();
	uint32_t written;

	console_start(&t->rig, 0);
	console_offer(&t->rig, TO_TTY, 16);
	console_write(&t->rig, FROM_TTY, "out", 3);
	assert_int_equal(send(t->client, "in", 2, 0), 2);
	run(t);
	assert_client_gets(t, "out");
	assert_non_null(console_collect(&t->rig, TO_TTY, &written));
	assert_int_equal(written, 2);
	assert_int_equal(channel_opening(&t->rig.console.channel), 0);
	assert_int_equal(teardown(t), 0);
}

/* A guest that sends without end waits; nothing is lost, and memory has a bound. */
static void a_client_that_does_not_read_stops_the_guest_and_loses_nothing(void **state)
{
	static char page[4096];
	struct tty *t = setup();
	size_t sent = 0, taken = 0, received = 0;
	uint32_t written;
	char bytes[4096];

	memset(page, 'x', sizeof(page));
	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	do {
		console_write(&t->rig, FROM_TTY, page, sizeof(page));
		run(t);
		sent++;
		while (console_collect(&t->rig, FROM_TTY, &written))
			taken++;
	} while (taken == sent);
	assert_int_equal(t->rig.console.output_count, VIRTIO_CONSOLE_OUTPUT);
	while (received < sent * sizeof(page)) {
		const ssize_t count = recv(t->client, bytes, sizeof(bytes), 0);

		assert_true(count > 0);
		received += (size_t)count;
		run(t);
	}
	assert_non_null(console_collect(&t->rig, FROM_TTY, &written));
	assert_int_equal(t->rig.console.output_count, 0);
	assert_int_equal(teardown(t), 0);
}

static void other_work_is_done_between_pieces_of_much_output(void **state)
{
	static char page[4096];
	struct tty *t = setup();
	unsigned int taken = 0;
	uint32_t written;

	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	for (unsigned int i = 0; i < 8; i++)
		console_write(&t->rig, FROM_TTY, page, sizeof(page));
	virtio_console_serve(&t->rig.console);
	while (console_collect(&t->rig, FROM_TTY, &written))
		taken++;
	assert_in_range(taken, 0, 7);
	run(t);
	while (console_collect(&t->rig, FROM_TTY, &written))
		taken++;
	assert_int_equal(taken, 8);
	close(t->client);
	t->client = -1;
	assert_int_equal(teardown(t), 0);
}

/* The last output of a guest that has ended: what was taken is still sent. */
static void output_that_was_taken_is_sent_when_the_machine_has_ended(void **state)
{
	struct tty *t = setup();

	console_start_ports(&t->rig);
	console_open_ports(&t->rig);
	console_write(&t->rig, FROM_TTY, "Power down", 10);
	virtio_console_lock(&t->rig.console);
	assert_int_equal(
		virtio_console_take(&t->rig.console, VIRTIO_CONSOLE_TTY, t->rig.console.output, 64),
		10);
	virtio_console_unlock(&t->rig.console);
	t->rig.console.output_count = 10;
	virtio_mmio_quiesce(&t->rig.console.mmio);
	assert_int_equal(terminal_close(&t->terminal), 0);
	assert_client_gets(t, "Power down");
	close(t->client);
	console_destroy(&t->rig);
	test_free(t);
}

static void output_without_a_terminal_is_dropped(void **state)
{
	struct console_rig *r = test_malloc(sizeof(*r));
	uint32_t written;

	console_create(r);
	console_start_ports(r);
	console_open_ports(r);
	for (unsigned int i = 0; i < 100; i++) {
		console_write(r, FROM_TTY, "dropped", 7);
		console_serve(r);
		assert_non_null(console_collect(r, FROM_TTY, &written));
	}
	assert_int_equal(r->console.output_count, 0);
	console_destroy(r);
	test_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_of_the_virtio_console_goes_to_the_terminal),
		cmocka_unit_test(input_waits_until_the_guest_has_opened_the_console),
		cmocka_unit_test(input_waits_for_buffers_and_over_a_reset_of_the_driver),
		cmocka_unit_test(a_driver_without_ports_has_the_console),
		cmocka_unit_test(a_client_that_does_not_read_stops_the_guest_and_loses_nothing),
		cmocka_unit_test(other_work_is_done_between_pieces_of_much_output),
		cmocka_unit_test(output_that_was_taken_is_sent_when_the_machine_has_ended),
		cmocka_unit_test(output_without_a_terminal_is_dropped),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
