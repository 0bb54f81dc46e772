/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/suspension.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time-text.h"

/*
 * GICv3: the first private peripheral interrupt, and the INTID that means none.
 */
#define INTID_FIRST 16
#define INTID_END 1020

/* As text: JSON's readers need not keep 64 bits of an integer. */
static json_t *number_to_json(uint64_t number)
{
	return json_sprintf("%#llx", (unsigned long long)number);
}

static json_t *interrupts_to_json(const struct suspension *suspension)
{
	json_t *json = json_array();

	for (size_t i = 0; i < suspension->interrupt_count; i++) {
		if (json_array_append_new(json, json_integer(suspension->interrupts[i])) < 0) {
			json_decref(json);

			return NULL;
		}
	}

	return json;
}

json_t *record_suspension_to_json(const struct suspension *suspension)
{
	char since[TIME_TEXT_SIZE];
	char alarm[TIME_TEXT_SIZE];
	json_t *json;

	time_format(suspension->since, since);
	time_format(suspension->alarm, alarm);
	json = json_pack("{s:s, s:i, s:o, s:o, s:b, s:o}", "since", since, "vcpu",
			 (int)suspension->vcpu, "entry", number_to_json(suspension->entry),
			 "context-id", number_to_json(suspension->context), "wake-by-console",
			 (int)suspension->console, "wake-by-interrupts",
			 interrupts_to_json(suspension));
	if (json && suspension->alarm_set &&
	    json_object_set_new(json, "wake-by-alarm", json_string(alarm)) < 0) {
		json_decref(json);

		return NULL;
	}

	if (json && suspension->wake_on_net &&
	    json_object_set_new(json, "wake-on-net",
				json_string(config_wake_on_net_word(suspension->wake_on_net))) <
		    0) {
		json_decref(json);

		return NULL;
	}

	return json;
}

static int number_from_json(const char *text, uint64_t *number)
{
	char again[24];
	const unsigned long long value = strtoull(text, NULL, 16);

	snprintf(again, sizeof(again), "%#llx", value);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*number = (uint64_t)value;

	return 0;
}

static int interrupts_from_json(json_t *json, struct suspension *suspension)
{
	size_t i;
	json_t *each;

	if (json_array_size(json) > SUSPENSION_INTERRUPTS_MAX)
		return -EINVAL;
	json_array_foreach(json, i, each)
	{
		const json_int_t intid = json_integer_value(each);

		if (intid < INTID_FIRST || intid >= INTID_END)
			return -EINVAL;
		suspension->interrupts[i] = (uint16_t)intid;
	}
	suspension->interrupt_count = json_array_size(json);

	return 0;
}

int record_suspension_from_json(json_t *json, struct suspension *suspension)
{
	const char *since;
	const char *entry;
	const char *context;
	const char *alarm = NULL;
	const char *net = NULL;
	json_t *interrupts;
	json_int_t vcpu;
	int console;

	*suspension = (struct suspension){ .known = true };
	if (json_unpack(json, "{s:s, s:I, s:s, s:s, s:b, s:o, s?s, s?s}", "since", &since, "vcpu",
			&vcpu, "entry", &entry, "context-id", &context, "wake-by-console", &console,
			"wake-by-interrupts", &interrupts, "wake-by-alarm", &alarm, "wake-on-net",
			&net) < 0)
		return -EINVAL;
	if (!json_is_array(interrupts) || vcpu < 0 || vcpu >= CONFIG_CPUS_MAX ||
	    time_parse(since, &suspension->since) < 0 ||
	    (net && config_parse_wake_on_net(net, &suspension->wake_on_net) < 0) ||
	    (alarm && time_parse(alarm, &suspension->alarm) < 0) ||
	    number_from_json(entry, &suspension->entry) < 0 ||
	    number_from_json(context, &suspension->context) < 0)
		return -EINVAL;
	suspension->vcpu = (unsigned int)vcpu;
	suspension->console = console != 0;
	suspension->alarm_set = alarm != NULL;

	return interrupts_from_json(interrupts, suspension);
}
