/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/network.h"

#include <stdio.h>

#include "cli/client.h"

json_t *cli_query_network(const char *name)
{
	return cli_query(name, "x-dormouse-query-network");
}

static void print(const json_t *network)
{
	const char *id = json_string_value(json_object_get(network, "id"));
	const json_int_t kept = json_integer_value(json_object_get(network, "kept"));

	printf("%s: %s", id ? id : "net",
	       json_is_true(json_object_get(network, "connected")) ? "connected" : "not connected");
	if (json_is_false(json_object_get(network, "up")))
		printf(", its link set down");
	if (kept > 0)
		printf(", %lld frame%s kept for its guest", (long long)kept, kept == 1 ? "" : "s");
	putchar('\n');
}

void cli_print_network(const json_t *networks)
{
	const json_t *network;
	size_t i;

	json_array_foreach(networks, i, network)
	{
		print(network);
	}
}
