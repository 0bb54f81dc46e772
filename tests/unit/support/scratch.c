/* SPDX-License-Identifier: BSD-3-Clause */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

static char folder[] = "/tmp/test-scratch-XXXXXX";

int scratch_make(void **state)
{
	/* With this umask files have the permissions that the tests expect. */
	umask(022);

	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

int scratch_remove(void **state)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_folder(void)
{
	return folder;
}

char *scratch_path(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 8];

	assert_true((size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);

	return path;
}

static char *make_file(const char *name, const void *data, size_t size, off_t length)
{
	char *path = scratch_path(name);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	if (size > 0)
		assert_int_equal(write(fd, data, size), size);
	assert_int_equal(ftruncate(fd, length), 0);
	assert_int_equal(close(fd), 0);

	return path;
}

char *scratch_write(const char *name, const void *data, size_t size)
{
	return make_file(name, data, size, (off_t)size);
}

char *scratch_sparse(const char *name, off_t size)
{
	return make_file(name, NULL, 0, size);
}

unsigned int scratch_open_files(void)
{
	unsigned int count = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);

	return count;
}

unsigned int scratch_count_files(const char *directory)
{
	DIR *dir = opendir(scratch_path(directory));
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);

	return count;
}

void scratch_unprivileged(const char *(*check)(void))
{
	char said[256] = "";
	size_t length = 0;
	ssize_t count;
	int status;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const char *what = geteuid() == 0 && setuid(NOBODY) < 0 ? "setuid" : check();

		if (what && write(ends[1], what, strlen(what)) < 0)
			_exit(2);
		_exit(what ? 1 : 0);
	}
	close(ends[1]);
	while ((count = read(ends[0], said + length, sizeof(said) - 1 - length)) > 0)
		length += (size_t)count;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("without privileges: \"%s\"", said);
}

void scratch_says(const struct error *error, const char *part, const char *other)
{
	if (!strstr(error->text, part) || !strstr(error->text, other) || strchr(error->text, '\n'))
		fail_msg("\"%s\" should say \"%s\" and \"%s\" in one line", error->text, part,
			 other);
}
