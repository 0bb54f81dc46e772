/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Long work is interrupted by a signal that is pending, or by Ctrl-A x, and within a
 * piece: unpacking, and saving and restoring a guest's memory.
 */
#include "base/interrupt.h"

#include "base/stream.h"
#include "boot/unpack.h"
#include "save/memory-state.h"
#include "vmm/host/console.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#define PIECES 5
#define SIZE (PIECES * INTERRUPT_PIECE)

/* The number of the check from which on the answer is yes. */
static unsigned int yes_from;
static unsigned int asked;

static bool say_yes(void *context)
{
	assert_ptr_equal(context, &yes_from);

	return ++asked >= yes_from;
}

static void be_interrupted(unsigned int from)
{
	yes_from = from;
	asked = 0;
	interrupt_ask(say_yes, &yes_from);
}

static int be_left_alone(void **state)
{
	interrupt_ask(NULL, NULL);

	return 0;
}

static void signal_that_ends_dormouse_counts_as_an_interrupt_and_others_do_not(void **state)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int others[] = { SIGTSTP, SIGCONT, SIGUSR1, SIGWINCH };
	sigset_t all;
	int taken;

	sigfillset(&all);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
	assert_false(interrupt_wanted());
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(raise(others[i]), 0);
		assert_false(interrupt_wanted());
		assert_int_equal(kill(getpid(), ending[i]), 0);
		/* The signal stays pending for the code that takes signals. */
		assert_true(interrupt_wanted());
		assert_true(interrupt_wanted());
		for (sigset_t pending;
		     sigpending(&pending) == 0 && sigismember(&pending, ending[i]);)
			assert_int_equal(sigwait(&all, &taken), 0);
		assert_false(interrupt_wanted());
	}
	while (interrupt_wanted())
		assert_int_equal(sigwait(&all, &taken), 0);
}

static int file_of(const void *bytes, size_t size)
{
	const int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);

	return fd;
}

/* A file that unpacks to SIZE zeros. */
static struct packed bomb(enum packing packing)
{
	static uint8_t bytes[1 << 20];
	void *zeros = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	z_stream gzip = { .next_in = zeros, .avail_in = (uInt)SIZE };
	struct packed file = { .packing = packing };

	assert_ptr_not_equal(zeros, MAP_FAILED);
	if (packing == PACKING_ZSTD) {
		file.size = ZSTD_compress(bytes, sizeof(bytes), zeros, SIZE, 1);
	} else {
		assert_int_equal(deflateInit2(&gzip, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
		gzip.next_out = bytes;
		gzip.avail_out = sizeof(bytes);
		assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
		file.size = gzip.total_out;
		deflateEnd(&gzip);
	}
	assert_true(file.size <= sizeof(bytes));
	munmap(zeros, SIZE);
	file.fd = file_of(bytes, file.size);

	return file;
}

static void unpacking_ends_within_one_piece_of_an_interrupt(void **state)
{
	static const enum packing packings[] = { PACKING_GZIP, PACKING_ZSTD };
	uint8_t *to = malloc(SIZE);

	assert_non_null(to);
	for (size_t i = 0; i < 2; i++) {
		const struct packed file = bomb(packings[i]);
		struct unpack *unpack;

		assert_int_equal(unpack_begin(&unpack, &file), 0);
		be_interrupted(3);
		memset(to, 0xff, SIZE);
		assert_int_equal(unpack_read(unpack, to, SIZE), -ECANCELED);
		assert_int_equal(asked, 3);
		/* Twice the answer was to continue. */
		assert_int_equal(to[2 * INTERRUPT_PIECE - 1], 0);
		assert_int_equal(to[4 * INTERRUPT_PIECE], 0xff);
		unpack_end(unpack);
		/* In small pieces, too, as code that only counts bytes reads it. */
		assert_int_equal(unpack_begin(&unpack, &file), 0);
		be_interrupted(2);
		while (unpack_read(unpack, to, 1 << 20) > 0)
			;
		assert_int_equal(unpack_read(unpack, to, 1 << 20), -ECANCELED);
		unpack_end(unpack);
		/* It is not checked more often than that. */
		assert_int_equal(unpack_begin(&unpack, &file), 0);
		be_interrupted(1000);
		assert_int_equal(unpack_read(unpack, to, SIZE), SIZE);
		assert_in_range(asked, PIECES - 1, PIECES + 1);
		unpack_end(unpack);
		close(file.fd);
	}
	free(to);
}

/* Serialize @memory, or load it. Returns the result. */
static int serialize(const struct memory *memory, int fd, bool write)
{
	struct stream *stream;
	int err;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	err = write ? stream_write_to(&stream, fd) : stream_read_from(&stream, fd);
	assert_int_equal(err, 0);
	memory_state_serialize(memory, stream);
	err = stream_end(stream);
	stream_close(stream);

	return err;
}

static void saving_and_restoring_memory_end_within_one_piece_of_an_interrupt(void **state)
{
	const int fd = memfd_create("saved", MFD_CLOEXEC);
	struct memory memory;

	assert_int_equal(memory_create(&memory, SIZE), 0);
	/* Zeros are not written, but finding them takes time, where the guest wrote them. */
	memset(memory.host, 0, SIZE);
	be_interrupted(3);
	assert_int_equal(serialize(&memory, fd, true), -ECANCELED);
	assert_int_equal(asked, 3);
	/* One extent, which is compressed to next to nothing. */
	memset(memory.host, 0x5a, SIZE);
	be_interrupted(PIECES + 3);
	assert_int_equal(serialize(&memory, fd, true), -ECANCELED);
	assert_int_equal(asked, PIECES + 3);
	be_interrupted(1000);
	assert_int_equal(serialize(&memory, fd, true), 0);
	assert_in_range(asked, 2 * PIECES - 1, 2 * PIECES + 1);
	assert_int_equal(memory_drop(&memory), 0);
	be_interrupted(3);
	assert_int_equal(serialize(&memory, fd, false), -ECANCELED);
	assert_int_equal(asked, 3);
	be_interrupted(1000);
	assert_int_equal(serialize(&memory, fd, false), 0);
	assert_int_equal(memory.host[SIZE - 1], 0x5a);
	memory_destroy(&memory);
	close(fd);
}

static void ctrl_a_x_counts_as_an_interrupt_and_other_typed_keys_are_kept(void **state)
{
	struct console c;
	uint8_t typed[2];

	console_setup_on_terminal(&c);
	assert_false(terminal_wants_quit(&c.terminal));
	console_type(&c, "ab");
	assert_true(console_wait_for(STDIN_FILENO, CONSOLE_DEADLINE_MS));
	assert_false(terminal_wants_quit(&c.terminal));
	console_guest_receive(&c, typed, sizeof(typed));
	assert_memory_equal(typed, "ab", sizeof(typed));
	console_type(&c, "\001x");
	while (!terminal_wants_quit(&c.terminal))
		assert_true(console_wait_for(STDIN_FILENO, CONSOLE_DEADLINE_MS));
	assert_true(terminal_wants_quit(&c.terminal));
	/* The main loop notices it, though nothing is left to be read. */
	assert_int_equal(console_run(&c), TERMINAL_QUIT);
	console_teardown(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			signal_that_ends_dormouse_counts_as_an_interrupt_and_others_do_not),
		cmocka_unit_test_teardown(unpacking_ends_within_one_piece_of_an_interrupt,
					  be_left_alone),
		cmocka_unit_test_teardown(
			saving_and_restoring_memory_end_within_one_piece_of_an_interrupt,
			be_left_alone),
		cmocka_unit_test(ctrl_a_x_counts_as_an_interrupt_and_other_typed_keys_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
