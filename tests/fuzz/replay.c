/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target on files, without a fuzzer: what was found once stays found.
 *
 *	replay-NAME [CORPUS]
 *
 * CORPUS is tests/fuzz/corpus/NAME unless it is given.
 */
#include "input.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)1 << 20)

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);

	/* An exact copy, so that a byte read behind the end is noticed. */
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy) {
		perror(path);
		return -1;
	}
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);

	return 0;
}

/* TAP: one test, which is the whole corpus. A finding aborts. */
int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	char path[2 * PATH_MAX];
	char corpus[PATH_MAX];
	const char *name = strstr(argv[0], "replay-");
	int count;

	if (argc > 2 || !name) {
		fprintf(stderr, "usage: replay-NAME [CORPUS]\n");
		return 2;
	}
	if (argc == 2)
		snprintf(corpus, sizeof(corpus), "%s", argv[1]);
	else
		snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", name + strlen("replay-"));
	count = scandir(corpus, &entries, is_input, by_name);
	if (count <= 0) {
		fprintf(stderr, "%s: there is no corpus in %s\n", argv[0], corpus);
		return 1;
	}
	printf("1..1\n");
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", corpus, entries[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);
		if (replay(path) < 0)
			return 1;
		free(entries[i]);
	}
	free(entries);
	printf("ok 1 - %s: %d inputs\n", corpus, count);

	return 0;
}
