/* SPDX-License-Identifier: BSD-3-Clause */
/* GPT, for partitions.c. */
#ifndef VMM_HIBERNATION_GPT_H
#define VMM_HIBERNATION_GPT_H

#include "hibernation/partitions.h"

/** Fill in the partitions, if there is a valid GPT; else leave them as they are. */
void gpt_read(const struct source *source, struct partitions *partitions);

#endif
