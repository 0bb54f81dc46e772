/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/flash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/image.h"
#include "config/config.h"

/*
 * The piece of 0xff. It is small, as it must be filled before the guest starts;
 * it is not too small, since each of its mappings costs the kernel some memory,
 * too.
 */
#define ERASED_SIZE (256ULL * 1024)
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

/* Make the piece of 0xff. Returns a file descriptor or -errno. */
static int make_erased(void)
{
	const int fd = memfd_create("erased-flash", MFD_CLOEXEC);
	void *bytes;
	int err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)ERASED_SIZE) < 0)
		goto err_close;
	bytes = mmap(NULL, ERASED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		goto err_close;
	memset(bytes, ERASED, ERASED_SIZE);
	munmap(bytes, ERASED_SIZE);

	return fd;

err_close:
	err = -errno;
	close(fd);

	return err;
}

/* Map 0xff to all of [host, host + size), which begins at a page boundary. */
static int map_erased(int fd, uint8_t *host, uint64_t size)
{
	while (size > 0) {
		/*
		 * Where less than the whole piece is wanted, its end is mapped.
		 */
		const uint64_t part = size % ERASED_SIZE ? size % ERASED_SIZE : ERASED_SIZE;

		if (mmap(host, part, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			return -errno;
		host += part;
		size -= part;
	}

	return 0;
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
	fd = make_erased();
	if (fd < 0)
		return fd;
	err = map_erased(fd, flash->host + end, FLASH_SIZE - (uint64_t)end);
	/* The mappings keep the file open. */
	close(fd);

	return err;
}

int flash_create(struct flash *flash, const char *path, struct error *error)
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
	/* Reserve the space first, then map into it. */
	flash->host = mmap(NULL, FLASH_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
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
		munmap(flash->host, FLASH_SIZE);
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
	struct flash *flash = calloc(1, sizeof(*flash));
	int err;

	if (!flash)
		return error_set(error, -ENOMEM, "out of memory");
	err = flash_create(flash, setup->config->firmware, error);
	if (err) {
		free(flash);

		return err;
	}
	device->self = flash;
	device->base = BOARD_FLASH_BASE;
	device->size = FLASH_SIZE;
	device->rom = flash->host;

	return 0;
}

static void destroy(void *self)
{
	flash_destroy(self);
	free(self);
}

/* It has no node: a driver would send commands that are not answered. */
const struct device_ops flash_ops = {
	.name = "flash",
	.read = flash_read,
	.write = flash_write,
	.count = count,
	.create = create,
	.destroy = destroy,
	.reset = flash_reset,
};
