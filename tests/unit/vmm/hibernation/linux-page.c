/* SPDX-License-Identifier: BSD-3-Clause */
#include "linux-page.h"

#include <string.h>

#define UUID_OFFSET 0x400
#define END_SIZE 48

struct page {
	uint8_t start[32]; /* At UUID_OFFSET. */
	uint8_t end[END_SIZE + 1]; /* With the NUL of its last string. */
};

static const struct page pages[] = {
	[LINUX_PAGE_ACPI] = {
		{ 0x01, 0, 0, 0, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0x24, 0x65, 0x35, 0xae,
		  0x2e, 0x80, 0x49, 0x72, 0x84, 0x32, 0xb3, 0x1f, 0x62, 0x34, 0xe2, 0x53 },
		"\0\0\0\0\0\0\0\0\xa0\x79\x7f\x10\xbf\x58\x31\x3f\1\0\0\0\0\0\0\0\x0c\0\0\0"
		"SWAPSPACE2S1SUSPEND",
	},
	[LINUX_PAGE_ACPI_RESUMED] = {
		{ 0x01, 0, 0, 0, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0x24, 0x65, 0x35, 0xae,
		  0x2e, 0x80, 0x49, 0x72, 0x84, 0x32, 0xb3, 0x1f, 0x62, 0x34, 0xe2, 0x53 },
		"\0\0\0\0\0\0\0\0\xa0\x79\x7f\x10\xbf\x58\x31\x3f\1\0\0\0\0\0\0\0\x0c\0\0\0"
		"SWAPSPACE2SWAPSPACE2",
	},
	[LINUX_PAGE_DEVICE_TREE] = {
		{ 0x01, 0, 0, 0, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0xaf, 0xac, 0x23, 0xa2,
		  0x23, 0x2c, 0x4f, 0xaa, 0xb7, 0x6c, 0x8e, 0x66, 0x3e, 0xc4, 0x7b, 0xcf },
		"\0\0\0\0\0\0\0\0\0\0\0\0\xd0\x1f\xa4\x07\1\0\0\0\0\0\0\0\x04\0\0\0"
		"SWAPSPACE2S1SUSPEND",
	},
};

void put_linux_page(uint8_t *bytes, enum linux_page page)
{
	memset(bytes, 0, LINUX_PAGE_SIZE);
	memcpy(bytes + UUID_OFFSET, pages[page].start, sizeof(pages[page].start));
	memcpy(bytes + LINUX_PAGE_SIZE - END_SIZE, pages[page].end, END_SIZE);
}
