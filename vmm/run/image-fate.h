/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of the hibernation images that a VM was started with. */
#ifndef VMM_RUN_IMAGE_FATE_H
#define VMM_RUN_IMAGE_FATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/record.h"

/**
 * How many images of @record there is something to say of: none if the VM has
 * hibernated again, or has not been started since.
 */
size_t run_image_count(const struct record *record);

/**
 * Determine what became of one of them. The disk is read as it is, without its
 * lock, which the VM's dormouse may hold.
 *
 * Returns its word in `dormouse status --json`; @text is a sentence.
 */
const char *run_image_fate(const struct record *record, size_t number, struct error *text);

/**
 * Open a disk to read it, without its lock, which the VM's dormouse may hold. Returns
 * a descriptor, which the caller closes, with @size set in bytes; or -1 if it cannot
 * be opened or is no disk.
 */
int run_open_disk(const char *path, uint64_t *size);

#endif
