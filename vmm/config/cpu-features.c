/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/cpu-features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board/cpu-features.h"

#define OFF "=off"

/* Whether the first @length bytes of @word are that a feature is off. */
static bool takes_away(const char *word, size_t length, enum cpu_feature feature)
{
	const char *name = cpu_feature_name(feature);
	const size_t name_length = strlen(name);

	return length == name_length + strlen(OFF) && strncmp(word, name, name_length) == 0 &&
	       strncmp(word + name_length, OFF, strlen(OFF)) == 0;
}

int config_parse_cpu_features(const char *text, unsigned int *off, struct error *error)
{
	for (;;) {
		const size_t length = strcspn(text, ",");
		enum cpu_feature feature = 0;

		while (feature < CPU_FEATURE_COUNT && !takes_away(text, length, feature))
			feature++;
		if (feature == CPU_FEATURE_COUNT)
			return error_set(error, -EINVAL,
					 "--cpu-features: \"%.*s\" is none of pmu=off, pauth=off "
					 "and sve=off",
					 (int)length, text);
		*off |= CPU_FEATURE_BIT(feature);
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

void config_format_cpu_features(unsigned int off, char text[CONFIG_CPU_FEATURES_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (enum cpu_feature i = 0; i < CPU_FEATURE_COUNT; i++)
		if (off & CPU_FEATURE_BIT(i))
			used += (size_t)snprintf(text + used, CONFIG_CPU_FEATURES_TEXT_SIZE - used,
						 "%s%s" OFF, used ? "," : "", cpu_feature_name(i));
}
