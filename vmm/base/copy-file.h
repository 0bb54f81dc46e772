/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copy the contents of a file in the way that costs the host least: the two
 * share their storage until one is written (FICLONE), where the file system has
 * that. Else the kernel copies it (copy_file_range()), or we do, and what is a
 * hole stays one, where the file system says where holes are.
 */
#ifndef VMM_COPY_FILE_H
#define VMM_COPY_FILE_H

#include <stdint.h>

/** Called between two pieces with the progress, in bytes of the size; may be NULL. */
struct copy_file_watch {
	void (*progress)(void *context, uint64_t done);
	void *context;
};

/**
 * Copy the first @size bytes of the regular file @from to @to, which is empty.
 * Neither's position matters or is kept. It is not durable yet. Returns 0;
 * -ENODATA if @from ends earlier; -ECANCELED if the user wants dormouse to end
 * (interrupt.h); or another -errno of reading or writing.
 */
int copy_file(int from, int to, uint64_t size, const struct copy_file_watch *watch);

/**
 * Have @to, which is empty, share all of @from's storage. Returns 0, or -errno if the
 * file system has no such thing; then @to is still empty.
 */
int copy_file_share(int from, int to);

#endif
