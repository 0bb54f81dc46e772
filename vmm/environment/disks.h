/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tells the disks of two starts apart, by the texts of
 * host/disk-identity.h: a set "vda=inode:12 size:4096 written:34.5
 * generation:9f path:/srv/web.img".
 */
#ifndef VMM_ENVIRONMENT_DISKS_H
#define VMM_ENVIRONMENT_DISKS_H

#include <stdbool.h>

#include "base/error.h"

/**
 * Whether a disk of @before is another one in @after. If one is, @phrase says
 * what a guest of @before needs. What only one of both says is no difference.
 */
bool environment_disks_differ(const char *before, const char *after, struct error *phrase);

/**
 * The same on another host, where disks are copies: their sizes and
 * generations decide.
 */
bool environment_disks_differ_elsewhere(const char *before, const char *after,
					struct error *phrase);

#endif
