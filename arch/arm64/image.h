/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a flat image lies, of which flat.ld has the symbols. */
#ifndef ARCH_ARM64_IMAGE_H
#define ARCH_ARM64_IMAGE_H

extern const char image_start[];
extern const char image_end[];

#endif
