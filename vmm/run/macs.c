/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/macs.h"

#include <string.h>

#include "base/message.h"
#include "record/record.h"
#include "record/vm-dir.h"

struct search {
	const char *name;
	const struct config *config;
};

static void compare(const struct search *search, const char *other, const struct config *config)
{
	for (size_t i = 0; i < search->config->net_count; i++) {
		const uint8_t *mac = search->config->nets[i].mac;
		char text[CONFIG_MAC_TEXT_SIZE];

		if (!config_uses_mac(config, mac))
			continue;
		config_format_mac(mac, text);
		message("%s: its net%zu has the MAC %s, as a device of %s has: they must not be in "
			"the same network",
			search->name, i, text, other);
	}
}

static int look_at(const char *name, void *context)
{
	const struct search *search = context;
	struct record record = { 0 };
	struct vm_dir dir;
	struct error error;

	if (strcmp(name, search->name) == 0 || vm_dir_open(name, false, &dir, &error) < 0)
		return 0;
	if (record_load(dir.fd, name, &record, &error) == 0)
		compare(search, name, &record.config);
	record_free(&record);
	vm_dir_close(&dir);

	return 0;
}

void run_report_shared_macs(const char *name, const struct config *config)
{
	struct search search = { .name = name, .config = config };
	struct error error;

	if (config->net_count > 0)
		(void)vm_dir_list(look_at, &search, &error);
}
