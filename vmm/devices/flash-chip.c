/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/flash-chip.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/main-loop.h"
#include "base/message.h"
#include "base/uniform.h"
#include "board/board.h"
#include "board/rom.h"
#include "boot/tree-writer.h"
#include "config/config.h"
#include "devices/cfi-flash.h"
#include "devices/erased.h"
#include "host/flash-file.h"
#include "host/flash-hash.h"

static_assert(CFI_FLASH_SIZE == BOARD_FLASH_BANK_SIZE, "the chips are the bank");
static_assert(CFI_FLASH_BLOCK_SIZE == ERASED_SIZE, "a block is mapped at once");
static_assert(CFI_FLASH_BLOCK_SIZE == FLASH_HASH_BLOCK_SIZE, "a block is hashed at once");

/* So long after a write the file is synced. */
#define SYNC_SECONDS 1

struct flash_chip {
	pthread_mutex_t lock; /**< See flash-chip.h: of all that is not atomic or constant. */
	struct cfi_flash chips;
	uint8_t *host; /**< The bank. */
	bool owned[CFI_FLASH_BLOCKS]; /**< Whether a block has memory of its own. */
	int erased_fd;
	struct rom rom;
	bool shown; /**< The guest has the ROM. */
	bool has_file;
	bool has_node; /**< Of its own; otherwise flash.c describes it. */
	struct flash_file file;
	int timer_fd;
	atomic_bool sync_is_due; /**< The timer runs. */
	void (*report)(void *context, const char *message);
	void *context;
};

__attribute__((format(printf, 2, 3))) static void report(const struct flash_chip *chip,
							 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	chip->report(chip->context, text);
}

/* --- the bank's memory --- */

static uint8_t *block_at(const struct flash_chip *chip, size_t block)
{
	return chip->host + block * CFI_FLASH_BLOCK_SIZE;
}

static int map_block(struct flash_chip *chip, size_t block)
{
	void *to = block_at(chip, block);

	if (mmap(to, CFI_FLASH_BLOCK_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	chip->owned[block] = true;

	return 0;
}

/*
 * Give a block that is erased memory of its own. The guest, which may have the
 * block as ROM, finds 0xff or what is stored there now.
 */
static int own_block(struct flash_chip *chip, size_t block)
{
	int err;

	if (chip->owned[block])
		return 0;
	err = map_block(chip, block);
	if (!err)
		memset(block_at(chip, block), CFI_FLASH_ERASED, CFI_FLASH_BLOCK_SIZE);

	return err;
}

/* An erased block needs none. If it cannot be given back, it stays. */
static void disown_block(struct flash_chip *chip, size_t block)
{
	if (chip->owned[block] &&
	    uniform(block_at(chip, block), CFI_FLASH_BLOCK_SIZE, CFI_FLASH_ERASED) &&
	    erased_map(chip->erased_fd, block_at(chip, block), CFI_FLASH_BLOCK_SIZE) == 0)
		chip->owned[block] = false;
}

/* Pages that were never touched are zero, and cost nothing. */
static int fill_block(struct flash_chip *chip, size_t block)
{
	const uint64_t offset = block * CFI_FLASH_BLOCK_SIZE;
	uint8_t *buffer = chip->chips.block;
	int err;

	if (flash_file_is_hole(&chip->file, offset, CFI_FLASH_BLOCK_SIZE))
		return map_block(chip, block);
	err = flash_file_read(&chip->file, offset, buffer, CFI_FLASH_BLOCK_SIZE);
	if (err || uniform(buffer, CFI_FLASH_BLOCK_SIZE, CFI_FLASH_ERASED))
		return err;
	err = map_block(chip, block);
	if (!err && !uniform(buffer, CFI_FLASH_BLOCK_SIZE, 0))
		memcpy(block_at(chip, block), buffer, CFI_FLASH_BLOCK_SIZE);

	return err;
}

static int make_bank(struct flash_chip *chip)
{
	int err;

	chip->erased_fd = erased_create();
	if (chip->erased_fd < 0)
		return chip->erased_fd;
	chip->host = mmap(NULL, CFI_FLASH_SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (chip->host == MAP_FAILED) {
		err = -errno;
		chip->host = NULL;
		goto err_close;
	}
	err = erased_map(chip->erased_fd, chip->host, CFI_FLASH_SIZE);
	if (err)
		goto err_unmap;

	return 0;

err_unmap:
	munmap(chip->host, CFI_FLASH_SIZE);
err_close:
	close(chip->erased_fd);

	return err;
}

static int fill_bank(struct flash_chip *chip)
{
	int err = 0;

	for (size_t i = 0; i * CFI_FLASH_BLOCK_SIZE < chip->file.size && !err; i++)
		err = fill_block(chip, i);

	return err;
}

/* --- what the guest changes --- */

/* A guest that writes all the time does not put it off. */
static void start_timer(struct flash_chip *chip)
{
	const struct itimerspec when = { .it_value.tv_sec = SYNC_SECONDS };

	if (atomic_exchange(&chip->sync_is_due, true))
		return;
	/* This cannot fail: the descriptor is a timer's, the time is in range. */
	(void)timerfd_settime(chip->timer_fd, 0, &when, NULL);
}

static int write_file(struct flash_chip *chip, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	int err;

	if (!chip->has_file)
		return 0;
	err = flash_file_write(&chip->file, offset, bytes, size);
	start_timer(chip);
	if (err == -ESTALE)
		report(chip,
		       "the variables %s have become shorter: the firmware gets an error when it "
		       "writes them",
		       chip->file.path);
	else if (err)
		report(chip,
		       "cannot write the variables %s, for which the firmware gets an error: %s",
		       chip->file.path, strerror(-err));

	return err;
}

/* struct cfi_flash */
static int store(void *context, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	struct flash_chip *chip = context;
	const size_t block = offset / CFI_FLASH_BLOCK_SIZE;
	int err = own_block(chip, block);

	if (!err) {
		err = write_file(chip, offset, bytes, size);
		if (!err)
			memcpy(chip->host + offset, bytes, size);
		else if (chip->has_file)
			/* What was written of it comes first, and can be again. */
			(void)flash_file_write(&chip->file, offset, chip->host + offset, size);
	}
	if (err || size == CFI_FLASH_BLOCK_SIZE)
		disown_block(chip, block);

	return err;
}

/* With the lock. What fails is tried again at the next write. */
static void update_rom(struct flash_chip *chip)
{
	const bool wanted = cfi_flash_reads_array(&chip->chips);
	int err;

	if (wanted == chip->shown)
		return;
	err = rom_show(&chip->rom, wanted);
	if (!err)
		chip->shown = wanted;
	else
		report(chip, "KVM_SET_USER_MEMORY_REGION of the flash chip: %s", strerror(-err));
}

static uint64_t chip_read(void *self, uint64_t offset, unsigned int size)
{
	struct flash_chip *chip = self;
	uint64_t value;

	pthread_mutex_lock(&chip->lock);
	value = cfi_flash_read(&chip->chips, offset, size);
	pthread_mutex_unlock(&chip->lock);

	return value;
}

static void chip_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	struct flash_chip *chip = self;

	pthread_mutex_lock(&chip->lock);
	/* What a command stores is stored after the ROM is gone. */
	for (unsigned int at = 0; at < size; at += CFI_FLASH_BUS_SIZE) {
		const unsigned int left = size - at;

		cfi_flash_write(&chip->chips, offset + at, value >> 8 * at,
				left < CFI_FLASH_BUS_SIZE ? left : CFI_FLASH_BUS_SIZE);
		update_rom(chip);
	}
	pthread_mutex_unlock(&chip->lock);
}

/* --- as a device of the machine --- */

/* Only a machine with a firmware has one. */
static size_t count(const struct config *config)
{
	return config->firmware ? 1 : 0;
}

static int open_file(struct flash_chip *chip, const char *path, struct error *error)
{
	int err;

	if (!path)
		return 0;
	err = flash_file_open(&chip->file, path, CFI_FLASH_SIZE, error);
	if (err)
		return err;
	chip->has_file = true;
	err = fill_bank(chip);

	return err ? error_set(error, err, "cannot read the variables %s: %s", path, strerror(-err))
		   : 0;
}

static void destroy(void *self)
{
	struct flash_chip *chip = self;

	if (chip->has_file)
		flash_file_close(&chip->file);
	close(chip->timer_fd);
	munmap(chip->host, CFI_FLASH_SIZE);
	close(chip->erased_fd);
	pthread_mutex_destroy(&chip->lock);
	free(chip);
}

static int make(struct flash_chip **made, struct error *error)
{
	struct flash_chip *chip = calloc(1, sizeof(*chip));
	int err;

	if (!chip)
		return error_set(error, -ENOMEM, "out of memory");
	chip->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = chip->timer_fd < 0 ? -errno : make_bank(chip);
	if (err) {
		if (chip->timer_fd >= 0)
			close(chip->timer_fd);
		free(chip);

		return error_set(error, err, "cannot make the flash chip: %s", strerror(-err));
	}
	pthread_mutex_init(&chip->lock, NULL);
	*made = chip;

	return 0;
}

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct flash_chip *chip = NULL;
	int err = make(&chip, error);

	if (err)
		return err;
	chip->chips.array = chip->host;
	chip->chips.store = store;
	chip->chips.context = chip;
	chip->report = setup->report;
	chip->context = setup->context;
	chip->rom = (struct rom){ .vm_fd = setup->vm_fd,
				  .base = BOARD_FLASH_CHIP_BASE,
				  .size = CFI_FLASH_SIZE,
				  .host = chip->host };
	chip->shown = true;
	cfi_flash_reset(&chip->chips);
	err = open_file(chip, setup->config->vars_file, error);
	if (err) {
		destroy(chip);

		return err;
	}
	chip->has_node = setup->config->machine_version != BOARD_VERSION_3;
	device->self = chip;
	device->base = chip->rom.base;
	device->size = chip->rom.size;
	device->rom = chip->host;

	return 0;
}

/* No vCPU runs, and the next power cycle begins with the ROM. */
static void reset(void *self)
{
	struct flash_chip *chip = self;

	pthread_mutex_lock(&chip->lock);
	cfi_flash_reset(&chip->chips);
	update_rom(chip);
	pthread_mutex_unlock(&chip->lock);
}

static void freeze(void *self)
{
	struct flash_chip *chip = self;

	pthread_mutex_lock(&chip->lock);
}

static void thaw(void *self)
{
	struct flash_chip *chip = self;

	pthread_mutex_unlock(&chip->lock);
}

static int sync_file(void *self, struct error *error)
{
	struct flash_chip *chip = self;
	const int err = chip->has_file ? flash_file_sync(&chip->file) : 0;

	return err ? error_set(error, err, "the variables %s: what was written is not durable: %s",
			       chip->file.path, strerror(-err))
		   : 0;
}

static void on_timer(void *context)
{
	struct flash_chip *chip = context;
	struct error error;
	uint64_t count;

	if (read(chip->timer_fd, &count, sizeof(count)) != sizeof(count))
		return;
	/* A write from here on starts it again. */
	atomic_store(&chip->sync_is_due, false);
	if (sync_file(chip, &error) < 0)
		report(chip, "%s", error.text);
}

static int watch(void *self, struct main_loop *loop)
{
	const struct flash_chip *chip = self;

	return main_loop_add(loop, MAIN_LOOP_USUAL, chip->timer_fd, on_timer, self);
}

/* The ROM follows what was loaded. */
static int serialize(void *self, struct stream *stream, struct error *error)
{
	struct flash_chip *chip = self;

	cfi_flash_serialize(&chip->chips, stream);
	if (stream_is_loading(stream))
		update_rom(chip);

	return 0;
}

static uint64_t hash_contents(const void *self)
{
	const struct flash_chip *chip = self;
	uint64_t hash = HASH_BEGIN;

	for (size_t i = 0; i < CFI_FLASH_BLOCKS; i++)
		if (chip->owned[i])
			hash = flash_hash_add(hash, i, block_at(chip, i));

	return hash;
}

static void describe(const struct device *device, struct tree_writer *tree)
{
	const struct flash_chip *chip = device->self;

	if (!chip->has_node)
		return;
	tree_begin_at(tree, "flash", device->base);
	tree_text(tree, "compatible", "cfi-flash");
	TREE_CELLS(tree, "reg", TREE_PAIR(device->base), TREE_PAIR(device->size));
	tree_cell(tree, "bank-width", BOARD_FLASH_CHIP_WIDTH);
	tree_end(tree);
}

const struct device_ops flash_chip_ops = {
	.name = "cfi-flash",
	.since = BOARD_VERSION_3,
	.read = chip_read,
	.write = chip_write,
	.count = count,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.watch = watch,
	.contents = hash_contents,
	.reset = reset,
	.drain = sync_file,
	.freeze = freeze,
	.thaw = thaw,
	.flush = sync_file,
	.serialize = serialize,
};
