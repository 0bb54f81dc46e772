/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/flash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/image.h"
#include "boot/tree-writer.h"
#include "config/config.h"
#include "devices/erased.h"
#include "devices/flash-chip.h"

#define ERASED 0xff

static uint64_t flash_read(void *self, uint64_t offset, unsigned int size)
{
	/* KVM serves reads itself. One that it forwards must not read 0. */
	return UINT64_MAX;
}

static void flash_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
}

static void flash_reset(void *self)
{
}

/*
 * Map the file, with 0xff behind its last byte. Returns where its pages end, or
 * -errno.
 */
static int64_t map_firmware(const struct packed *file, uint8_t *host)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t end = (file->size + page - 1) / page * page;

	if (mmap(host, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file->fd, 0) ==
	    MAP_FAILED)
		return -errno;
	/* This changes our copy of the last page, not the file. */
	if (end > file->size)
		memset(host + file->size, ERASED, end - file->size);
	if (mprotect(host, end, PROT_READ) < 0)
		return -errno;

	return (int64_t)end;
}

static int map_banks(struct flash *flash, const struct packed *file)
{
	int64_t end = map_firmware(file, flash->host);
	int fd;
	int err;

	if (end < 0)
		return (int)end;
	fd = erased_create();
	if (fd < 0)
		return fd;
	err = erased_map(fd, flash->host + end, flash->size - (uint64_t)end);
	/* The mappings keep the file open. */
	close(fd);

	return err;
}

int flash_create(struct flash *flash, const char *path, unsigned int banks, struct error *error)
{
	struct packed file;
	int err = image_open_binary("firmware", path, &file, error);

	if (err)
		return err;
	if (file.size > BOARD_FLASH_BANK_SIZE) {
		err = error_set(error, -EFBIG,
				"the firmware %s is %llu bytes long, and no more than %llu MiB "
				"have room",
				path, (unsigned long long)file.size, BOARD_FLASH_BANK_SIZE >> 20);
		goto out_close;
	}
	flash->size = BOARD_FLASH_BANK_SIZE * banks;
	/* Reserve the space first, then map into it. */
	flash->host = mmap(NULL, flash->size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (flash->host == MAP_FAILED) {
		flash->host = NULL;
		err = -errno;
	} else {
		err = map_banks(flash, &file);
	}
	if (err) {
		error_set(error, err, "cannot map the firmware %s: %s", path, strerror(-err));
		flash_destroy(flash);
	}
out_close:
	close(file.fd);

	return err;
}

void flash_destroy(struct flash *flash)
{
	if (flash->host)
		munmap(flash->host, flash->size);
	flash->host = NULL;
}

/* --- as a device of the machine --- */

/* Only a machine with a firmware has one. */
static size_t count(const struct config *config)
{
	return config->firmware ? 1 : 0;
}

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	const bool has_chip = flash_chip_ops.since <= setup->config->machine_version;
	struct flash *flash = calloc(1, sizeof(*flash));
	int err;

	if (!flash)
		return error_set(error, -ENOMEM, "out of memory");
	err = flash_create(flash, setup->config->firmware, has_chip ? 1 : BOARD_FLASH_BANKS, error);
	if (err) {
		free(flash);

		return err;
	}
	flash->describes_chip = setup->config->machine_version == BOARD_VERSION_3;
	device->self = flash;
	device->base = BOARD_FLASH_BASE;
	device->size = flash->size;
	device->rom = flash->host;

	return 0;
}

static void destroy(void *self)
{
	flash_destroy(self);
	free(self);
}

/*
 * In version 3 one node has both banks, as QEMU's, but a driver such as Linux'
 * gives up the whole node if the first, which answers no command, is no chip.
 */
static void describe(const struct device *device, struct tree_writer *tree)
{
	const struct flash *flash = device->self;

	if (!flash->describes_chip)
		return;
	tree_begin_at(tree, "flash", BOARD_FLASH_BASE);
	tree_text(tree, "compatible", "cfi-flash");
	TREE_CELLS(tree, "reg", TREE_PAIR(BOARD_FLASH_BASE), TREE_PAIR(BOARD_FLASH_BANK_SIZE),
		   TREE_PAIR(BOARD_FLASH_CHIP_BASE), TREE_PAIR(BOARD_FLASH_BANK_SIZE));
	tree_cell(tree, "bank-width", BOARD_FLASH_CHIP_WIDTH);
	tree_end(tree);
}

const struct device_ops flash_ops = {
	.name = "flash",
	.read = flash_read,
	.write = flash_write,
	.count = count,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.reset = flash_reset,
};
