/* SPDX-License-Identifier: BSD-3-Clause */
#include "disk-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static int rig_read(const struct source *source, uint64_t offset, void *bytes, size_t size)
{
	struct disk_rig *rig = source->context;

	rig->reads++;
	if (rig->is_bad && rig->bad >= offset && rig->bad - offset < size)
		return -EIO;
	memcpy(bytes, rig->bytes + offset, size);

	return 0;
}

void disk_rig_make(struct disk_rig *rig, size_t size)
{
	memset(rig, 0, sizeof(*rig));
	rig->bytes = calloc(1, size);
	assert_non_null(rig->bytes);
	rig->source = (struct source){ .read = rig_read, .size = size, .context = rig };
}

void disk_rig_load(struct disk_rig *rig, const char *path)
{
	struct stat status;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	disk_rig_make(rig, (size_t)status.st_size);
	assert_int_equal(read(fd, rig->bytes, (size_t)status.st_size), status.st_size);
	close(fd);
}

void disk_rig_free(struct disk_rig *rig)
{
	free(rig->bytes);
}

void put_le16(uint8_t *at, uint16_t number)
{
	at[0] = (uint8_t)number;
	at[1] = (uint8_t)(number >> 8);
}

void put_le32(uint8_t *at, uint32_t number)
{
	put_le16(at, (uint16_t)number);
	put_le16(at + 2, (uint16_t)(number >> 16));
}

void put_le64(uint8_t *at, uint64_t number)
{
	put_le32(at, (uint32_t)number);
	put_le32(at + 4, (uint32_t)(number >> 32));
}

void put_slot(struct disk_rig *rig, uint64_t table, unsigned int slot, uint8_t type, uint32_t first,
	      uint32_t sectors)
{
	uint8_t *sector = rig->bytes + table * SECTOR;
	uint8_t *at = sector + 446 + (size_t)slot * 16;

	put_le16(sector + 510, 0xaa55);
	at[4] = type;
	put_le32(at + 8, first);
	put_le32(at + 12, sectors);
}

static void put_header(struct disk_rig *rig, const struct gpt_rig *gpt, size_t at, size_t entries)
{
	uint8_t *header = rig->bytes + at;

	memcpy(header, "EFI PART", 8);
	put_le32(header + 8, 0x10000);
	put_le32(header + 12, 92);
	put_le64(header + 24, at / gpt->sector_size);
	put_le64(header + 72, entries / gpt->sector_size);
	put_le32(header + 80, gpt->entry_count);
	put_le32(header + 84, 128);
	sign_gpt(rig, at);
}

struct gpt_rig put_gpt(struct disk_rig *rig, uint32_t sector_size)
{
	const size_t table = (size_t)128 * 128;
	const size_t size = (size_t)rig->source.size;
	const struct gpt_rig gpt = {
		.sector_size = sector_size,
		.header = sector_size,
		.entries = (size_t)2 * sector_size,
		.backup = size - sector_size,
		.backup_entries = size - sector_size - table,
		.entry_count = 128,
	};

	put_slot(rig, 0, 0, 0xee, 1, UINT32_MAX);
	put_header(rig, &gpt, gpt.header, gpt.entries);
	put_header(rig, &gpt, gpt.backup, gpt.backup_entries);

	return gpt;
}

void put_entry(struct disk_rig *rig, const struct gpt_rig *gpt, uint32_t number, uint64_t first,
	       uint64_t last)
{
	const size_t tables[] = { gpt->entries, gpt->backup_entries };

	for (size_t i = 0; i < 2; i++) {
		uint8_t *entry = rig->bytes + tables[i] + (size_t)128 * (number - 1);

		memset(entry, 0x33, 16);
		put_le64(entry + 32, first);
		put_le64(entry + 40, last);
	}
	sign_gpt(rig, gpt->header);
	sign_gpt(rig, gpt->backup);
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
	return (uint32_t)crc32(0, bytes, (uInt)size);
}

void sign_gpt(struct disk_rig *rig, size_t at)
{
	uint8_t *header = rig->bytes + at;
	const size_t size = source_le32(header + 12);
	const uint64_t sector_size = at / (source_le64(header + 24) ? source_le64(header + 24) : 1);
	const uint64_t entries = source_le64(header + 72) * sector_size;
	const uint64_t length =
		(uint64_t)source_le32(header + 80) * (uint64_t)source_le32(header + 84);

	if (entries <= rig->source.size && length <= rig->source.size - entries)
		put_le32(header + 88, checksum(rig->bytes + entries, (size_t)length));
	put_le32(header + 16, 0);
	if (size <= rig->source.size - at)
		put_le32(header + 16, checksum(header, size));
}

void put_swap(struct disk_rig *rig, uint64_t offset, uint32_t page_size, const char *signature,
	      const char *original)
{
	uint8_t *end = rig->bytes + offset + page_size;

	/* Its version and its last page. */
	put_le32(rig->bytes + offset + 1024, 1);
	put_le32(rig->bytes + offset + 1028, 99);
	memset(end - 20, 0, 20);
	memcpy(end - 10, signature, strnlen(signature, 10));
	memcpy(end - 20, original, strnlen(original, 10));
}

void put_image(struct disk_rig *rig, uint64_t offset, uint32_t page_size, uint32_t flags,
	       uint32_t hardware_signature, uint64_t first_page)
{
	uint8_t *end = rig->bytes + offset + page_size;

	put_le32(end - 24, flags);
	put_le64(end - 32, first_page);
	put_le32(end - 36, 0xc0c0c0c0);
	put_le32(end - 40, hardware_signature);
}

void run_tool(const char *input, const char *path, const char *argument, const char *second)
{
	int status;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const int in = open(input ? input : "/dev/null", O_RDONLY);
		const int out = open("/dev/null", O_WRONLY);

		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execl(path, path, argument, second, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
