/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A folder for the files of a test program, and ways to test as a user without
 * privileges: root bypasses permissions.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/** Setup and teardown of cmocka's groups: make the folder; remove it and all in it. */
int scratch_make(void **state);
int scratch_remove(void **state);

/** The folder's path. */
const char *scratch_folder(void);

/** The path of a file in it. Valid until the eighth call from now. */
char *scratch_path(const char *name);

/** Make a file of these bytes, or a sparse one of a size. Both return its path. */
char *scratch_write(const char *name, const void *data, size_t size);
char *scratch_sparse(const char *name, off_t size);

/** How many files a directory has, but for those whose names begin with a dot. */
unsigned int scratch_count_files(const char *directory);

/** How many files this process has open. */
unsigned int scratch_open_files(void);

/**
 * Run @check in a process to which permissions apply and expect it to return NULL.
 * Assertions belong to the parent: @check returns what is wrong.
 */
void scratch_unprivileged(const char *(*check)(void));

/** Expect both parts in an error's one sentence. */
void scratch_says(const struct error *error, const char *part, const char *other);

#endif
