/* SPDX-License-Identifier: BSD-3-Clause */
/* What a machine's firmware finds in fw_cfg. */
#ifndef VMM_FIRMWARE_FILES_H
#define VMM_FIRMWARE_FILES_H

#include <stdbool.h>

#include "acpi/tables.h"
#include "base/error.h"
#include "boot/image.h"
#include "devices/fw-cfg.h"

/**
 * Fill @fw_cfg for a machine: ACPI and SMBIOS tables, the generation ID, how much
 * of what there is, and the kernel that the firmware shall start, if there is
 * one; with @no_resume, that kernel takes no image. @image and its configuration
 * must outlive it. No vCPU runs. Returns 0, or -errno with @error set.
 */
int firmware_files_make(const struct image *image, const struct acpi_machine *machine,
			bool no_resume, struct fw_cfg *fw_cfg, struct error *error);

#endif
