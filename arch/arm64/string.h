/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of <string.h> that the compiler, libfdt and our images use.
 */
#ifndef ARCH_ARM64_STRING_H
#define ARCH_ARM64_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *in, int byte, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
int strcmp(const char *a, const char *b);
char *strchr(const char *in, int c);
char *strrchr(const char *in, int c);

#endif
