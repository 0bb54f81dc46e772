/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/main-loop.h"
#include "host/escape.h"
#include "host/raw-mode.h"

#define CLOSE_TIMEOUT_US 1000000

/* The source of an epoll event. */
enum source {
	SOURCE_INPUT,
	SOURCE_OUTPUT,
	SOURCE_ROOM,
	SOURCE_SOCKET,
};

static const char help[] = "\r\n"
			   "Ctrl-A x       quit dormouse: the guest is turned off at once\r\n"
			   "Ctrl-A Ctrl-A  send Ctrl-A to the guest; so does Ctrl-A a\r\n"
			   "Ctrl-A h       this help\r\n";

void terminal_restore(void)
{
	raw_mode_leave();
}

/* The output of a console that is none or a socket: unused. */
static int open_nothing(struct standard_output *output)
{
	output->nonblocking = true;
	output->fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return output->fd < 0 ? -errno : 0;
}

static int open_output(struct terminal *terminal, const char *path, struct error *error)
{
	int err;

	if (terminal->has_file) {
		err = console_file_open(&terminal->file, path, error);
		terminal->output_fd = terminal->file.fd;

		return err;
	}
	err = terminal->has_streams ? standard_output_open(&terminal->output)
				    : open_nothing(&terminal->output);
	terminal->output_fd = terminal->output.fd;
	if (!err)
		return 0;

	return error_set(error, err, "cannot write the console to standard output: %s",
			 err == -ENXIO ? "it has no reader" : strerror(-err));
}

/* Returns 0 or the -errno for which output is lost. */
static int close_output(struct terminal *terminal)
{
	int err = -atomic_load(&terminal->output_error);

	if (terminal->has_file) {
		const int file_err = console_file_close(&terminal->file);

		return file_err ? file_err : err;
	}
	/* Some file systems report failed writes only now. */
	if (close(terminal->output_fd) < 0 && !err)
		err = -errno;

	return err;
}

void terminal_limit(struct terminal *terminal, uint64_t limit)
{
	if (terminal->has_file)
		console_file_limit(&terminal->file, limit);
}

static int watch(const struct terminal *terminal, int op, int fd, enum source source,
		 uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = source };

	return epoll_ctl(terminal->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

/* Begin to watch standard input, if it is used. */
static int open_input(struct terminal *terminal, bool to_file)
{
	int err;

	terminal->is_terminal = isatty(STDIN_FILENO);
	terminal->input_fd = -1;
	if (terminal->is_terminal && to_file)
		return 0;
	/* A closed standard input has ended. */
	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		return 0;

	terminal->input_fd = STDIN_FILENO;
	err = watch(terminal, EPOLL_CTL_ADD, STDIN_FILENO, SOURCE_INPUT, EPOLLIN);
	if (err != -EPERM)
		return err;

	/* A file or /dev/null is always ready, and epoll refuses it. */
	terminal->input_fd = terminal->ready_fd;
	return watch(terminal, EPOLL_CTL_ADD, terminal->ready_fd, SOURCE_INPUT, EPOLLIN);
}

/* Watch input only while there is room for it. */
static void update_input(struct terminal *terminal)
{
	bool pause = terminal->pending_count == TERMINAL_PENDING_SIZE && !terminal->is_terminal;

	if (terminal->socket)
		console_socket_want_input(terminal->socket, !pause);
	if (terminal->input_fd < 0 || pause == terminal->paused)
		return;

	/*
	 * Not with a mask of 0: the end of a pipe would still be reported, for
	 * ever.
	 */
	terminal->paused = pause;
	(void)watch(terminal, pause ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, terminal->input_fd,
		    SOURCE_INPUT, EPOLLIN);
}

static void end_input(struct terminal *terminal)
{
	(void)epoll_ctl(terminal->epoll_fd, EPOLL_CTL_DEL, terminal->input_fd, NULL);
	terminal->input_fd = -1;
}

/* Listen, if the console is to be a socket. */
static int open_socket(struct terminal *terminal, const char *console, struct error *error)
{
	static const char prefix[] = TERMINAL_UNIX;
	int err;

	if (!console || strncmp(console, prefix, strlen(prefix)) != 0)
		return 0;
	err = console_socket_open(&terminal->socket, console + strlen(prefix), error);
	if (err)
		return err;
	err = watch(terminal, EPOLL_CTL_ADD, console_socket_fd(terminal->socket), SOURCE_SOCKET,
		    EPOLLIN);
	if (err)
		return error_set(error, err, "cannot set up the console: %s", strerror(-err));

	return 0;
}

static bool has_streams(const char *console)
{
	return !console || (strcmp(console, TERMINAL_NONE) != 0 &&
			    strncmp(console, TERMINAL_UNIX, strlen(TERMINAL_UNIX)) != 0);
}

int terminal_open(struct terminal *terminal, const char *console, struct error *error)
{
	int err;

	/* Not its buffer: what is not touched takes no memory. */
	memset(terminal, 0, offsetof(struct terminal, pending));
	terminal->has_streams = has_streams(console);
	terminal->has_file = console && terminal->has_streams;
	atomic_init(&terminal->output_error, 0);
	err = open_output(terminal, console, error);
	if (err)
		return err;

	terminal->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	terminal->room_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	terminal->ready_fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	if (terminal->epoll_fd < 0 || terminal->room_fd < 0 || terminal->ready_fd < 0) {
		err = -errno;
		goto err_close;
	}

	err = watch(terminal, EPOLL_CTL_ADD, terminal->room_fd, SOURCE_ROOM, EPOLLIN);
	if (err)
		goto err_close;
	/* EPERM: a file, which is always ready and never polled. */
	err = watch(terminal, EPOLL_CTL_ADD, terminal->output_fd, SOURCE_OUTPUT, EPOLLONESHOT);
	if (err && err != -EPERM)
		goto err_close;
	err = 0;
	terminal->input_fd = -1;
	if (terminal->has_streams)
		err = open_input(terminal, console != NULL);
	if (err)
		goto err_close;
	err = open_socket(terminal, console, error);
	if (err)
		goto err_told;

	if (terminal->is_terminal && terminal->input_fd >= 0) {
		err = raw_mode_enter();
		if (err) {
			error_set(error, err, "cannot set the terminal's mode: %s", strerror(-err));
			goto err_told;
		}
	}

	return 0;

err_close:
	error_set(error, err, "cannot set up the console: %s", strerror(-err));
err_told:
	if (terminal->socket)
		console_socket_close(terminal->socket);
	(void)close_output(terminal);
	if (terminal->epoll_fd >= 0)
		close(terminal->epoll_fd);
	if (terminal->room_fd >= 0)
		close(terminal->room_fd);
	if (terminal->ready_fd >= 0)
		close(terminal->ready_fd);
	return err;
}

/*
 * Write one byte without blocking. Returns false if that is not possible now.
 * From any thread. An error is remembered and the byte dropped, since a guest
 * cannot handle it.
 */
static bool write_byte(struct terminal *terminal, uint8_t byte)
{
	ssize_t written;
	int none = 0;

	if (terminal->has_file)
		return console_file_send(&terminal->file, byte);
	written = standard_output_write(&terminal->output, &byte, 1);
	if (written == -EAGAIN)
		return false;
	if (written < 0)
		atomic_compare_exchange_strong(&terminal->output_error, &none, (int)-written);

	return true;
}

bool terminal_send(struct terminal *terminal, uint8_t byte)
{
	if (terminal->socket)
		return console_socket_send(terminal->socket, byte);
	if (!terminal->has_streams || write_byte(terminal, byte))
		return true;

	(void)watch(terminal, EPOLL_CTL_MOD, terminal->output_fd, SOURCE_OUTPUT,
		    EPOLLOUT | EPOLLONESHOT);

	return false;
}

void terminal_room(struct terminal *terminal)
{
	(void)eventfd_write(terminal->room_fd, 1);
}

void terminal_connect(struct terminal *terminal, const struct terminal_device *ops, void *device)
{
	terminal->device_ops = ops;
	terminal->device = device;
}

int terminal_fd(const struct terminal *terminal)
{
	return terminal->epoll_fd;
}

/* Keep a byte for the UART. One too many is lost, with a bell. */
static void keep(struct terminal *terminal, uint8_t byte)
{
	size_t at = terminal->pending_first + terminal->pending_count;

	terminal->unannounced = true;
	if (terminal->pending_count == TERMINAL_PENDING_SIZE) {
		(void)write_byte(terminal, '\a');
		return;
	}

	terminal->pending[at % TERMINAL_PENDING_SIZE] = byte;
	terminal->pending_count++;
}

/* Offer the kept input to the UART. It asks for the rest by terminal_room(). */
static void feed(struct terminal *terminal)
{
	while (terminal->pending_count > 0) {
		size_t first = terminal->pending_first;
		size_t count = terminal->pending_count;
		size_t taken;

		if (count > TERMINAL_PENDING_SIZE - first)
			count = TERMINAL_PENDING_SIZE - first;
		taken = terminal->device_ops->receive(terminal->device, &terminal->pending[first],
						      count);
		terminal->pending_first = (first + taken) % TERMINAL_PENDING_SIZE;
		terminal->pending_count -= taken;
		if (taken < count)
			break;
	}
	update_input(terminal);
}

/* Interpret typed input. */
static enum terminal_event interpret(struct terminal *terminal, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t byte = bytes[i];

		switch (escape_next(&terminal->escaped, &byte)) {
		case ESCAPE_BYTE:
			keep(terminal, byte);
			break;
		case ESCAPE_PREFIX:
			break;
		case ESCAPE_QUIT:
			return TERMINAL_QUIT;
		case ESCAPE_HELP:
			for (const char *at = help; *at; at++)
				(void)write_byte(terminal, (uint8_t)*at);
			break;
		}
	}

	return TERMINAL_NOTHING;
}

static enum terminal_event read_input(struct terminal *terminal)
{
	uint8_t bytes[1024];
	size_t room = TERMINAL_PENDING_SIZE - terminal->pending_count;
	ssize_t ret;

	/*
	 * A terminal is read even when there is no room: Ctrl-A x must be seen.
	 */
	if (terminal->is_terminal || room > sizeof(bytes))
		room = sizeof(bytes);

	/*
	 * In the foreground now, if it was not: in the background reading stops
	 * us.
	 */
	if (terminal->is_terminal)
		(void)raw_mode_enter();
	ret = read(STDIN_FILENO, bytes, room);
	if (ret < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return TERMINAL_NOTHING;
	if (ret <= 0) {
		end_input(terminal);
		return TERMINAL_NOTHING;
	}

	if (terminal->is_terminal)
		return interpret(terminal, bytes, (size_t)ret);

	for (ssize_t i = 0; i < ret; i++)
		keep(terminal, bytes[i]);

	return TERMINAL_NOTHING;
}

/* Transfer the pending bytes between a socket's client and the guest. */
static void serve_socket(struct terminal *terminal)
{
	uint8_t bytes[1024];
	size_t room = TERMINAL_PENDING_SIZE - terminal->pending_count;
	size_t count;

	console_socket_run(terminal->socket);
	count = console_socket_receive(terminal->socket, bytes,
				       room < sizeof(bytes) ? room : sizeof(bytes));
	for (size_t i = 0; i < count; i++)
		keep(terminal, bytes[i]);
	/* Last: to find that a client is gone makes room, too. */
	terminal->device_ops->resume(terminal->device);
}

enum terminal_event terminal_run(struct terminal *terminal)
{
	struct epoll_event events[SOURCE_SOCKET + 1];
	eventfd_t count;
	int ready;

	if (terminal->quit)
		return TERMINAL_QUIT;
	ready = epoll_wait(terminal->epoll_fd, events, SOURCE_SOCKET + 1, 0);

	for (int i = 0; i < ready; i++) {
		switch ((enum source)events[i].data.u32) {
		case SOURCE_INPUT:
			if (read_input(terminal) == TERMINAL_QUIT)
				return TERMINAL_QUIT;
			break;
		case SOURCE_OUTPUT:
			terminal->device_ops->resume(terminal->device);
			break;
		case SOURCE_ROOM:
			(void)eventfd_read(terminal->room_fd, &count);
			break;
		case SOURCE_SOCKET:
			serve_socket(terminal);
			break;
		}
	}
	if (terminal->unannounced && terminal->before_input)
		terminal->before_input(terminal->context);
	terminal->unannounced = false;
	feed(terminal);

	return TERMINAL_NOTHING;
}

bool terminal_wants_quit(struct terminal *terminal)
{
	struct pollfd typed = { .fd = terminal->input_fd, .events = POLLIN };

	if (!terminal->is_terminal || terminal->input_fd < 0 || terminal->quit)
		return terminal->quit;
	if (poll(&typed, 1, 0) <= 0)
		return false;
	terminal->quit = read_input(terminal) == TERMINAL_QUIT;
	/* Input that is no longer on the terminal would not be polled. */
	(void)eventfd_write(terminal->room_fd, 1);

	return terminal->quit;
}

/* Try to write the last bytes of output. */
static bool is_sent(struct terminal *terminal)
{
	return (!terminal->device || terminal->device_ops->resume(terminal->device)) &&
	       (!terminal->socket || console_socket_is_sent(terminal->socket));
}

int terminal_close(struct terminal *terminal)
{
	const uint64_t deadline = main_loop_now() + CLOSE_TIMEOUT_US;
	struct pollfd ready = { .fd = terminal->output_fd, .events = POLLOUT };
	int err;

	if (terminal->socket)
		ready = (struct pollfd){
			.fd = console_socket_fd(terminal->socket),
			.events = POLLIN,
		};
	while (!is_sent(terminal)) {
		const uint64_t now = main_loop_now();
		int none = 0;

		if (now >= deadline) {
			atomic_compare_exchange_strong(&terminal->output_error, &none, ETIMEDOUT);
			break;
		}
		(void)poll(&ready, 1, (int)((deadline - now + 999) / 1000));
		if (terminal->socket)
			console_socket_run(terminal->socket);
	}
	terminal_restore();
	if (terminal->socket)
		console_socket_close(terminal->socket);
	err = close_output(terminal);
	close(terminal->epoll_fd);
	close(terminal->room_fd);
	close(terminal->ready_fd);

	return err;
}
