/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Firmware that a distribution has installed, by the descriptors that QEMU's
 * docs/interop/firmware.json defines: JSON files, each of which says for which
 * machines a firmware is and where its files are. Their names order them; one
 * in a later folder replaces that of the same name in an earlier one, and an
 * empty one only hides it.
 */
#ifndef VMM_FIRMWARE_DESCRIPTOR_H
#define VMM_FIRMWARE_DESCRIPTOR_H

#include "base/error.h"

/** Where they are: the distribution's, then the administrator's; then NULL. */
extern const char *const firmware_folders[];

/** Absolute paths, which the caller frees. */
struct firmware_files {
	char *code;
	char *vars_template; /**< What its variables begin as. */
};

/**
 * Find a UEFI firmware for arm64 in a machine like QEMU's virt, without Secure
 * Boot, whose variables are in flash of their own: the first in the order of
 * their names. What is no such descriptor, or cannot be read, is passed over.
 *
 * Returns 0, or -errno with @error set: -ENOENT if there is none.
 */
int firmware_find_uefi(const char *const *folders, struct firmware_files *files,
		       struct error *error);

#endif
