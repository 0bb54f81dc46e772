/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of a VM's record. */
#ifndef VMM_RECORD_FILE_H
#define VMM_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Replace the file in the directory @dir_fd, durably. Returns 0, or -errno:
 * then the old one is still there, or, if all but the last step succeeded, the
 * new one, but perhaps not durably.
 */
int record_file_replace(int dir_fd, const char *data, size_t size);

/** Whether there is a file; also if that cannot be determined. */
bool record_file_exists(int dir_fd);

/** Remove what a replacement made, if it is there. */
void record_file_remove(int dir_fd);

/**
 * Read up to @size bytes of the file. Returns how many there were, or -errno.
 */
ssize_t record_file_read(int dir_fd, char *data, size_t size);

#endif
