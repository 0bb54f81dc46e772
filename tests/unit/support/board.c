/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/board.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

static void ignore(void *context, const char *message)
{
}

static void count_panic(void *context)
{
	struct board *board = context;

	board->panics++;
}

/* Not from scratch_path(), which keeps a few paths only. */
static char *make_disk(char path[64], size_t number)
{
	const int length = snprintf(path, 64, "%s/disk-%zu", scratch_folder(), number);
	int fd;

	assert_in_range(length, 1, 63);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, DISK_SECTOR_SIZE), 0);
	close(fd);

	return path;
}

void board_create(struct board *board, const struct config *config)
{
	static char none[] = TERMINAL_NONE;
	const struct device_setup setup = {
		.config = &board->config,
		.vm_name = "vm",
		.memory = &board->memory,
		.vm_fd = &board->vm_fd,
		.report = ignore,
		.panicked = count_panic,
		.context = board,
	};
	struct error error = { "" };

	memset(board, 0, sizeof(*board));
	board->vm_fd = -1;
	board->config = *config;
	board->config.console = none;
	for (size_t i = 0; i < config->disk_count; i++) {
		if (!config->disks[i].path)
			board->config.disks[i].path = make_disk(board->paths[i], i);
	}
	if (devices_create(&board->devices, &setup, &board->bus, &error) != 0)
		fail_msg("%s", error.text);
}

void board_destroy(struct board *board)
{
	devices_destroy(&board->devices, "vm");
}
