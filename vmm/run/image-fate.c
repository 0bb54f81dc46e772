/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/image-fate.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hibernation/swap.h"
#include "run/resume.h"

int run_open_disk(const char *path, uint64_t *size)
{
	struct stat status;
	int fd;

	/* Examined first, since opening a device may already start it. */
	if (stat(path, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	*size = (uint64_t)status.st_size;
	if (S_ISBLK(status.st_mode) && ioctl(fd, BLKGETSIZE64, size) < 0) {
		close(fd);
		return -1;
	}

	return fd;
}

static enum swap_fate find_fate(const struct record *record, const struct record_image *image)
{
	enum swap_fate fate = SWAP_FATE_UNREADABLE;
	struct source source;
	uint64_t size = 0;
	int fd;

	if (image->disk >= record->config.disk_count)
		return fate;
	fd = run_open_disk(record->config.disks[image->disk].path, &size);
	if (fd < 0)
		return fate;
	source = source_of_file(fd, size);
	fate = swap_fate(&source, &image->swap);
	close(fd);

	return fate;
}

size_t run_image_count(const struct record *record)
{
	/* What is on its disks now is of a later hibernation. */
	return record->state == VM_HIBERNATED ? 0 : record->image_count;
}

const char *run_image_fate(const struct record *record, size_t number, struct error *text)
{
	static const char *const words[] = {
		[SWAP_FATE_KEPT] = "kept",
		[SWAP_FATE_RELEASED] = "taken-or-discarded",
		[SWAP_FATE_REPLACED] = "replaced",
		[SWAP_FATE_OVERWRITTEN] = "overwritten",
		[SWAP_FATE_UNREADABLE] = "unreadable",
	};
	const struct record_image *image = &record->images[number];
	const struct config *config = &record->config;
	const struct swap_start start = {
		.hardware_signature = resume_kept_signature(record),
		.command_line = config->kernel ? config->append : NULL,
		.no_resume = record->no_resume,
	};
	const enum swap_fate fate = find_fate(record, image);

	swap_explain(fate, &image->swap, &start, text);

	return words[fate];
}
