/* SPDX-License-Identifier: BSD-3-Clause */
/* The console of virtio-console, and its connection to the terminal. */
#include "devices/virtio/console.h"

#include <sys/eventfd.h>

#include "host/terminal.h"

/* How many bytes are moved before the thread's other work is done. */
#define BYTES_MAX 4096

/* --- output --- */

/* Move what the guest sent into the ring. Returns how many bytes. */
static size_t collect(struct virtio_console *console)
{
	size_t at = (console->output_first + console->output_count) % VIRTIO_CONSOLE_OUTPUT;
	size_t room = VIRTIO_CONSOLE_OUTPUT - console->output_count;
	size_t taken;

	if (room > VIRTIO_CONSOLE_OUTPUT - at)
		room = VIRTIO_CONSOLE_OUTPUT - at;
	taken = virtio_console_take(console, VIRTIO_CONSOLE_TTY, &console->output[at],
				    room < BYTES_MAX ? room : BYTES_MAX);
	console->output_count += taken;

	return taken;
}

/* Move the ring's bytes to the terminal. Returns whether it takes more. */
static bool print(struct virtio_console *console)
{
	if (!console->terminal)
		console->output_count = 0;
	for (unsigned int i = 0; i < BYTES_MAX && console->output_count > 0; i++) {
		if (!terminal_send(console->terminal, console->output[console->output_first]))
			return false;
		console->output_first = (console->output_first + 1) % VIRTIO_CONSOLE_OUTPUT;
		console->output_count--;
	}

	return true;
}

bool virtio_console_print(struct virtio_console *console)
{
	const bool has_taken = collect(console) > 0;
	const bool takes_more = print(console);

	return (has_taken && console->output_count < VIRTIO_CONSOLE_OUTPUT) ||
	       (takes_more && console->output_count > 0);
}

/* --- as the terminal's device --- */

static size_t receive(void *self, const uint8_t *bytes, size_t count)
{
	struct virtio_console *console = self;
	size_t given = 0;

	/* Linux drops what comes for a port that is not open. */
	if (virtio_console_lock(console) && console->ports[VIRTIO_CONSOLE_TTY].open)
		given = virtio_console_give(console, VIRTIO_CONSOLE_TTY, bytes, count);
	console->refused = given < count;
	virtio_console_unlock(console);

	return given;
}

static bool resume(void *self)
{
	struct virtio_console *console = self;

	/* All that it takes: at the end of a run this is the last chance. */
	while (print(console) && console->output_count > 0)
		;
	/* The guest may have more. */
	(void)eventfd_write(console->mmio.notify_fd, 1);

	return console->output_count == 0;
}

void virtio_console_connect(struct virtio_console *console, struct terminal *terminal)
{
	static const struct terminal_device to_guest = { .receive = receive, .resume = resume };

	console->terminal = terminal;
	terminal_connect(terminal, &to_guest, console);
}
