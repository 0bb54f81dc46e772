/* SPDX-License-Identifier: BSD-3-Clause */
#include "next.h"

#include "../arch/arm64/kernel-image.h"
#include "fw-cfg.h"
#include "layout.h"
#include "machine.h"
#include "memory.h"

/* A flat program begins with a branch over its own head, as U-Boot does. */
#define BRANCH_MASK 0xfc000000
#define BRANCH 0x14000000

#define INITRD_ALIGN UINT64_C(0x200000)

static char cmdline[NEXT_CMDLINE_MAX];

/* How much memory the image takes; images of kernels before 3.17 do not say. */
static uint64_t span(const struct kernel_image *image, uint64_t file_size)
{
	return image->size > file_size ? image->size : file_size;
}

/* Where it has to be, as an offset from a multiple of 2 MiB. */
static uint64_t text_offset(const struct kernel_image *image)
{
	return image->size ? image->text_offset : 0x80000;
}

static const char *load_kernel(struct next *next, uint32_t size, uint64_t *end)
{
	const struct kernel_image *image = (const struct kernel_image *)NEXT_BASE;
	uint64_t at;

	if (size < sizeof(*image) || !fw_cfg_read(FW_CFG_KERNEL_DATA, NEXT_BASE, sizeof(*image)) ||
	    image->magic != KERNEL_IMAGE_MAGIC)
		return "the kernel that QEMU has is no arm64 Image";
	/* It is about to be overwritten. */
	const struct kernel_image head = *image;

	at = NEXT_BASE + text_offset(&head);
	if (text_offset(&head) >= MAP_LIMIT || span(&head, size) >= MAP_LIMIT ||
	    !machine_is_ram(NEXT_BASE, at - NEXT_BASE + span(&head, size)))
		return "the kernel does not fit into RAM";
	if (!fw_cfg_read(FW_CFG_KERNEL_DATA, at, size))
		return "the kernel could not be read";
	next->entry = at;
	*end = at + span(&head, size);

	return NULL;
}

static const char *load_initrd(struct next *next, uint64_t kernel_end)
{
	const uint32_t size = fw_cfg_number(FW_CFG_INITRD_SIZE);
	const uint64_t at = (kernel_end + INITRD_ALIGN - 1) & ~(INITRD_ALIGN - 1);

	if (size == 0)
		return NULL;
	if (!machine_is_ram(at, size))
		return "the initrd does not fit into RAM behind the kernel";
	if (!fw_cfg_read(FW_CFG_INITRD_DATA, at, size))
		return "the initrd could not be read";
	next->initrd = at;
	next->initrd_size = size;

	return NULL;
}

/* By way of RAM that is free: the device does not reach ours. */
static const char *load_cmdline(uint64_t free_ram)
{
	const char *text = (const char *)(uintptr_t)free_ram;
	uint32_t size = fw_cfg_number(FW_CFG_CMDLINE_SIZE);

	if (size == 0)
		return NULL;
	if (size >= NEXT_CMDLINE_MAX)
		return "the kernel's command line is too long";
	if (!machine_is_ram(free_ram, size) || !fw_cfg_read(FW_CFG_CMDLINE_DATA, free_ram, size))
		return "the kernel's command line could not be read";
	for (uint32_t i = 0; i < size; i++)
		cmdline[i] = text[i];

	return NULL;
}

static const char *load(struct next *next, uint32_t size)
{
	uint64_t kernel_end = 0;
	const char *problem;

	next->from_qemu = true;
	/* First the one that needs memory where the kernel will be. */
	problem = load_cmdline(NEXT_BASE);
	if (!problem)
		problem = load_kernel(next, size, &kernel_end);
	if (!problem)
		problem = load_initrd(next, kernel_end);

	return problem;
}

static const char *find_in_ram(struct next *next)
{
	const struct kernel_image *image = (const struct kernel_image *)NEXT_BASE;

	if (!machine_is_ram(NEXT_BASE, sizeof(*image)))
		return "there is too little RAM for a next stage";
	if (image->magic == KERNEL_IMAGE_MAGIC) {
		if (image->size >= MAP_LIMIT || !machine_is_ram(NEXT_BASE, span(image, 1)))
			return "the Image at RAM + 2 MiB does not fit into RAM";
		if (text_offset(image) % INITRD_ALIGN && !(image->flags & KERNEL_IMAGE_ANYWHERE))
			return "the Image at RAM + 2 MiB wants to be elsewhere";
	} else if ((image->code[0] & BRANCH_MASK) != BRANCH) {
		return "there is no next stage: give QEMU -kernel, or load one at RAM + 2 MiB";
	}
	next->entry = NEXT_BASE;

	return NULL;
}

const char *next_find(struct next *next)
{
	const uint32_t size = fw_cfg_present() ? fw_cfg_number(FW_CFG_KERNEL_SIZE) : 0;

	*next = (struct next){ .cmdline = cmdline };

	return size ? load(next, size) : find_in_ram(next);
}
