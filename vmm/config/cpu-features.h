/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of --cpu-features, which are also the record's: "pmu=off,sve=off". */
#ifndef VMM_CONFIG_CPU_FEATURES_H
#define VMM_CONFIG_CPU_FEATURES_H

#include "base/error.h"

/** Enough for all of them. */
#define CONFIG_CPU_FEATURES_TEXT_SIZE 64

/**
 * Add the features that @text takes away to the set @off, which has a
 * CPU_FEATURE_BIT() for each. Returns 0, or -EINVAL with @error set.
 */
int config_parse_cpu_features(const char *text, unsigned int *off, struct error *error);

/** The reverse; an empty text for an empty set. */
void config_format_cpu_features(unsigned int off, char text[CONFIG_CPU_FEATURES_TEXT_SIZE]);

#endif
