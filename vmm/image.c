/* SPDX-License-Identifier: BSD-3-Clause */
#include "image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header of an arm64 Image: Linux, Documentation/arch/arm64/booting.rst. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size; /* With .bss; 0 before Linux 3.17. */
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};

#define IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */
#define IMAGE_FLAG_BIG_ENDIAN 1
#define IMAGE_ALIGNMENT (2ULL << 20)

static uint64_t align_up(uint64_t value)
{
	return (value + IMAGE_ALIGNMENT - 1) & ~(IMAGE_ALIGNMENT - 1);
}

/* Open a regular file and find its size. @what is its role, for messages. */
static int open_file(const char *what, const char *path, int *fd, uint64_t *size,
		     struct error *error)
{
	struct stat status;
	int err = 0;

	/* O_NONBLOCK: a FIFO must not make us wait to be told what it is. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return error_set(error, -errno, "cannot open the %s %s: %s", what, path,
				 strerror(errno));
	if (fstat(*fd, &status) < 0)
		err = error_set(error, -errno, "cannot examine the %s %s: %s", what, path,
				strerror(errno));
	else if (S_ISDIR(status.st_mode))
		err = error_set(error, -EISDIR, "the %s %s is a directory", what, path);
	else if (!S_ISREG(status.st_mode))
		err = error_set(error, -EINVAL, "the %s %s is not a regular file", what, path);
	else if (status.st_size == 0)
		err = error_set(error, -EINVAL, "the %s %s is empty", what, path);
	if (err) {
		close(*fd);

		return err;
	}
	*size = (uint64_t)status.st_size;

	return 0;
}

/* Say what a file that is no arm64 Image seems to be, from its first bytes. */
static const char *guess(const unsigned char *start, size_t size)
{
	static const struct {
		size_t offset;
		size_t length;
		const char *bytes;
		const char *what;
	} kinds[] = {
		{ 0, 4, "\177ELF", "an ELF file" },
		{ 0, 2, "\037\213", "gzip-compressed" },
		{ 0, 4, "\050\265\057\375", "zstd-compressed" },
		{ 0, 6, "\3757zXZ", "xz-compressed" },
		{ 4, 4, "zimg", "a compressed EFI image" },
		{ 0x202, 4, "HdrS", "an x86 bzImage" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].offset + kinds[i].length <= size &&
		    memcmp(start + kinds[i].offset, kinds[i].bytes, kinds[i].length) == 0)
			return kinds[i].what;
	}

	return "of an unknown kind";
}

static int check_kernel(struct image *image, const char *path, struct error *error)
{
	union {
		struct image_header header;
		unsigned char bytes[0x210];
	} start;
	const ssize_t size = pread(image->kernel_fd, &start, sizeof(start), 0);

	if (size < 0)
		return error_set(error, -errno, "cannot read the kernel %s: %s", path,
				 strerror(errno));
	if ((size_t)size < sizeof(start.header) || le32toh(start.header.magic) != IMAGE_MAGIC)
		return error_set(error, -ENOEXEC, "the kernel %s is not an arm64 Image: it is %s",
				 path, guess(start.bytes, (size_t)size));
	if (le64toh(start.header.flags) & IMAGE_FLAG_BIG_ENDIAN)
		return error_set(error, -ENOEXEC, "the kernel %s is big-endian", path);

	uint64_t offset = le64toh(start.header.text_offset);
	uint64_t span = le64toh(start.header.image_size);

	if (span == 0) {
		/* The protocol's rule for such old kernels. */
		offset = 0x80000;
		span = image->kernel_size;
	}
	if (offset >= IMAGE_ALIGNMENT || span < image->kernel_size || span > UINT32_MAX)
		return error_set(error, -ENOEXEC,
				 "the kernel %s is damaged: its header and its length of %llu "
				 "bytes do not agree",
				 path, (unsigned long long)image->kernel_size);
	image->kernel_address = MEMORY_BASE + IMAGE_DEVICE_TREE_SIZE_MAX + offset;
	image->initrd_address = align_up(image->kernel_address + span);

	return 0;
}

int image_open(struct image *image, const char *kernel, const char *initrd, uint64_t memory_size,
	       struct error *error)
{
	int err;

	*image = (struct image){ .kernel_fd = -1, .initrd_fd = -1 };
	err = open_file("kernel", kernel, &image->kernel_fd, &image->kernel_size, error);
	if (err)
		return err;
	err = check_kernel(image, kernel, error);
	if (!err && initrd)
		err = open_file("initrd", initrd, &image->initrd_fd, &image->initrd_size, error);
	if (!err && (image->initrd_address - MEMORY_BASE > memory_size ||
		     image->initrd_size > memory_size - (image->initrd_address - MEMORY_BASE)))
		err = error_set(
			error, -ENOSPC,
			"%llu MiB of memory cannot hold the kernel %s%s%s: they need %llu MiB",
			(unsigned long long)memory_size >> 20, kernel,
			initrd ? " and the initrd " : "", initrd ? initrd : "",
			(unsigned long long)align_up(image->initrd_address - MEMORY_BASE +
						     image->initrd_size) >>
				20);
	if (err)
		image_close(image);

	return err;
}

void image_close(struct image *image)
{
	close(image->kernel_fd);
	if (image->initrd_fd >= 0)
		close(image->initrd_fd);
}

static int load(int fd, const char *what, const struct memory *memory, uint64_t address,
		uint64_t size, struct error *error)
{
	uint8_t *to = memory_at(memory, address, size);

	if (!to)
		return error_set(error, -ENOSPC, "the %s does not fit in memory", what);
	for (uint64_t done = 0; done < size;) {
		const ssize_t count = pread(fd, to + done, size - done, (off_t)done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(error, -errno, "cannot read the %s: %s", what,
					 strerror(errno));
		if (count == 0)
			return error_set(error, -EIO, "the %s was cut short while it was read",
					 what);
		done += (uint64_t)count;
	}

	return 0;
}

int image_load(const struct image *image, const struct memory *memory, struct error *error)
{
	const int err = load(image->kernel_fd, "kernel", memory, image->kernel_address,
			     image->kernel_size, error);

	if (err || image->initrd_fd < 0)
		return err;

	return load(image->initrd_fd, "initrd", memory, image->initrd_address, image->initrd_size,
		    error);
}
