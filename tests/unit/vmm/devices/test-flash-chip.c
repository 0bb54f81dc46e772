/* SPDX-License-Identifier: BSD-3-Clause */
/* The bank of flash chips: its memory and its file agree, whatever fails. */
#include "devices/flash-chip.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/main-loop.h"
#include "board/board.h"
#include "config/config.h"
#include "devices/cfi-flash.h"
#include "host/flash-hash.h"
#include "support/scratch.h"

#define BOTH(value) ((uint32_t)(value) << 16 | (value))
#define BLOCK CFI_FLASH_BLOCK_SIZE

static struct device chip;
static const int no_vm = -1;

static struct {
	unsigned int count;
	char text[512];
} reports;

static void on_report(void *context, const char *text)
{
	reports.count++;
	snprintf(reports.text, sizeof(reports.text), "%s", text);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): a configuration owns its strings. */
static void make(char *path)
{
	const struct config config = { .machine_version = BOARD_VERSION_3, .vars_file = path };
	const struct device_setup setup = { .config = &config,
					    .vm_fd = &no_vm,
					    .report = on_report };
	struct error error = { "" };

	memset(&reports, 0, sizeof(reports));
	chip = (struct device){ .ops = &flash_chip_ops };
	if (flash_chip_ops.create(&chip, 0, &setup, &error) != 0)
		fail_msg("%s", error.text);
}

static void destroy(void)
{
	flash_chip_ops.destroy(chip.self);
}

static const uint8_t *rom(void)
{
	return chip.rom;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)flash_chip_ops.read(chip.self, offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	flash_chip_ops.write(chip.self, offset, value, 4);
}

/* Returns the status of both. */
static uint32_t program(uint64_t offset, uint32_t value)
{
	put(offset, BOTH(0x50));
	put(offset, BOTH(0x40));
	put(offset, value);

	return get(offset);
}

static uint32_t erase(uint64_t offset)
{
	put(offset, BOTH(0x50));
	put(offset, BOTH(0x20));
	put(offset, BOTH(0xd0));

	return get(offset);
}

static uint32_t word_in(const char *path, off_t offset)
{
	uint8_t bytes[4] = { 0 };
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), offset), sizeof(bytes));
	close(fd);

	return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 |
	       bytes[0];
}

static void a_bank_without_a_file_is_erased_and_can_be_programmed(void **state)
{
	make(NULL);
	assert_int_equal(chip.base, 0x04000000);
	assert_int_equal(chip.size, 64 << 20);
	assert_int_equal(rom()[0], 0xff);
	assert_int_equal(rom()[CFI_FLASH_SIZE - 1], 0xff);
	assert_int_equal(program(BLOCK, 0x12345678), BOTH(0x80));
	assert_int_equal(rom()[BLOCK], 0x78);
	assert_int_equal(rom()[BLOCK - 1], 0xff);
	assert_int_equal(erase(BLOCK), BOTH(0x80));
	assert_int_equal(rom()[BLOCK], 0xff);
	flash_chip_ops.reset(chip.self);
	assert_int_equal(get(BLOCK), 0xffffffff);
	destroy();
}

static void a_program_is_in_the_file_before_the_status_says_so(void **state)
{
	char *path = scratch_sparse("vars", 0);

	make(path);
	assert_int_equal(program(BLOCK + 4, 0x12345678), BOTH(0x80));
	assert_int_equal(word_in(path, BLOCK + 4), 0x12345678);
	assert_int_equal(word_in(path, BLOCK), 0xffffffff);
	assert_int_equal(program(0, 0), BOTH(0x80));
	assert_int_equal(erase(BLOCK), BOTH(0x80));
	assert_int_equal(word_in(path, BLOCK + 4), 0xffffffff);
	/* Without a flush, as after a kill. */
	destroy();
	make(path);
	assert_int_equal(get(0), 0);
	assert_int_equal(get(BLOCK + 4), 0xffffffff);
	destroy();
}

static void files_of_any_size_up_to_the_banks_are_accepted(void **state)
{
	static const off_t sizes[] = { 1, 4095, BLOCK, BLOCK + 1, 67108864 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *path = scratch_sparse("sized", sizes[i]);

		make(path);
		assert_int_equal(rom()[0], 0);
		assert_int_equal(rom()[sizes[i] - 1], 0);
		if (sizes[i] < CFI_FLASH_SIZE)
			assert_int_equal(rom()[sizes[i]], 0xff);
		assert_int_equal(program(CFI_FLASH_SIZE - 4, 0), BOTH(0x80));
		assert_int_equal(word_in(path, CFI_FLASH_SIZE - 4), 0);
		destroy();
	}
}

static void a_large_file_of_zeros_takes_no_memory(void **state)
{
	struct rusage before;
	struct rusage after;
	char *path = scratch_sparse("zeros", CFI_FLASH_SIZE);

	make(path);
	destroy();
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	make(path);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 16 * 1024);
	destroy();
}

static void a_file_that_shrinks_is_an_error_of_the_guests_write(void **state)
{
	char *path = scratch_sparse("shrinks", 2 * BLOCK);

	make(path);
	assert_int_equal(truncate(path, 100), 0);
	/* What it had is still there to be read. */
	assert_int_equal(get(BLOCK), 0);
	assert_int_equal(program(BLOCK, 0), BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR));
	assert_int_equal(erase(BLOCK), BOTH(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR));
	assert_int_equal(rom()[BLOCK], 0);
	assert_int_equal(reports.count, 2);
	assert_non_null(strstr(reports.text, path));
	assert_non_null(strstr(reports.text, "have become shorter"));
	destroy();
}

static void a_full_disk_is_an_error_of_the_guests_write(void **state)
{
	const struct rlimit limit = { BLOCK, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	char *path = scratch_sparse("full", BLOCK);

	(void)signal(SIGXFSZ, SIG_IGN);
	make(path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(program(BLOCK, 0), BOTH(CFI_FLASH_READY | CFI_FLASH_PROGRAM_ERROR));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(rom()[BLOCK], 0xff);
	assert_non_null(strstr(reports.text, "File too large"));
	assert_int_equal(program(BLOCK, 0), BOTH(CFI_FLASH_READY));
	assert_int_equal(word_in(path, BLOCK), 0);
	destroy();
}

/* The next start reads the file: it has what the guest has. */
static void a_write_that_fails_half_way_leaves_the_file_as_it_was(void **state)
{
	const struct rlimit limit = { BLOCK + BLOCK / 2, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	char *path = scratch_sparse("half", (off_t)3 * BLOCK);

	(void)signal(SIGXFSZ, SIG_IGN);
	make(path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(erase(BLOCK), BOTH(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(rom()[BLOCK], 0);
	assert_int_equal(word_in(path, BLOCK), 0);
	assert_int_equal(erase(BLOCK), BOTH(CFI_FLASH_READY));
	assert_int_equal(word_in(path, BLOCK), 0xffffffff);
	destroy();
}

/* Which of this process' descriptors is of the file. */
static int descriptor_of(const char *path)
{
	struct stat wanted;
	struct stat status;

	assert_int_equal(stat(path, &wanted), 0);
	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &status) == 0 && status.st_dev == wanted.st_dev &&
		    status.st_ino == wanted.st_ino)
			return fd;
	fail_msg("%s is not open", path);

	return -1;
}

static void fails_to_be_durable(int (*function)(void *self, struct error *error), const char *path)
{
	struct error error = { "" };

	assert_int_equal(function(chip.self, &error), -EBADF);
	scratch_says(&error, path, "what was written is not durable: Bad file descriptor");
}

/* A host that cannot, by a descriptor that is closed. */
static void variables_that_cannot_be_made_durable_fail_each_drain_and_flush(void **state)
{
	char *path = scratch_sparse("unsynced", BLOCK);
	struct error error = { "" };
	int kept;
	int fd;

	make(path);
	fd = descriptor_of(path);
	kept = dup(fd);
	assert_true(kept >= 0);
	assert_int_equal(program(0, 0), BOTH(CFI_FLASH_READY));
	close(fd);
	fails_to_be_durable(flash_chip_ops.flush, path);
	/* What the guest writes meanwhile is an error to it, and not in its array. */
	assert_int_equal(erase(0), BOTH(CFI_FLASH_READY | CFI_FLASH_ERASE_ERROR));
	assert_int_equal(rom()[0], 0);
	assert_non_null(strstr(reports.text, "for which the firmware gets an error: Bad file"));
	assert_int_equal(dup2(kept, fd), fd);
	close(kept);
	/* The file is good again, but what was written first may be lost. */
	fails_to_be_durable(flash_chip_ops.drain, path);
	fails_to_be_durable(flash_chip_ops.flush, path);
	destroy();
	make(path);
	assert_int_equal(program(4, 0), BOTH(CFI_FLASH_READY));
	assert_int_equal(flash_chip_ops.drain(chip.self, &error), 0);
	destroy();
}

static void variables_in_use_by_another_machine_are_refused(void **state)
{
	char *path = scratch_sparse("used", BLOCK);
	const struct config config = { .machine_version = BOARD_VERSION_3, .vars_file = path };
	const struct device_setup setup = { .config = &config,
					    .vm_fd = &no_vm,
					    .report = on_report };
	struct device other = { .ops = &flash_chip_ops };
	struct error error = { "" };
	unsigned int open_files;

	make(path);
	open_files = scratch_open_files();
	assert_int_equal(flash_chip_ops.create(&other, 0, &setup, &error), -EBUSY);
	scratch_says(&error, path, "in use by another VM");
	assert_int_equal(scratch_open_files(), open_files);
	destroy();
}

static void the_hash_of_the_contents_follows_them(void **state)
{
	char *zeros = scratch_sparse("hashed", BLOCK);
	uint64_t erased;
	uint64_t hash;

	make(NULL);
	erased = flash_chip_ops.contents(chip.self);
	(void)program(BLOCK, 0x12345678);
	hash = flash_chip_ops.contents(chip.self);
	assert_true(hash != erased);
	(void)program(2 * BLOCK, 0x12345678);
	assert_true(flash_chip_ops.contents(chip.self) != hash);
	(void)erase(2 * BLOCK);
	assert_true(flash_chip_ops.contents(chip.self) == hash);
	(void)erase(BLOCK);
	assert_true(flash_chip_ops.contents(chip.self) == erased);
	destroy();
	make(zeros);
	hash = flash_chip_ops.contents(chip.self);
	assert_true(hash != erased);
	(void)erase(0);
	assert_true(flash_chip_ops.contents(chip.self) == erased);
	destroy();
}

/* The one is recorded at the end of a run, the other is found before a clone is made. */
static void the_hash_of_the_contents_is_that_of_the_file(void **state)
{
	char *path = scratch_sparse("hashed", (off_t)3 * BLOCK);
	struct flash_file file;
	struct error error;
	uint64_t contents;
	uint64_t hash;

	make(path);
	assert_int_equal(erase(BLOCK), BOTH(CFI_FLASH_READY));
	assert_int_equal(program(5ULL * BLOCK, 0x12345678), BOTH(CFI_FLASH_READY));
	contents = flash_chip_ops.contents(chip.self);
	destroy();
	assert_int_equal(flash_file_open(&file, path, CFI_FLASH_SIZE, &error), 0);
	assert_int_equal(flash_hash_file(&file, &hash), 0);
	flash_file_close(&file);
	assert_int_equal(hash, contents);
}

static void the_file_is_synced_when_the_guest_has_been_quiet(void **state)
{
	char *path = scratch_sparse("quiet", 0);
	static struct main_loop loop;
	struct error error;

	make(path);
	loop = (struct main_loop){ 0 };
	assert_int_equal(flash_chip_ops.watch(chip.self, &loop), 0);
	assert_int_equal(loop.count, 1);
	assert_int_equal(poll(loop.fds, 1, 0), 0);
	(void)program(0, 0);
	assert_int_equal(poll(loop.fds, 1, -1), 1);
	loop.entries[0].call(loop.entries[0].context);
	assert_int_equal(poll(loop.fds, 1, 0), 0);
	assert_int_equal(flash_chip_ops.flush(chip.self, &error), 0);
	assert_int_equal(flash_chip_ops.drain(chip.self, &error), 0);
	assert_int_equal(reports.count, 0);
	destroy();
}

/* A driver's, in a block of its own. */
static void *drive(void *argument)
{
	const uint64_t block = *(const uint64_t *)argument;

	for (unsigned int i = 0; i < 50; i++) {
		(void)program(block + 4 * (uint64_t)i, i);
		(void)erase(block);
		put(block, BOTH(0xff));
		(void)get(block);
	}

	return NULL;
}

/* The chips do what the commands of both say in some order; nothing else is shared. */
static void accesses_of_two_vcpus_do_not_disturb_a_sync(void **state)
{
	static uint64_t blocks[2] = { 0, BLOCK };
	char *path = scratch_sparse("driven", 0);
	pthread_t threads[2];
	struct error error;

	make(path);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, drive, &blocks[i]), 0);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(flash_chip_ops.flush(chip.self, &error), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	flash_chip_ops.reset(chip.self);
	assert_int_equal(erase(0), BOTH(0x80));
	assert_int_equal(erase(BLOCK), BOTH(0x80));
	destroy();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bank_without_a_file_is_erased_and_can_be_programmed),
		cmocka_unit_test(a_program_is_in_the_file_before_the_status_says_so),
		cmocka_unit_test(files_of_any_size_up_to_the_banks_are_accepted),
		cmocka_unit_test(a_large_file_of_zeros_takes_no_memory),
		cmocka_unit_test(a_file_that_shrinks_is_an_error_of_the_guests_write),
		cmocka_unit_test(a_full_disk_is_an_error_of_the_guests_write),
		cmocka_unit_test(a_write_that_fails_half_way_leaves_the_file_as_it_was),
		cmocka_unit_test(variables_that_cannot_be_made_durable_fail_each_drain_and_flush),
		cmocka_unit_test(variables_in_use_by_another_machine_are_refused),
		cmocka_unit_test(the_hash_of_the_contents_follows_them),
		cmocka_unit_test(the_hash_of_the_contents_is_that_of_the_file),
		cmocka_unit_test(the_file_is_synced_when_the_guest_has_been_quiet),
		cmocka_unit_test(accesses_of_two_vcpus_do_not_disturb_a_sync),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
