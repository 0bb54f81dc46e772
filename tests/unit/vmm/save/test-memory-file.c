/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM in pieces of a file that is written again: the file has what RAM has, and only what
 * has changed was written.
 */
#include "save/memory-file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* Of so much RAM one piece between two others is no gap between extents. */
#define RAM ((uint64_t)1 << 30)
#define POSITION MEMORY_PIECE
#define PIECES 64

/* In place of the C library's. */
static size_t written;
static int fallocate_fails;

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	written += size;

	return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	errno = fallocate_fails;

	return fallocate_fails ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

struct rig {
	struct memory memory;
	struct memory_index index;
	int fd;
};

/* --- RAM --- */

static void set_piece(struct rig *rig, uint64_t piece, uint8_t byte)
{
	memset(rig->memory.host + piece * MEMORY_PIECE, byte, MEMORY_PIECE);
}

/* With some pieces, of which piece 7 is the last before a long gap. */
static void begin(struct rig *rig)
{
	*rig = (struct rig){ .fd = memfd_create("file", MFD_CLOEXEC) };
	assert_true(rig->fd >= 0);
	assert_int_equal(memory_create(&rig->memory, RAM), 0);
	for (uint64_t piece = 2; piece < 8; piece++)
		set_piece(rig, piece, (uint8_t)piece);
	set_piece(rig, 40, 40);
	fallocate_fails = 0;
}

static void end(struct rig *rig)
{
	memory_index_free(&rig->index);
	memory_destroy(&rig->memory);
	close(rig->fd);
}

/* --- the file --- */

static void write_file(struct rig *rig, bool again)
{
	struct memory_index former = rig->index;

	memory_index_init(&rig->index, RAM, POSITION);
	rig->index.placed = true;
	written = 0;
	assert_int_equal(
		memory_file_write(rig->fd, &rig->memory, again ? &former : NULL, &rig->index), 0);
	if (again)
		memory_index_free(&former);
}

static void begin_written(struct rig *rig)
{
	begin(rig);
	write_file(rig, false);
}

static void expect_file(const struct rig *rig, int fd, const struct memory_index *index)
{
	struct memory copy;

	assert_int_equal(memory_create(&copy, RAM), 0);
	assert_int_equal(memory_file_read(fd, index, &copy), 0);
	assert_memory_equal(copy.host, rig->memory.host, PIECES * MEMORY_PIECE);
	memory_destroy(&copy);
}

static uint8_t byte_of_file(const struct rig *rig, uint64_t piece)
{
	uint8_t byte = 0;

	assert_in_range(pread(rig->fd, &byte, 1, (off_t)(POSITION + piece * MEMORY_PIECE + 9)), 0,
			1);

	return byte;
}

/* --- tests --- */

static void each_piece_is_at_its_place(void **state)
{
	struct rig rig;

	begin_written(&rig);
	assert_int_equal(written, 7 * MEMORY_PIECE);
	for (uint64_t piece = 0; piece < PIECES; piece++)
		assert_int_equal(byte_of_file(&rig, piece),
				 (piece >= 2 && piece < 8) || piece == 40 ? piece : 0);
	assert_int_equal(memory_index_end(&rig.index), POSITION + RAM);
	expect_file(&rig, rig.fd, &rig.index);
	end(&rig);
}

static void pieces_that_have_not_changed_are_not_written(void **state)
{
	struct rig rig;

	begin_written(&rig);
	write_file(&rig, true);
	assert_int_equal(written, 0);
	assert_int_equal(rig.index.piece_count, 7);
	expect_file(&rig, rig.fd, &rig.index);
	end(&rig);
}

static void a_piece_that_has_changed_is_written(void **state)
{
	struct rig rig;

	begin_written(&rig);
	rig.memory.host[5 * MEMORY_PIECE + 77]++;
	write_file(&rig, true);
	assert_int_equal(written, MEMORY_PIECE);
	expect_file(&rig, rig.fd, &rig.index);
	end(&rig);
}

static void new_pieces_move_no_others(void **state)
{
	struct rig rig;

	begin_written(&rig);
	set_piece(&rig, 0, 1);
	set_piece(&rig, 1, 1);
	set_piece(&rig, 20, 1);
	write_file(&rig, true);
	assert_int_equal(written, 3 * MEMORY_PIECE);
	expect_file(&rig, rig.fd, &rig.index);
	end(&rig);
}

/* At the front, between two others, before a gap, and at the end. */
static void pieces_that_are_zero_now_are_cleared(void **state)
{
	static const uint64_t pieces[] = { 2, 4, 7, 40 };

	for (int holes = 0; holes < 2; holes++) {
		struct rig rig;

		begin_written(&rig);
		fallocate_fails = holes ? 0 : EOPNOTSUPP;
		for (size_t i = 0; i < 4; i++)
			set_piece(&rig, pieces[i], 0);
		write_file(&rig, true);
		assert_int_equal(written, holes ? 0 : 4 * MEMORY_PIECE);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(byte_of_file(&rig, pieces[i]), 0);
		expect_file(&rig, rig.fd, &rig.index);
		end(&rig);
	}
}

/* Of two pieces, as a damaged file would have it; the sum alone does not decide. */
static void bytes_that_are_others_are_written_whatever_their_sum(void **state)
{
	struct rig rig;

	begin_written(&rig);
	assert_int_equal(pwrite(rig.fd, "x", 1, (off_t)(POSITION + 3 * MEMORY_PIECE)), 1);
	assert_int_equal(ftruncate(rig.fd, (off_t)(POSITION + 40 * MEMORY_PIECE + 9)), 0);
	write_file(&rig, true);
	assert_int_equal(written, 2 * MEMORY_PIECE);
	expect_file(&rig, rig.fd, &rig.index);
	end(&rig);
}

static void a_copy_is_packed(void **state)
{
	const int copy = memfd_create("copy", MFD_CLOEXEC);
	struct memory_index packed;
	struct rig rig;

	begin_written(&rig);
	assert_int_equal(memory_file_copy(rig.fd, copy, &rig.index), 0);
	packed = rig.index;
	packed.placed = false;
	assert_int_equal(lseek(copy, 0, SEEK_END), memory_index_end(&packed));
	assert_int_equal(memory_index_end(&packed), POSITION + 7 * MEMORY_PIECE);
	expect_file(&rig, copy, &packed);
	close(copy);
	end(&rig);
}

/* Whatever changes. */
static void many_times_one_file_has_what_ram_has(void **state)
{
	uint32_t number = 1;
	struct rig rig;

	begin_written(&rig);
	for (unsigned int times = 0; times < 100; times++) {
		for (unsigned int change = 0; change < 10; change++) {
			number = number * 1664525 + 1013904223;
			set_piece(&rig, (number >> 8) % PIECES, (uint8_t)((number >> 24) % 3));
		}
		write_file(&rig, true);
		expect_file(&rig, rig.fd, &rig.index);
	}
	end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_is_at_its_place),
		cmocka_unit_test(pieces_that_have_not_changed_are_not_written),
		cmocka_unit_test(a_piece_that_has_changed_is_written),
		cmocka_unit_test(new_pieces_move_no_others),
		cmocka_unit_test(pieces_that_are_zero_now_are_cleared),
		cmocka_unit_test(bytes_that_are_others_are_written_whatever_their_sum),
		cmocka_unit_test(a_copy_is_packed),
		cmocka_unit_test(many_times_one_file_has_what_ram_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
