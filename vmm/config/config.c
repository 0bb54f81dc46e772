/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <psci/abi.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/board.h"

void config_free(struct config *config)
{
	free(config->kernel);
	free(config->flat);
	free(config->firmware);
	free(config->vars);
	free(config->vars_file);
	free(config->initrd);
	free(config->append);
	free(config->console);
	for (size_t i = 0; i < config->disk_count; i++)
		free(config->disks[i].path);
	for (size_t i = 0; i < config->net_count; i++)
		free(config->nets[i].target);
	*config = (struct config){ 0 };
}

bool config_describes_machine(const struct config *config)
{
	return config->kernel || config->flat || config->firmware;
}

bool config_has_acpi(const struct config *config)
{
	return config->acpi || (config->firmware && config->machine_version >= BOARD_VERSION_3);
}

bool config_uses_mac(const struct config *config, const uint8_t mac[MAC_SIZE])
{
	for (size_t i = 0; i < config->net_count; i++)
		if (memcmp(config->nets[i].mac, mac, MAC_SIZE) == 0)
			return true;

	return false;
}

bool config_has_passt(const struct config *config)
{
	for (size_t i = 0; i < config->net_count; i++)
		if (config->nets[i].kind == NET_KIND_PASST)
			return true;

	return false;
}

/* Copy a string that may be absent; false only if memory ran out. */
static bool copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;

	return *to || !from;
}

int config_copy(struct config *to, const struct config *from)
{
	bool ok;

	*to = *from;
	to->disk_count = 0;
	to->net_count = 0;
	ok = copy_string(&to->kernel, from->kernel);
	ok = copy_string(&to->flat, from->flat) && ok;
	ok = copy_string(&to->firmware, from->firmware) && ok;
	ok = copy_string(&to->vars, from->vars) && ok;
	ok = copy_string(&to->vars_file, from->vars_file) && ok;
	ok = copy_string(&to->initrd, from->initrd) && ok;
	ok = copy_string(&to->append, from->append) && ok;
	ok = copy_string(&to->console, from->console) && ok;
	for (; to->disk_count < from->disk_count; to->disk_count++)
		ok = copy_string(&to->disks[to->disk_count].path,
				 from->disks[to->disk_count].path) &&
		     ok;
	for (; to->net_count < from->net_count; to->net_count++)
		ok = copy_string(&to->nets[to->net_count].target,
				 from->nets[to->net_count].target) &&
		     ok;
	if (ok)
		return 0;

	config_free(to);

	return -ENOMEM;
}

int config_parse_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "KkMmGgTt";
	char *end;
	unsigned int shift = 0;

	/* strtoull() would accept a sign and leading blanks. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;

	const unsigned long long value = strtoull(text, &end, 10);

	if (errno)
		return -EINVAL;
	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return -EINVAL;
		shift = 10 * (unsigned int)((suffix - suffixes) / 2 + 1);
	}
	if (value > UINT64_MAX >> shift)
		return -EINVAL;
	*size = (uint64_t)value << shift;

	return 0;
}

int config_parse_address(const char *text, uint64_t *address)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;

	/* Decimal or hexadecimal: a leading zero does not mean octal. */
	const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const unsigned long long value = strtoull(text, &end, hexadecimal ? 16 : 10);

	if (errno || *end || value == 0)
		return -EINVAL;
	*address = (uint64_t)value;

	return 0;
}

int config_parse_machine_version(const char *text, uint32_t *version)
{
	for (uint32_t v = BOARD_VERSION_1; v <= BOARD_VERSION_NEWEST; v++) {
		char word[16];

		snprintf(word, sizeof(word), "%u", v);
		if (strcmp(text, word) != 0)
			continue;
		*version = v;

		return 0;
	}

	return -EINVAL;
}

int config_parse_psci_version(const char *text, uint32_t *version)
{
	static const struct {
		const char *text;
		uint32_t version;
	} versions[] = {
		{ "0.2", PSCI_VERSION_0_2 }, { "1.0", PSCI_VERSION_1_0 },
		{ "1.1", PSCI_VERSION_1_1 }, { "1.2", PSCI_VERSION_1_2 },
		{ "1.3", PSCI_VERSION_1_3 },
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(text, versions[i].text) != 0)
			continue;
		*version = versions[i].version;

		return 0;
	}

	return -EINVAL;
}

void config_format_psci_version(uint32_t version, char text[CONFIG_VERSION_TEXT_SIZE])
{
	snprintf(text, CONFIG_VERSION_TEXT_SIZE, "%u.%u", version >> PSCI_VERSION_MAJOR_SHIFT,
		 version & PSCI_VERSION_MINOR_FIELD);
}

const char *config_psci_server_word(enum psci_server server)
{
	switch (server) {
	case PSCI_SERVER_ANY:
		break;
	case PSCI_SERVER_USERSPACE:
		return "userspace";
	case PSCI_SERVER_MIXED:
		return "mixed";
	case PSCI_SERVER_KERNEL:
		return "kernel";
	}

	return "";
}

int config_parse_psci_server(const char *text, enum psci_server *server)
{
	for (enum psci_server s = PSCI_SERVER_USERSPACE; s <= PSCI_SERVER_KERNEL; s++) {
		if (strcmp(text, config_psci_server_word(s)) != 0)
			continue;
		*server = s;

		return 0;
	}

	return -EINVAL;
}

const char *config_reset_policy_word(enum reset_policy policy)
{
	switch (policy) {
	case RESET_POLICY_NONE:
		break;
	case RESET_POLICY_RESTART:
		return "restart";
	case RESET_POLICY_EXIT:
		return "exit";
	}

	return "";
}

int config_parse_reset_policy(const char *text, enum reset_policy *policy)
{
	for (enum reset_policy p = RESET_POLICY_RESTART; p <= RESET_POLICY_EXIT; p++) {
		if (strcmp(text, config_reset_policy_word(p)) != 0)
			continue;
		*policy = p;

		return 0;
	}

	return -EINVAL;
}

const char *config_panic_policy_word(enum panic_policy policy)
{
	switch (policy) {
	case PANIC_POLICY_NONE:
		break;
	case PANIC_POLICY_STAY:
		return "stay";
	case PANIC_POLICY_EXIT:
		return "exit";
	case PANIC_POLICY_RESTART:
		return "restart";
	}

	return NULL;
}

int config_parse_panic_policy(const char *text, enum panic_policy *policy)
{
	for (enum panic_policy p = PANIC_POLICY_STAY; p <= PANIC_POLICY_RESTART; p++) {
		if (strcmp(text, config_panic_policy_word(p)) != 0)
			continue;
		*policy = p;

		return 0;
	}

	return -EINVAL;
}

const char *config_console_device_word(enum console_device device)
{
	switch (device) {
	case CONSOLE_DEVICE_NONE:
		break;
	case CONSOLE_DEVICE_UART:
		return "uart";
	case CONSOLE_DEVICE_VIRTIO:
		return "hvc";
	}

	return NULL;
}

int config_parse_console_device(const char *text, enum console_device *device)
{
	for (enum console_device d = CONSOLE_DEVICE_UART; d <= CONSOLE_DEVICE_VIRTIO; d++) {
		if (strcmp(text, config_console_device_word(d)) != 0)
			continue;
		*device = d;

		return 0;
	}

	return -EINVAL;
}

const char *config_suspend_policy_word(enum suspend_policy policy)
{
	switch (policy) {
	case SUSPEND_POLICY_NONE:
		break;
	case SUSPEND_POLICY_ALLOW:
		return "allow";
	case SUSPEND_POLICY_DENY:
		return "deny";
	}

	return NULL;
}

int config_parse_suspend_policy(const char *text, enum suspend_policy *policy)
{
	for (enum suspend_policy p = SUSPEND_POLICY_ALLOW; p <= SUSPEND_POLICY_DENY; p++) {
		if (strcmp(text, config_suspend_policy_word(p)) != 0)
			continue;
		*policy = p;

		return 0;
	}

	return -EINVAL;
}

const char *config_wake_on_net_word(enum wake_on_net policy)
{
	switch (policy) {
	case WAKE_ON_NET_NONE:
		break;
	case WAKE_ON_NET_DIRECTED:
		return "directed";
	case WAKE_ON_NET_ANY:
		return "any";
	case WAKE_ON_NET_MAGIC:
		return "magic";
	case WAKE_ON_NET_OFF:
		return "off";
	}

	return NULL;
}

int config_parse_wake_on_net(const char *text, enum wake_on_net *policy)
{
	for (enum wake_on_net p = WAKE_ON_NET_DIRECTED; p <= WAKE_ON_NET_OFF; p++) {
		if (strcmp(text, config_wake_on_net_word(p)) != 0)
			continue;
		*policy = p;

		return 0;
	}

	return -EINVAL;
}

int config_parse_idle(const char *text, uint32_t *seconds)
{
	char *end;
	unsigned long value;

	if (strcmp(text, "off") == 0) {
		*seconds = CONFIG_IDLE_OFF;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value < 1 || value > CONFIG_IDLE_MAX)
		return -EINVAL;
	*seconds = (uint32_t)value;

	return 0;
}

int config_parse_park(const char *text, uint32_t *seconds)
{
	return config_parse_idle(strcmp(text, "0") == 0 ? "off" : text, seconds);
}
