/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/object.h"

#include "record/text.h"

bool record_add(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

bool record_add_text(json_t *object, const char *key, const char *text)
{
	return !text || record_add(object, key, record_text_to_json(text));
}

bool record_add_flag(json_t *object, const char *key, bool said)
{
	return !said || record_add(object, key, json_true());
}

json_t *record_finish(json_t *json, bool complete)
{
	if (complete)
		return json;
	json_decref(json);

	return NULL;
}

int record_optional_text_from_json(json_t *json, char **text)
{
	return json ? record_text_from_json(json, text) : 0;
}
