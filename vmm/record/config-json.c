/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/config-json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "config/cpu-features.h"
#include "record/forward-json.h"
#include "record/object.h"
#include "record/text.h"

/*
 * Add an address to @object under @key, in hexadecimal; 0 stands for none and
 * is omitted. Returns whether it worked.
 */
static bool add_address(json_t *object, const char *key, uint64_t address)
{
	char text[24];

	if (address == 0)
		return true;
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)address);

	return record_add_text(object, key, text);
}

/* Likewise for a generation ID, which a machine with ACPI has. */
static bool add_generation_id(json_t *object, const struct config *config)
{
	char text[2 * CONFIG_GENERATION_ID_SIZE + 1];

	if (!config_has_acpi(config))
		return true;
	for (size_t i = 0; i < CONFIG_GENERATION_ID_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", config->generation_id[i]);

	return record_add_text(object, "generation-id", text);
}

static json_t *disk_to_json(const struct disk_config *disk)
{
	json_t *json = json_object();

	return record_finish(json,
			     record_add_text(json, "path", disk->path) &&
				     record_add(json, "read-only", json_boolean(disk->read_only)));
}

static json_t *disks_to_json(const struct config *config)
{
	json_t *disks = json_array();
	bool complete = true;

	for (size_t i = 0; i < config->disk_count && complete; i++)
		complete = json_array_append_new(disks, disk_to_json(&config->disks[i])) == 0;

	return record_finish(disks, complete);
}

static json_t *net_to_json(const struct net_config *net)
{
	json_t *json = json_object();
	char mac[CONFIG_MAC_TEXT_SIZE];

	config_format_mac(net->mac, mac);

	return record_finish(json, record_add_text(json, "kind", config_net_kind_word(net->kind)) &&
					   record_add_text(json, "target", net->target) &&
					   record_add_text(json, "mac", mac) &&
					   add_address(json, "features", net->features));
}

/* Omitted, if there is none. */
static bool add_nets(json_t *object, const struct config *config)
{
	json_t *nets;
	bool complete = true;

	if (config->net_count == 0)
		return true;
	nets = json_array();
	for (size_t i = 0; i < config->net_count && complete; i++)
		complete = json_array_append_new(nets, net_to_json(&config->nets[i])) == 0;

	return record_add(object, "nets", record_finish(nets, complete));
}

/* Omitted, if no option was given. */
static bool add_policy(json_t *object, const char *key, enum reset_policy policy)
{
	return policy == RESET_POLICY_NONE ||
	       record_add_text(object, key, config_reset_policy_word(policy));
}

/* Omitted, if none is taken away. */
static bool add_cpu_features(json_t *object, const struct config *config)
{
	char text[CONFIG_CPU_FEATURES_TEXT_SIZE];

	config_format_cpu_features(config->cpu_features_off, text);

	return !*text || record_add_text(object, "cpu-features", text);
}

/* Omitted, if no option was given. */
static bool add_seconds(json_t *object, const char *key, uint32_t seconds)
{
	if (seconds == 0)
		return true;
	if (seconds == CONFIG_IDLE_OFF)
		return record_add_text(object, key, "off");

	return record_add(object, key, json_integer(seconds));
}

json_t *record_config_to_json(const struct config *config)
{
	json_t *json = json_object();

	return record_finish(
		json,
		record_add(json, "version", json_integer((json_int_t)config->machine_version)) &&
			record_add_text(json, "kernel", config->kernel) &&
			record_add_text(json, "flat", config->flat) &&
			add_address(json, "flat-address", config->flat_address) &&
			record_add_text(json, "firmware", config->firmware) &&
			record_add_text(json, "vars", config->vars) &&
			record_add_text(json, "initrd", config->initrd) &&
			record_add_text(json, "append", config->append) &&
			record_add_text(json, "console", config->console) &&
			record_add_text(json, "console-device",
					config_console_device_word(config->console_device)) &&
			record_add(json, "disks", disks_to_json(config)) &&
			add_nets(json, config) && record_add_forwards(json, config) &&
			record_add(json, "cpus", json_integer((json_int_t)config->cpus)) &&
			add_cpu_features(json, config) &&
			record_add(json, "memory", json_integer((json_int_t)config->memory)) &&
			record_add_text(json, "psci", config_psci_server_word(config->psci)) &&
			record_add(json, "psci-version",
				   json_integer((json_int_t)config->psci_version)) &&
			record_add_flag(json, "idle-states", config->idle_states) &&
			record_add_flag(json, "idle-clusters", config->idle_clusters) &&
			record_add_flag(json, "acpi", config->acpi) &&
			add_generation_id(json, config) &&
			record_add_text(json, "suspend",
					config_suspend_policy_word(config->suspend)) &&
			record_add_text(json, "wake-on-net",
					config_wake_on_net_word(config->wake_on_net)) &&
			add_seconds(json, "sleep-when-idle", config->sleep_when_idle) &&
			add_seconds(json, "park", config->park) &&
			record_add_text(json, "on-panic",
					config_panic_policy_word(config->on_panic)) &&
			add_policy(json, "on-reset", config->on_reset) &&
			add_policy(json, "on-reset2", config->on_reset2));
}

static int disks_from_json(json_t *disks, struct config *config)
{
	size_t i;
	json_t *disk;

	if (!json_is_array(disks) || json_array_size(disks) > CONFIG_DISKS_MAX)
		return -EINVAL;
	json_array_foreach(disks, i, disk)
	{
		struct disk_config *to = &config->disks[i];
		json_t *path;
		int read_only;
		int err;

		if (json_unpack(disk, "{s:o, s:b}", "path", &path, "read-only", &read_only) < 0)
			return -EINVAL;
		to->read_only = read_only != 0;
		config->disk_count = i + 1;
		err = record_text_from_json(path, &to->path);
		if (err)
			return err;
	}

	return 0;
}

static int net_from_json(json_t *json, struct net_config *net)
{
	const char *kind;
	const char *mac;
	const char *features;
	json_t *target = NULL;

	if (json_unpack(json, "{s:s, s?o, s:s, s:s}", "kind", &kind, "target", &target, "mac", &mac,
			"features", &features) < 0 ||
	    config_parse_net_kind(kind, &net->kind) < 0 ||
	    (net->kind == NET_KIND_PASST) != !target || config_parse_mac(mac, net->mac) < 0 ||
	    config_parse_address(features, &net->features) < 0 ||
	    net->features & ~config_net_features(net->kind))
		return -EINVAL;

	return record_optional_text_from_json(target, &net->target);
}

/* Of a machine of a version that has them. */
static int nets_from_json(json_t *nets, struct config *config)
{
	size_t i;
	json_t *net;

	if (!nets)
		return 0;
	if (!json_is_array(nets) || json_array_size(nets) > CONFIG_NETS_MAX ||
	    config->machine_version < BOARD_VERSION_4)
		return -EINVAL;
	json_array_foreach(nets, i, net)
	{
		int err;

		config->net_count = i + 1;
		err = net_from_json(net, &config->nets[i]);
		if (err)
			return err;
	}

	return 0;
}

/* What the guest starts with: one of three, or a firmware and its kernel. */
static int start_from_json(json_t *json, struct config *config)
{
	json_t *kernel = json_object_get(json, "kernel");
	json_t *flat = json_object_get(json, "flat");
	json_t *firmware = json_object_get(json, "firmware");
	json_t *address = json_object_get(json, "flat-address");
	const char *text = json_string_value(address);
	int err;

	if ((flat != NULL) + (kernel || firmware) != 1 ||
	    (kernel && firmware && config->machine_version < BOARD_VERSION_3))
		return -EINVAL;
	if (address && (!flat || !text || config_parse_address(text, &config->flat_address) < 0))
		return -EINVAL;
	err = record_optional_text_from_json(kernel, &config->kernel);
	if (!err)
		err = record_optional_text_from_json(flat, &config->flat);

	return err ? err : record_optional_text_from_json(firmware, &config->firmware);
}

/* Of a firmware whose board has a chip for them. */
static int vars_from_json(json_t *json, struct config *config)
{
	json_t *vars = json_object_get(json, "vars");

	if (vars && (!config->firmware || config->machine_version < BOARD_VERSION_3))
		return -EINVAL;

	return record_optional_text_from_json(vars, &config->vars);
}

/* Only a kernel has --acpi, and not with what the tables cannot describe. */
static int acpi_from_json(json_t *json, struct config *config)
{
	static const char digits[] = "0123456789abcdef";
	const char *id = NULL;
	int acpi = 0;

	if (json_unpack(json, "{s?b, s?s}", "acpi", &acpi, "generation-id", &id) < 0 ||
	    (acpi && (!config->kernel || config->firmware || config->idle_states)))
		return -EINVAL;
	config->acpi = acpi != 0;
	if (config_has_acpi(config) != (id != NULL))
		return -EINVAL;
	if (!id)
		return 0;
	if (strlen(id) != 2 * (size_t)CONFIG_GENERATION_ID_SIZE || strspn(id, digits) != strlen(id))
		return -EINVAL;
	for (size_t i = 0; i < CONFIG_GENERATION_ID_SIZE; i++)
		config->generation_id[i] = (uint8_t)((strchr(digits, id[2 * i]) - digits) << 4 |
						     (strchr(digits, id[2 * i + 1]) - digits));

	return 0;
}

/* Of a machine of a version that has them. */
static int cpu_features_from_json(json_t *json, struct config *config)
{
	const char *text = NULL;
	struct error error;

	if (json_unpack(json, "{s?s}", "cpu-features", &text) < 0)
		return -EINVAL;
	if (!text)
		return 0;

	return config->machine_version < BOARD_VERSION_3
		       ? -EINVAL
		       : config_parse_cpu_features(text, &config->cpu_features_off, &error);
}

/* Whole seconds, or "off". */
static int seconds_from_json(json_t *json, uint32_t *seconds)
{
	const char *text = json_string_value(json);
	const json_int_t value = json_integer_value(json);

	if (!json)
		return 0;
	if (text && strcmp(text, "off") == 0) {
		*seconds = CONFIG_IDLE_OFF;
		return 0;
	}
	if (value < 1 || value > CONFIG_IDLE_MAX)
		return -EINVAL;
	*seconds = (uint32_t)value;

	return 0;
}

/* What becomes of a guest that sleeps, or that has nothing to do. */
static int sleep_from_json(json_t *json, struct config *config)
{
	const char *wake_on_net = NULL;
	int err;

	if (json_unpack(json, "{s?s}", "wake-on-net", &wake_on_net) < 0 ||
	    (wake_on_net && config_parse_wake_on_net(wake_on_net, &config->wake_on_net) < 0))
		return -EINVAL;

	err = seconds_from_json(json_object_get(json, "sleep-when-idle"), &config->sleep_when_idle);

	return err ? err : seconds_from_json(json_object_get(json, "park"), &config->park);
}

/* Of a machine of a version that has a choice. */
static int console_device_from_json(json_t *json, struct config *config)
{
	const char *text = NULL;

	if (json_unpack(json, "{s?s}", "console-device", &text) < 0)
		return -EINVAL;
	if (!text)
		return 0;

	return config->machine_version < BOARD_VERSION_4
		       ? -EINVAL
		       : config_parse_console_device(text, &config->console_device);
}

static int policies_from_json(json_t *json, struct config *config)
{
	const char *on_reset = NULL;
	const char *on_reset2 = NULL;
	const char *on_panic = NULL;
	const char *suspend = NULL;

	if (json_unpack(json, "{s?s, s?s, s?s, s?s}", "on-reset", &on_reset, "on-reset2",
			&on_reset2, "on-panic", &on_panic, "suspend", &suspend) < 0)
		return -EINVAL;
	if (on_panic && config_parse_panic_policy(on_panic, &config->on_panic) < 0)
		return -EINVAL;
	if (suspend && config_parse_suspend_policy(suspend, &config->suspend) < 0)
		return -EINVAL;
	if (on_reset && config_parse_reset_policy(on_reset, &config->on_reset) < 0)
		return -EINVAL;
	if (on_reset2 && config_parse_reset_policy(on_reset2, &config->on_reset2) < 0)
		return -EINVAL;

	return 0;
}

int record_config_from_json(json_t *json, struct config *config)
{
	json_t *initrd = NULL;
	json_t *append;
	json_t *console = NULL;
	json_t *disks;
	json_int_t cpus;
	json_int_t memory;
	json_int_t version;
	json_int_t machine_version = BOARD_VERSION_1;
	const char *server;
	int idle_states = 0, idle_clusters = 0;
	int err;

	if (json_unpack(json, "{s?I, s?o, s:o, s?o, s:o, s:I, s:I, s:s, s:I, s?b, s?b}", "version",
			&machine_version, "initrd", &initrd, "append", &append, "console", &console,
			"disks", &disks, "cpus", &cpus, "memory", &memory, "psci", &server,
			"psci-version", &version, "idle-states", &idle_states, "idle-clusters",
			&idle_clusters) < 0)
		return -EINVAL;
	if (machine_version < BOARD_VERSION_1 || machine_version > BOARD_VERSION_NEWEST ||
	    cpus < 1 || cpus > CONFIG_CPUS_MAX || memory < (json_int_t)CONFIG_MEMORY_MIN ||
	    memory > (json_int_t)CONFIG_MEMORY_MAX ||
	    memory % (json_int_t)CONFIG_MEMORY_ALIGNMENT || version < 0 || version > UINT32_MAX ||
	    config_parse_psci_server(server, &config->psci) < 0 || (idle_clusters && !idle_states))
		return -EINVAL;
	config->machine_version = (uint32_t)machine_version;
	config->cpus = (unsigned int)cpus;
	config->memory = (uint64_t)memory;
	config->psci_version = (uint32_t)version;
	config->idle_states = idle_states != 0;
	config->idle_clusters = idle_clusters != 0;
	err = start_from_json(json, config);
	if (!err)
		err = vars_from_json(json, config);
	if (!err)
		err = acpi_from_json(json, config);
	if (!err)
		err = record_optional_text_from_json(initrd, &config->initrd);
	if (!err)
		err = record_text_from_json(append, &config->append);
	if (!err)
		err = record_optional_text_from_json(console, &config->console);
	if (!err)
		err = console_device_from_json(json, config);
	if (!err)
		err = cpu_features_from_json(json, config);
	if (!err)
		err = policies_from_json(json, config);
	if (!err)
		err = sleep_from_json(json, config);
	if (!err)
		err = nets_from_json(json_object_get(json, "nets"), config);
	if (!err)
		err = record_forwards_from_json(json, config);

	return err ? err : disks_from_json(disks, config);
}
