/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device tree that the next stage finds: QEMU's, and what the monitor adds.
 */
#ifndef EL3_TREE_EDIT_H
#define EL3_TREE_EDIT_H

#include "next.h"

/**
 * Describe the monitor's PSCI and what it has loaded, in the device tree at
 * RAM_BASE. NULL, or what is wrong.
 */
const char *tree_edit(const struct next *next);

#endif
