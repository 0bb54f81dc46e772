/* SPDX-License-Identifier: BSD-3-Clause */
/* Text made of a format and what it names, for images that have no C library. */
#ifndef ARCH_ARM64_FORMAT_H
#define ARCH_ARM64_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/** As vsnprintf(), limited to %s %c %d %u %x %%, with l, ll, a width and padding with zeros. */
size_t format_text(char *to, size_t size, const char *format, va_list args);

#endif
