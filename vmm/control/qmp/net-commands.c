/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands about networks: QEMU's, which changes a link, and ours, which describes them. */
#include "control/qmp/monitor.h"

#include <errno.h>

#include "base/utf8.h"
#include "machine/networks.h"

const struct qmp_option monitor_link_options[] = {
	{ "name", JSON_STRING },
	{ "up", JSON_TRUE },
	{ 0 },
};

json_t *monitor_set_link(void *context, const json_t *arguments, struct error *error)
{
	const struct control *control = context;
	const char *name = json_string_value(json_object_get(arguments, "name"));
	const json_t *up = json_object_get(arguments, "up");

	if (!name || !up) {
		error_set(error, -EINVAL,
			  "set_link wants two arguments: \"name\", such as net0, and \"up\"");

		return NULL;
	}

	return network_set_link(control->vm->devices, name, json_is_true(up), error) < 0
		       ? NULL
		       : json_object();
}

static json_t *describe(const struct network *network, const struct net_config *config)
{
	char mac[CONFIG_MAC_TEXT_SIZE];
	json_t *json;

	config_format_mac(config->mac, mac);
	json = json_pack("{s:s, s:s, s:s, s:b, s:b, s:I}", "id", network->id, "kind",
			 config_net_kind_word(config->kind), "mac", mac, "connected",
			 (int)network->connected, "up", (int)network->up, "kept",
			 (json_int_t)network->kept);
	if (config->target)
		(void)json_object_set_new(json, "target", utf8_to_json(config->target));

	return json;
}

json_t *monitor_query_network(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;
	const struct vm *vm = control->vm;
	json_t *networks = json_array();
	struct network network;

	for (size_t i = 0; network_describe(vm->devices, i, &network); i++)
		(void)json_array_append_new(networks, describe(&network, &vm->config->nets[i]));

	return networks;
}
