/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/image-release.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char banner[] = "Linux version ";
#define BANNER_LENGTH (sizeof(banner) - 1)
/* The banner and both numbers, with what is behind them. */
#define WHOLE_LENGTH (BANNER_LENGTH + 16)
#define CHUNK_SIZE 0x10000
#define NUMBER_MAX 9999

/* A number, and where it ends; false if there is none. */
static bool parse_number(const char **at, unsigned int *number)
{
	char *end;
	const unsigned long value = strtoul(*at, &end, 10);

	if (**at < '0' || **at > '9' || value > NUMBER_MAX)
		return false;
	*at = end;
	*number = (unsigned int)value;

	return true;
}

bool image_parse_release(const char *text, struct image_release *release)
{
	if (!parse_number(&text, &release->major) || *text != '.')
		return false;
	text++;

	return parse_number(&text, &release->minor);
}

/* There are others in a kernel, such as a format for one: it has no numbers. */
static bool parse(const char *at, struct image_release *release)
{
	char text[WHOLE_LENGTH + 1];

	memcpy(text, at, WHOLE_LENGTH);
	text[WHOLE_LENGTH] = '\0';

	return image_parse_release(text + BANNER_LENGTH, release);
}

static bool find(const char *bytes, size_t size, struct image_release *release)
{
	const char *const last = bytes + size;
	const char *at = bytes;

	while ((at = memmem(at, (size_t)(last - at), banner, BANNER_LENGTH))) {
		if ((size_t)(last - at) < WHOLE_LENGTH)
			return false;
		if (parse(at, release))
			return true;
		at += BANNER_LENGTH;
	}

	return false;
}

int image_find_release(const struct packed *kernel, struct image_release *release)
{
	char bytes[WHOLE_LENGTH + CHUNK_SIZE];
	struct unpack *unpack;
	size_t kept = 0;
	ssize_t count;
	int err = unpack_begin(&unpack, kernel);

	if (err)
		return err;
	err = -ENOENT;
	do {
		size_t have;

		count = unpack_read(unpack, bytes + kept, CHUNK_SIZE);
		if (count < 0) {
			err = (int)count;
			break;
		}
		have = kept + (size_t)count;
		if (find(bytes, have, release)) {
			err = 0;
			break;
		}
		/* A banner may begin here and end in the next chunk. */
		kept = have < WHOLE_LENGTH ? have : WHOLE_LENGTH;
		memmove(bytes, bytes + have - kept, kept);
	} while (count == CHUNK_SIZE);
	unpack_end(unpack);

	return err;
}
