/* SPDX-License-Identifier: BSD-3-Clause */
#include "string.h"

#include <stdint.h>

/* memory.c has the functions that a compiler may call by itself. */

/* The standard's signatures discard const, so the conversion uses integers. */

void *memchr(const void *in, int byte, size_t size)
{
	const unsigned char *bytes = in;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == (unsigned char)byte)
			return (void *)((uintptr_t)bytes + i);
	}

	return NULL;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;

	return length;
}

size_t strnlen(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length])
		length++;

	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}

	return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *in, int c)
{
	return memchr(in, c, strlen(in) + 1);
}

char *strrchr(const char *in, int c)
{
	for (size_t i = strlen(in) + 1; i-- > 0;) {
		if (in[i] == (char)c)
			return (char *)((uintptr_t)in + i);
	}

	return NULL;
}
