/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/forward-json.h"

#include <errno.h>

#include "record/object.h"

bool record_add_forwards(json_t *object, const struct config *config)
{
	json_t *list;
	bool complete = true;

	if (config->forward_count == 0)
		return true;
	list = json_array();
	for (size_t i = 0; i < config->forward_count && complete; i++) {
		char text[CONFIG_FORWARD_TEXT_SIZE];

		config_format_forward(&config->forwards[i], text);
		complete = json_array_append_new(list, json_string(text)) == 0;
	}

	return record_add(object, "forwards", record_finish(list, complete));
}

int record_forwards_from_json(json_t *object, struct config *config)
{
	json_t *list = json_object_get(object, "forwards");
	struct error ignored;
	size_t i;
	json_t *each;

	if (!list)
		return 0;
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > CONFIG_FORWARDS_MAX)
		return -EINVAL;
	json_array_foreach(list, i, each)
	{
		const char *text = json_string_value(each);

		if (!text || config_parse_forward(text, &config->forwards[i], &ignored) < 0)
			return -EINVAL;
		for (size_t before = 0; before < i; before++)
			if (config_forwards_collide(&config->forwards[before],
						    &config->forwards[i]))
				return -EINVAL;
	}
	config->forward_count = json_array_size(list);

	return config_has_passt(config) ? 0 : -EINVAL;
}
