/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/image-kind.h"

#include <string.h>

/* The more specific ones first: an arm64 EFI image also begins with "MZ". */
static const struct {
	size_t offset;
	size_t length;
	const char *bytes;
	const char *what;
} kinds[] = {
	{ 0x202, 4, "HdrS", "an x86 bzImage" },
	{ 0x38, 4, "RSC\005", "a RISC-V Image" },
	{ 0x38, 4, "RISC", "a RISC-V Image" },
	{ 0x24, 4, "\030\050\157\001", "a 32-bit Arm zImage" },
	{ 0, 4, "\177ELF", "an ELF file" },
	{ 4, 4, "zimg", "an EFI image with an unknown compression" },
	{ 0, 2, "MZ", "an EFI or Windows program" },
	{ 0, 4, "\047\005\031\126", "a U-Boot uImage" },
	{ 0, 4, "\320\015\376\355", "a device tree or U-Boot FIT image" },
	{ 0, 2, "\037\213", "gzip-compressed" },
	{ 0, 4, "\050\265\057\375", "zstd-compressed" },
	{ 0, 6, "\3757zXZ\0", "xz-compressed" },
	{ 0, 3, "BZh", "bzip2-compressed" },
	{ 0, 4, "\002\041\114\030", "lz4-compressed" },
	{ 0, 4, "\004\042\115\030", "lz4-compressed" },
	{ 0, 4, "\211LZO", "lzop-compressed" },
	{ 0, 3, "\135\0\0", "lzma-compressed" },
	{ 0, 6, "070701", "a cpio archive, such as an initrd" },
	{ 0, 4, "QFI\373", "a QCOW disk image" },
	{ 510, 2, "\125\252", "a disk image" },
	{ 257, 5, "ustar", "a tar archive" },
	{ 0, 7, "!<arch>", "an archive, such as a Debian package" },
	{ 0, 2, "#!", "a script" },
};

const char *image_kind(const void *start, size_t size)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].offset + kinds[i].length <= size &&
		    memcmp((const char *)start + kinds[i].offset, kinds[i].bytes,
			   kinds[i].length) == 0)
			return kinds[i].what;
	}

	return "of an unknown kind";
}
