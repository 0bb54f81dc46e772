/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board/board.h"
#include "boot/image-kind.h"
#include "boot/image-layout.h"
#include "boot/image-pe.h"

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
#define IMAGE_OLD_TEXT_OFFSET 0x80000
/* No kernel uses as much, with .bss. */
#define KERNEL_SPAN_LIMIT (4ULL << 30)

/* An EFI program that carries a compressed Image: Linux, CONFIG_EFI_ZBOOT. */
struct zboot_header {
	uint8_t mz[4];
	uint8_t zimg[4];
	uint32_t payload_offset;
	uint32_t payload_size;
	uint32_t reserved[2];
	char compression[32];
};

/* The first bytes of a file. */
union start {
	struct image_header header;
	struct zboot_header zboot;
	unsigned char bytes[IMAGE_KIND_SIZE];
};

int image_open_file(const char *what, const char *path, struct packed *file, struct error *error)
{
	struct stat status;
	/*
	 * O_NONBLOCK: opening a FIFO must not block before we know what it is.
	 */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err = 0;

	if (fd < 0)
		return error_set(error, -errno, "cannot open the %s %s: %s", what, path,
				 strerror(errno));
	if (fstat(fd, &status) < 0)
		err = error_set(error, -errno, "cannot examine the %s %s: %s", what, path,
				strerror(errno));
	else if (S_ISDIR(status.st_mode))
		err = error_set(error, -EISDIR, "the %s %s is a directory", what, path);
	else if (!S_ISREG(status.st_mode))
		err = error_set(error, -EINVAL, "the %s %s is not a regular file", what, path);
	else if (status.st_size == 0)
		err = error_set(error, -EINVAL, "the %s %s is empty", what, path);
	if (err) {
		close(fd);

		return err;
	}
	*file = (struct packed){ .fd = fd, .size = (uint64_t)status.st_size };

	return 0;
}

int image_open_binary(const char *what, const char *path, struct packed *file, struct error *error)
{
	char start[4] = "";
	struct packed found = { .fd = -1 };
	int err = image_open_file(what, path, &found, error);

	if (err)
		return err;
	/* The functions that read it find out whether that works. */
	if (pread(found.fd, start, sizeof(start), 0) != sizeof(start) ||
	    memcmp(start, "\177ELF", sizeof(start)) != 0) {
		*file = found;

		return 0;
	}
	close(found.fd);

	return error_set(error, -ENOEXEC,
			 "the %s %s is an ELF file, not a raw binary: convert it with objcopy -O "
			 "binary",
			 what, path);
}

/* Compose the reason for which reading failed. */
static int read_error(int err, const char *what, const char *path, const struct packed *from,
		      struct error *error)
{
	const char *packing = unpack_word(from->packing);

	if (err == -EBADMSG)
		return error_set(error, err, "the %s %s is damaged: it cannot be unpacked by %s",
				 what, path, packing);
	if (err == -ENODATA)
		return error_set(error, err, "the %s %s is truncated%s%s", what, path,
				 *packing ? ": more data should follow, according to " : "",
				 packing);
	if (err == -EILSEQ)
		return error_set(
			error, err,
			"the %s %s is damaged, or contains more than a %s: something other than "
			"zeros follows the data compressed by %s",
			what, path, what, packing);
	if (err == -E2BIG)
		return error_set(error, err,
				 "the %s %s is compressed by %s with a window of more than %llu "
				 "MiB, which is the limit",
				 what, path, packing, (1ULL << UNPACK_WINDOW_LOG_MAX) >> 20);
	if (err == -ENOKEY)
		return error_set(
			error, err,
			"the %s %s is compressed by %s with a dictionary, and cannot be unpacked "
			"without it",
			what, path, packing);

	return error_set(error, err, "cannot read the %s %s: %s", what, path, strerror(-err));
}

/* Read the first bytes of the unpacked @from. Returns how many, or -errno. */
static ssize_t read_start(const struct packed *from, union start *start)
{
	struct unpack *unpack;
	ssize_t ret = unpack_begin(&unpack, from);

	if (ret < 0)
		return ret;
	ret = unpack_read(unpack, start, sizeof(*start));
	unpack_end(unpack);

	return ret;
}

static uint64_t span_limit(const struct config *config)
{
	return config->memory < KERNEL_SPAN_LIMIT ? config->memory : KERNEL_SPAN_LIMIT;
}

/* For a kernel that uses span_limit() or more. */
static int too_large(const struct config *config, struct error *error)
{
	const char *path = config->kernel;

	if (config->memory < KERNEL_SPAN_LIMIT)
		return error_set(error, -ENOSPC,
				 "%llu MiB of memory cannot hold the kernel %s, which is larger",
				 (unsigned long long)config->memory >> 20, path);

	return error_set(error, -EFBIG,
			 "the kernel %s is too large: it must be smaller than %llu MiB", path,
			 KERNEL_SPAN_LIMIT >> 20);
}

/*
 * Count the unpacked bytes, for kernels whose header does not say. Returns 0,
 * or -errno: -EFBIG as soon as it is @limit or more.
 */
static int measure(const struct packed *from, uint64_t limit, uint64_t *size)
{
	static const size_t piece = (size_t)1 << 20;
	struct unpack *unpack;
	void *bytes = malloc(piece);
	ssize_t count = bytes ? unpack_begin(&unpack, from) : -ENOMEM;

	*size = 0;
	if (count < 0) {
		free(bytes);

		return (int)count;
	}
	do {
		count = unpack_read(unpack, bytes, piece);
		if (count > 0)
			*size += (uint64_t)count;
	} while (count > 0 && *size < limit);
	unpack_end(unpack);
	free(bytes);

	return count > 0 ? -EFBIG : (int)count;
}

/*
 * Use the part of an EFI program that is the kernel, if it has one. Returns 0,
 * or -ENODATA if the file ends before that part does.
 */
static int enter_zboot(struct packed *kernel, const union start *start)
{
	static const char *const gzip = "gzip";
	static const char *const zstd = "zstd";
	const struct zboot_header *zboot = &start->zboot;
	const uint64_t offset = le32toh(zboot->payload_offset);
	const uint64_t size = le32toh(zboot->payload_size);

	if (memcmp(zboot->mz, "MZ", 2) != 0 || memcmp(zboot->zimg, "zimg", 4) != 0)
		return 0;
	/* The kernel's build calls its zstd by level, "zstd22". */
	if (strncmp(zboot->compression, gzip, strlen(gzip)) == 0)
		kernel->packing = PACKING_GZIP;
	else if (strncmp(zboot->compression, zstd, strlen(zstd)) == 0)
		kernel->packing = PACKING_ZSTD;
	else
		return 0;
	if (offset > kernel->size || size > kernel->size - offset)
		return -ENODATA;
	kernel->offset = offset;
	kernel->size = size;

	return 0;
}

/*
 * Detect the kernel's compression and read the header inside. @start then holds
 * the innermost one.
 */
static int find_header(struct packed *kernel, const char *path, union start *start,
		       struct error *error)
{
	ssize_t size;
	int err = 0;

	memset(start, 0, sizeof(*start));
	size = read_start(kernel, start);
	if (size >= (ssize_t)sizeof(start->zboot))
		err = enter_zboot(kernel, start);
	if (!err && size > 0 && kernel->packing == PACKING_NONE)
		err = unpack_detect(kernel);
	if (err)
		return read_error(err, "kernel", path, kernel, error);
	if (size > 0 && kernel->packing != PACKING_NONE) {
		memset(start, 0, sizeof(*start));
		size = read_start(kernel, start);
	}
	if (size < 0)
		return read_error((int)size, "kernel", path, kernel, error);
	if ((size_t)size < sizeof(start->header) || le32toh(start->header.magic) != IMAGE_MAGIC)
		return error_set(error, -ENOEXEC,
				 "the kernel %s is not an arm64 Image: it is %s%s%s", path,
				 unpack_word(kernel->packing),
				 kernel->packing == PACKING_NONE ? "" : "-compressed, and within ",
				 image_kind(start, (size_t)size));

	return 0;
}

/* Of a kernel that has @size bytes. */
static int cut_short(const struct image *image, uint64_t size, struct error *error)
{
	return error_set(error, -ENODATA,
			 "the kernel %s is truncated: it has %llu bytes, and %llu according to "
			 "its header",
			 image->config->kernel, (unsigned long long)size,
			 (unsigned long long)image->kernel_end);
}

static int lay_out_kernel(struct image *image, struct error *error)
{
	const char *path = image->config->kernel;
	union start start;
	int err = find_header(&image->kernel, path, &start, error);

	if (err)
		return err;
	if (le64toh(start.header.flags) & IMAGE_FLAG_BIG_ENDIAN)
		return error_set(error, -ENOEXEC, "the kernel %s is big-endian", path);

	uint64_t offset = le64toh(start.header.text_offset);
	uint64_t span = le64toh(start.header.image_size);

	if (span == 0) {
		/* The boot protocol's rule for such old kernels. */
		offset = IMAGE_OLD_TEXT_OFFSET;
		err = measure(&image->kernel, span_limit(image->config), &span);
		if (err == -EFBIG)
			return too_large(image->config, error);
		if (err)
			return read_error(err, "kernel", path, &image->kernel, error);
	}
	if (span >= KERNEL_SPAN_LIMIT)
		return error_set(
			error, -EFBIG,
			"the kernel %s is too large: it uses %llu MiB of memory according to its "
			"header, and must use less than %llu",
			path, (unsigned long long)(span >> 20), KERNEL_SPAN_LIMIT >> 20);
	if (offset >= IMAGE_ALIGNMENT ||
	    (image->kernel.packing == PACKING_NONE && span < image->kernel.size))
		return error_set(error, -ENOEXEC,
				 "the kernel %s is damaged: its header and its length of %llu "
				 "bytes do not agree",
				 path, (unsigned long long)image->kernel.size);
	image->kernel_end = image_pe_end(&start, sizeof(start));
	if (image->kernel.packing == PACKING_NONE && image->kernel_end > image->kernel.size)
		return cut_short(image, image->kernel.size, error);
	image->kernel_address = MEMORY_BASE + IMAGE_ALIGNMENT + offset;
	image->kernel_span = span;

	return 0;
}

/* A file that fw_cfg hands to a firmware: its sizes have 32 bits. */
static int open_for_firmware(const char *what, const char *path, struct packed *file,
			     struct error *error)
{
	const int err = image_open_file(what, path, file, error);

	if (err || file->size <= UINT32_MAX)
		return err;

	return error_set(error, -EFBIG,
			 "the %s %s is too large for a firmware: it must be smaller than 4 GiB",
			 what, path);
}

/* UEFI starts programs of EFI only, as an Image is, and unpacks nothing. */
static int check_efi_program(const struct image *image, struct error *error)
{
	char start[2];

	/* The functions that read it find out whether that works. */
	if (pread(image->kernel.fd, start, sizeof(start), 0) != sizeof(start) ||
	    memcmp(start, "MZ", sizeof(start)) == 0)
		return 0;

	return error_set(
		error, -ENOEXEC,
		"the kernel %s is no EFI program, which a firmware could start: unpack it, "
		"if it is compressed",
		image->config->kernel);
}

/*
 * A firmware itself finds what it boots, or takes it from fw_cfg, which has the
 * files' bytes.
 */
static int open_files_of_firmware(struct image *image, struct error *error)
{
	const struct config *config = image->config;
	int err;

	if (!config->kernel)
		return 0;
	if (config->machine_version < BOARD_VERSION_3)
		return error_set(
			error, -EINVAL,
			"--kernel with --firmware: a machine of version %u has no fw_cfg, by "
			"which the firmware would get the kernel",
			config->machine_version);
	err = open_for_firmware("kernel", config->kernel, &image->kernel, error);
	if (!err)
		err = check_efi_program(image, error);
	if (!err && config->initrd)
		err = open_for_firmware("initrd", config->initrd, &image->initrd, error);

	return err;
}

static int open_files(struct image *image, struct error *error)
{
	const struct config *config = image->config;
	int err;

	image->device_tree_address = MEMORY_BASE;
	if (config->firmware)
		return open_files_of_firmware(image, error);
	if (config->flat)
		err = image_open_binary("flat binary", config->flat, &image->kernel, error);
	else
		err = image_open_file("kernel", config->kernel, &image->kernel, error);
	if (!err)
		err = config->flat ? image_lay_out_flat(image, error)
				   : lay_out_kernel(image, error);
	if (!err && config->initrd)
		err = image_open_file("initrd", config->initrd, &image->initrd, error);
	if (err)
		return err;
	image->entry = image->kernel_address;

	return image_lay_out_rest(image, error);
}

int image_open(struct image *image, const struct config *config, struct error *error)
{
	int err;

	*image = (struct image){
		.config = config,
		.kernel.fd = -1,
		.initrd.fd = -1,
	};
	err = open_files(image, error);
	if (err)
		image_close(image);

	return err;
}

void image_close(struct image *image)
{
	if (image->kernel.fd >= 0)
		close(image->kernel.fd);
	if (image->initrd.fd >= 0)
		close(image->initrd.fd);
}

/*
 * Unpack to @address at most @size bytes. Returns how many, or -errno, -EFBIG
 * if there are more.
 */
static int64_t load(const struct packed *from, const struct memory *memory, uint64_t address,
		    uint64_t size)
{
	uint8_t *to = memory_at(memory, address, size);
	struct unpack *unpack;
	uint8_t excess;
	int64_t ret;

	/* image_open() has checked it. */
	if (!to)
		return -ENOSPC;
	ret = unpack_begin(&unpack, from);
	if (ret < 0)
		return ret;
	ret = unpack_read(unpack, to, size);
	if (ret == (int64_t)size) {
		const ssize_t more = unpack_read(unpack, &excess, sizeof(excess));

		if (more != 0)
			ret = more < 0 ? more : -EFBIG;
	}
	unpack_end(unpack);

	return ret;
}

static int load_kernel(const struct image *image, const struct memory *memory, struct error *error)
{
	const char *what = image->config->flat ? "flat binary" : "kernel";
	const char *path = image->config->flat ? image->config->flat : image->config->kernel;
	const int64_t size =
		load(&image->kernel, memory, image->kernel_address, image->kernel_span);

	if (size == -EFBIG)
		return error_set(error, (int)size,
				 "the %s %s is damaged: it unpacks to more than the %llu bytes "
				 "that its header gives",
				 what, path, (unsigned long long)image->kernel_span);
	/* Such as a file that ends between two frames. */
	if (size >= 0 && (uint64_t)size < image->kernel_end)
		return cut_short(image, (uint64_t)size, error);

	return size < 0 ? read_error((int)size, what, path, &image->kernel, error) : 0;
}

int image_load(const struct image *image, const struct memory *memory, struct error *error)
{
	int64_t size;
	int err = 0;

	if (image->config->firmware)
		return 0;
	if (image->kernel.fd >= 0)
		err = load_kernel(image, memory, error);
	if (err || image->initrd.fd < 0)
		return err;
	size = load(&image->initrd, memory, image->initrd_address, image->initrd_size);

	return size < 0 ? read_error((int)size, "initrd", image->config->initrd, &image->initrd,
				     error)
			: 0;
}
