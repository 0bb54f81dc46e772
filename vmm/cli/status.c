/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/time-text.h"
#include "base/utf8.h"
#include "board/board.h"
#include "boot/image.h"
#include "cli/agent.h"
#include "cli/network.h"
#include "config/cpu-features.h"
#include "record/at-boot.h"
#include "record/record.h"
#include "record/vm-dir.h"
#include "run/image-fate.h"

static const char status_help[] =
	"Usage: dormouse status [--json] NAME\n"
	"Print the state of a virtual machine, as lines of \"key: value\": the state (running,\n"
	"suspended, parked, hibernated, saved, off, crashed), its time and cause, what can wake a\n"
	"suspended machine, and the machine's configuration.\n"
	"\n"
	"  --json   print one JSON object instead\n";

static const char list_help[] =
	"Usage: dormouse list [--json]\n"
	"List the virtual machines: name, state, time of the last change, and \"at boot\" if the\n"
	"shutdown of the host has stopped it and its next boot starts it again.\n"
	"\n"
	"  --json   print a JSON array instead\n";

static const char *psci_server_name(enum psci_server server)
{
	switch (server) {
	case PSCI_SERVER_ANY:
	case PSCI_SERVER_USERSPACE:
		break;
	case PSCI_SERVER_MIXED:
		return "KVM and libpsci";
	case PSCI_SERVER_KERNEL:
		return "KVM";
	}

	return "libpsci";
}

/* The name of the device, if it is one of the board's. */
static void name_interrupt(uint16_t intid, char name[32])
{
	const uint32_t spi = intid - 32U;

	name[0] = '\0';
	if (intid == 16 + BOARD_TIMER_VIRTUAL_PPI)
		snprintf(name, 32, " (timer)");
	else if (intid == 16 + BOARD_TIMER_PHYSICAL_PPI)
		snprintf(name, 32, " (physical timer)");
	else if (spi == BOARD_UART_SPI)
		snprintf(name, 32, " (console)");
	else if (spi == BOARD_RTC_SPI)
		snprintf(name, 32, " (clock)");
	else if (spi == BOARD_GED_SPI)
		snprintf(name, 32, " (buttons)");
	else if (spi == BOARD_VIRTIO_SPI + BOARD_VIRTIO_RNG_SLOT)
		snprintf(name, 32, " (randomness)");
	else if (spi >= BOARD_VIRTIO_SPI + BOARD_VIRTIO_NET_SLOT &&
		 spi < BOARD_VIRTIO_SPI + BOARD_VIRTIO_NET_SLOT + BOARD_VIRTIO_NETS)
		snprintf(name, 32, " (network %u)", spi - BOARD_VIRTIO_SPI - BOARD_VIRTIO_NET_SLOT);
	else if (spi == BOARD_VIRTIO_SPI + BOARD_VIRTIO_CONSOLE_SLOT)
		snprintf(name, 32, " (virtio console)");
	else if (spi >= BOARD_VIRTIO_SPI && spi < BOARD_VIRTIO_SPI + BOARD_VIRTIO_SLOTS)
		snprintf(name, 32, " (disk %u)", spi - BOARD_VIRTIO_SPI);
}

static void print_suspension(const struct suspension *suspension)
{
	char when[TIME_TEXT_SIZE];

	time_format(suspension->since, when);
	printf("suspended: %s, by vCPU %u, to resume at %#llx with x0 %#llx\n", when,
	       suspension->vcpu, (unsigned long long)suspension->entry,
	       (unsigned long long)suspension->context);
	if (suspension->alarm_set) {
		time_format(suspension->alarm, when);
		printf("wake-by-alarm: %s\n", when);
	}
	if (suspension->wake_on_net)
		printf("wake-on-net: %s\n", config_wake_on_net_word(suspension->wake_on_net));
	printf("wake-by-console: %s\nwake-by-interrupts:", suspension->console ? "yes" : "no");
	for (size_t i = 0; i < suspension->interrupt_count; i++) {
		char name[32];

		name_interrupt(suspension->interrupts[i], name);
		printf("%s %u%s", i ? "," : "", suspension->interrupts[i], name);
	}
	puts(suspension->interrupt_count ? "" : " none");
}

static void print_request(const struct request *request)
{
	char text[REQUEST_TEXT_SIZE];

	if (request->what == REQUEST_NOTHING)
		return;
	request_format(request, text);
	printf("request: %s\n", text);
}

static void print_acpi(const struct record *record)
{
	puts("acpi: yes");
	if (record->signature_count > 0)
		printf("hardware-signature: %#" PRIx32 "\n", record_signature(record));
}

static void print_cpu_features(unsigned int off)
{
	char text[CONFIG_CPU_FEATURES_TEXT_SIZE];

	config_format_cpu_features(off, text);
	printf("cpu-features: %s\n", text);
}

static void print_images(const struct record *record)
{
	const size_t count = run_image_count(record);

	for (size_t i = 0; i < count; i++) {
		struct error text;

		(void)run_image_fate(record, i, &text);
		printf("image: %s\n", text.text);
	}
}

static void print_nets(const struct config *config)
{
	for (size_t i = 0; i < config->net_count; i++) {
		const struct net_config *net = &config->nets[i];
		char mac[CONFIG_MAC_TEXT_SIZE];

		config_format_mac(net->mac, mac);
		printf("net: %s%s%s, mac %s\n", config_net_kind_word(net->kind),
		       net->target ? ":" : "", net->target ? net->target : "", mac);
	}
	for (size_t i = 0; i < config->forward_count; i++) {
		char forward[CONFIG_FORWARD_TEXT_SIZE];

		config_format_forward(&config->forwards[i], forward);
		printf("forward: %s\n", forward);
	}
}

static void print_policies(const struct config *config)
{
	if (config->on_reset == RESET_POLICY_EXIT)
		puts("on-reset: exit");
	if (config->on_reset2 == RESET_POLICY_EXIT)
		puts("on-reset2: exit");
	if (config->on_panic == PANIC_POLICY_EXIT || config->on_panic == PANIC_POLICY_RESTART)
		printf("on-panic: %s\n", config_panic_policy_word(config->on_panic));
	if (config->suspend == SUSPEND_POLICY_DENY)
		puts("suspend: deny");
	if (config->sleep_when_idle && config->sleep_when_idle != CONFIG_IDLE_OFF)
		printf("sleep-when-idle: %" PRIu32 " s\n", config->sleep_when_idle);
	if (config->park && config->park != CONFIG_IDLE_OFF)
		printf("park: after %" PRIu32 " s of sleep\n", config->park);
}

/* Of a guest that sleeps it is among what can wake it. */
static void print_wake_on_net(const struct record *record)
{
	const struct config *config = &record->config;
	const enum wake_on_net policy = config->wake_on_net == WAKE_ON_NET_NONE
						? WAKE_ON_NET_DIRECTED
						: config->wake_on_net;

	if (config->net_count > 0 && !record->suspension.known)
		printf("wake-on-net: %s\n", config_wake_on_net_word(policy));
}

/* What its dormouse knows besides the record. */
static void print_answers(const char *name)
{
	json_t *networks = cli_query_network(name);
	json_t *agent = cli_query_agent(name);

	cli_print_network(networks);
	cli_print_agent(agent);
	json_decref(networks);
	json_decref(agent);
}

static void print_status(const char *name, const struct record *record)
{
	const struct config *config = &record->config;
	char what[CAUSE_TEXT_SIZE];
	char when[TIME_TEXT_SIZE];
	char version[CONFIG_VERSION_TEXT_SIZE];

	cause_format(&record->cause, what);
	time_format(record->cause.when, when);
	config_format_psci_version(config->psci_version, version);
	printf("name: %s\nstate: %s\nsince: %s\ncause: %s\n", name, record_state_word(record), when,
	       what);
	if (record->paused)
		puts("paused: yes");
	if (record->suspension.known)
		print_suspension(&record->suspension);
	print_request(&record->request);
	if (record->saved_file)
		printf("saved: %s\n", record->saved_file);
	if (record->restoring != RESTORING_NOTHING)
		printf("restoring: from that file, by %s\n",
		       record_restoring_word(record->restoring));
	print_images(record);
	if (lifecycle_has_process(record->state))
		printf("pid: %ld\n", record->pid);
	printf("boots: %llu\nhost: Linux %s\nmachine-version: %u\ncpus: %u\nmemory: %llu MiB\npsci: %s, %s\n",
	       (unsigned long long)record->boots, record->host, config->machine_version,
	       config->cpus, (unsigned long long)config->memory >> 20, version,
	       psci_server_name(config->psci));
	if (config->kernel)
		printf("kernel: %s\n", config->kernel);
	if (config->flat)
		printf("flat: %s at %#llx\n", config->flat,
		       (unsigned long long)image_flat_address(config));
	if (config->firmware)
		printf("firmware: %s\n", config->firmware);
	if (config->idle_states)
		printf("idle-states: %s\n", config->idle_clusters ? "clusters" : "yes");
	if (config->cpu_features_off)
		print_cpu_features(config->cpu_features_off);
	if (config_has_acpi(config))
		print_acpi(record);
	print_policies(config);
	if (config->initrd)
		printf("initrd: %s\n", config->initrd);
	for (size_t i = 0; i < config->disk_count; i++)
		printf("disk: %s%s\n", config->disks[i].path,
		       config->disks[i].read_only ? " (read-only)" : "");
	print_nets(config);
	print_wake_on_net(record);
	printf("append: %s\n", config->append);
	if (config->console)
		printf("console: %s\n", config->console);
	if (config->console_device == CONSOLE_DEVICE_VIRTIO)
		puts("console-device: hvc");
	if (lifecycle_has_process(record->state))
		print_answers(name);
}

/* @json may be NULL if memory ran out. Returns whether it was printed. */
static bool print_json(const json_t *json)
{
	if (!json || json_dumpf(json, stdout, JSON_INDENT(2)) < 0)
		return false;

	return putchar('\n') != EOF;
}

/* What became of each image, beside what is in the record. */
static bool add_fates(json_t *json, const struct record *record)
{
	json_t *images = json_object_get(json, "images");
	const size_t count = run_image_count(record);

	for (size_t i = 0; i < count; i++) {
		json_t *image = json_array_get(images, i);
		struct error text;
		const char *fate = run_image_fate(record, i, &text);

		if (json_object_set_new(image, "fate", json_string(fate)) < 0 ||
		    json_object_set_new(image, "explanation", json_string(text.text)) < 0)
			return false;
	}

	return true;
}

/* Beside what is in the record, too. */
static bool add_answers(json_t *json, const struct record *record, const char *name)
{
	const bool runs = lifecycle_has_process(record->state);
	json_t *networks = runs ? cli_query_network(name) : NULL;
	json_t *agent = runs ? cli_query_agent(name) : NULL;
	const bool added = !networks || json_object_set_new(json, "network", networks) == 0;

	return (!agent || json_object_set_new(json, "agent", agent) == 0) && added;
}

static int print_status_json(const char *name, const struct record *record, struct error *error)
{
	json_t *json = record_to_json(record, name);
	const bool printed = json && add_fates(json, record) && add_answers(json, record, name) &&
			     print_json(json);

	json_decref(json);

	return printed ? 0 : error_set(error, -EIO, "cannot write the status of %s as JSON", name);
}

/*
 * Returns 0, 1 if help was all that was wanted, or CLI_USAGE with @error set.
 */
static int parse(int argc, char **argv, const char *text, bool *json, struct error *error)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			*json = true;
			break;
		case 'h':
			fputs(text, stdout);

			return 1;
		default:
			return error_set(error, CLI_USAGE, "%s has no option %s", argv[0],
					 argv[optind - 1]);
		}
	}

	return 0;
}

int cli_status(int argc, char **argv, struct error *error)
{
	struct record record = { 0 };
	bool json = false;
	const char *name;
	int err = parse(argc, argv, status_help, &json, error);

	if (err)
		return err == 1 ? 0 : err;
	if (argc != optind + 1)
		return error_set(error, CLI_USAGE, "status wants one name");
	name = argv[optind];
	err = cli_load_record(name, &record, error);
	if (err)
		return err;
	if (json)
		err = print_status_json(name, &record, error);
	else
		print_status(name, &record);
	record_free(&record);

	return err;
}

static bool is_at_boot(const char *name)
{
	struct vm_dir dir;
	struct error error;
	bool at_boot;

	if (vm_dir_open(name, false, &dir, &error) < 0)
		return false;
	at_boot = at_boot_is_set(dir.fd);
	vm_dir_close(&dir);

	return at_boot;
}

/*
 * A VM that cannot be read is listed as such, so that the others are listed,
 * too. A VM that has never run, because its first run failed, does not exist
 * yet.
 */
static int print_row(const char *name, void *context)
{
	struct record record = { 0 };
	struct error error;
	char when[TIME_TEXT_SIZE];
	const int err = cli_load_record(name, &record, &error);

	if (err == -ENOENT)
		return 0;
	if (err) {
		printf("%-24s %-12s %s\n", name, "unknown", error.text);

		return 0;
	}
	time_format(record.cause.when, when);
	printf("%-24s %-12s %s%s\n", name, record_state_word(&record), when,
	       is_at_boot(name) ? "  at boot" : "");
	record_free(&record);

	return 0;
}

/* Likewise, to a JSON array; returns 1 if memory ran out. */
static int add_row(const char *name, void *context)
{
	struct record record = { 0 };
	struct error error;
	char when[TIME_TEXT_SIZE];
	json_t *row;
	const int err = cli_load_record(name, &record, &error);

	if (err == -ENOENT)
		return 0;
	if (err) {
		row = json_pack("{s:s, s:s}", "name", name, "state", "unknown");
		(void)json_object_set_new(row, "error", utf8_to_json(error.text));
	} else {
		time_format(record.cause.when, when);
		row = json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", name, "state",
				record_state_word(&record), "since", when, "paused",
				(int)record.paused, "at-boot", (int)is_at_boot(name));
		record_free(&record);
	}

	return json_array_append_new(context, row) < 0;
}

int cli_list(int argc, char **argv, struct error *error)
{
	bool json = false;
	json_t *rows;
	int err = parse(argc, argv, list_help, &json, error);

	if (err)
		return err == 1 ? 0 : err;
	if (argc != optind)
		return error_set(error, CLI_USAGE, "list takes no argument");
	if (!json)
		return vm_dir_list(print_row, NULL, error);
	rows = json_array();
	err = vm_dir_list(add_row, rows, error);
	if (err == 1 || (!err && !print_json(rows)))
		err = error_set(error, -EIO, "cannot write the list as JSON");
	json_decref(rows);

	return err;
}
