/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands for clients: QEMU's, and our own. */
#include "control/qmp/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "control/ask-vm.h"
#include "machine/devices.h"
#include "machine/vcpu.h"

/* --- doing --- */

static json_t *stop(void *context, const char *argument, struct error *error)
{
	return control_pause(context, error) < 0 ? NULL : json_object();
}

static json_t *cont(void *context, const char *argument, struct error *error)
{
	return control_continue(context, error) < 0 ? NULL : json_object();
}

static json_t *system_wakeup(void *context, const char *argument, struct error *error)
{
	return control_wake(context, "a client of QMP", error) < 0 ? NULL : json_object();
}

static json_t *system_reset(void *context, const char *argument, struct error *error)
{
	return control_reset(context, "a client of QMP", error) < 0 ? NULL : json_object();
}

static const struct qmp_option ask_options[] = {
	{ "timeout", JSON_INTEGER },
	{ "else", JSON_STRING },
	{ 0 },
};

static json_t *ask(struct control *control, enum request_what what, const json_t *arguments,
		   struct error *error)
{
	const json_t *timeout = json_object_get(arguments, "timeout");
	const char *word = json_string_value(json_object_get(arguments, "else"));
	const json_int_t seconds = timeout ? json_integer_value(timeout) : CONTROL_ASK_TIMEOUT;
	enum request_else otherwise = REQUEST_ELSE_LEAVE;
	int err = 0;

	if (seconds < 1 || seconds > CONTROL_ASK_TIMEOUT_MAX)
		err = error_set(
			error, -EINVAL,
			"the argument \"timeout\" must be a number of seconds, from 1 to %u",
			CONTROL_ASK_TIMEOUT_MAX);
	else if (word && request_parse_else(word, &otherwise) < 0)
		err = error_set(
			error, -EINVAL,
			"the argument \"else\" must be leave, save, poweroff or kill, not %s",
			word);
	if (!err)
		err = control_ask(control, what, (unsigned int)seconds, otherwise, error);

	return err ? NULL : json_object();
}

static json_t *system_powerdown(void *context, const json_t *arguments, struct error *error)
{
	return ask(context, REQUEST_POWEROFF, arguments, error);
}

static json_t *suspend(void *context, const json_t *arguments, struct error *error)
{
	return ask(context, REQUEST_SUSPEND, arguments, error);
}

static json_t *hibernate(void *context, const json_t *arguments, struct error *error)
{
	return ask(context, REQUEST_HIBERNATE, arguments, error);
}

static json_t *quit(void *context, const char *argument, struct error *error)
{
	control_quit(context, CONTROL_REASON_HOST_QMP_QUIT, "a client of QMP");

	return json_object();
}

static json_t *save_in(struct control *control, const char *file, bool compress,
		       struct error *error)
{
	/* Our current directory is not the client's. */
	if (file[0] != '/') {
		error_set(error, 0, "the argument \"file\" must be an absolute path");

		return NULL;
	}

	return control_save(control, file, compress, error) < 0 ? NULL : json_object();
}

static json_t *save(void *context, const char *argument, struct error *error)
{
	return save_in(context, argument, false, error);
}

static json_t *save_compressed(void *context, const char *argument, struct error *error)
{
	return save_in(context, argument, true, error);
}

static json_t *park(void *context, const char *argument, struct error *error)
{
	return control_park(context, error) < 0 ? NULL : json_object();
}

/* --- asking --- */

static json_t *query_version(void *context, const char *argument, struct error *error)
{
	return qmp_version();
}

static json_t *query_name(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;

	return json_pack("{s:s}", "name", control->vm->name);
}

/* A VM has no UUID, for which QEMU reports this. */
static json_t *query_uuid(void *context, const char *argument, struct error *error)
{
	return json_pack("{s:s}", "UUID", "00000000-0000-0000-0000-000000000000");
}

static json_t *query_kvm(void *context, const char *argument, struct error *error)
{
	return json_pack("{s:b, s:b}", "enabled", 1, "present", 1);
}

/* QEMU's RunState. */
static const char *run_state(const struct control *control)
{
	if (control_is_paused(control))
		return "paused";

	if (control->record->state == VM_SUSPENDED)
		return "suspended";

	return control->life.panicked ? "guest-panicked" : "running";
}

static json_t *query_status(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;
	const bool runs = !control_is_paused(control) && control->record->state != VM_SUSPENDED;

	return json_pack("{s:b, s:s}", "running", runs, "status", run_state(control));
}

static json_t *cpu(const struct vcpu *vcpu)
{
	char path[32];

	snprintf(path, sizeof(path), "/machine/cpu[%u]", vcpu->index);

	return json_pack("{s:i, s:s, s:i, s:{s:i}, s:s}", "cpu-index", (int)vcpu->index, "qom-path",
			 path, "thread-id", atomic_load(&vcpu->tid), "props", "core-id",
			 (int)vcpu->index, "target", "aarch64");
}

static json_t *query_cpus_fast(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;
	json_t *cpus = json_array();

	for (unsigned int i = 0; i < control->vm->vcpu_count; i++)
		(void)json_array_append_new(cpus, cpu(&control->vm->vcpus[i]));

	return cpus;
}

/* QEMU's values for an image without limits. */
static json_t *inserted(const struct disk *disk)
{
	static const char *const limits[] = { "bps",  "bps_rd",	 "bps_wr",
					      "iops", "iops_rd", "iops_wr" };
	struct stat status;
	json_t *json = json_pack(
		"{s:o, s:s, s:b, s:i, s:b, s:s, s:i, s:{s:b, s:b, s:b}, s:{s:o, s:s, s:I}}", "file",
		utf8_to_json(disk->path), "drv", "raw", "ro", disk->read_only, "backing_file_depth",
		0, "encrypted", 0, "detect_zeroes", "off", "write_threshold", 0, "cache",
		"writeback", 1, "direct", 0, "no-flush", 0, "image", "filename",
		utf8_to_json(disk->path), "format", "raw", "virtual-size", (json_int_t)disk->size);

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)json_object_set_new(json, limits[i], json_integer(0));
	if (fstat(disk->fd, &status) == 0)
		(void)json_object_set_new(json_object_get(json, "image"), "actual-size",
					  json_integer((json_int_t)status.st_blocks * 512));

	return json;
}

static json_t *query_block(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;
	const struct devices *devices = control->vm->devices;
	json_t *blocks = json_array();
	const struct disk *disk;
	char name[32];

	for (size_t i = 0; (disk = devices_disk(devices, i)); i++) {
		snprintf(name, sizeof(name), "disk%zu", i);
		(void)json_array_append_new(blocks,
					    json_pack("{s:s, s:s, s:b, s:b, s:o}", "device", name,
						      "type", "unknown", "removable", 0, "locked",
						      0, "inserted", inserted(disk)));
	}

	return blocks;
}

static json_t *query_chardev(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;
	const char *console = control->vm->config->console;

	return json_pack("[{s:s, s:o, s:b}]", "label", "serial0", "filename",
			 utf8_to_json(console ? console : "stdio"), "frontend-open", 1);
}

static json_t *query_psci(void *context, const char *argument, struct error *error)
{
	static const char *const words[] = {
		[CONTROL_POWER_ON] = "on",
		[CONTROL_POWER_OFF] = "off",
		[CONTROL_POWER_SUSPENDED] = "suspended",
	};
	struct control *control = context;
	const struct vm *vm = control->vm;
	char version[CONFIG_VERSION_TEXT_SIZE];
	enum control_power powers[CONFIG_CPUS_MAX];
	json_t *cpus;

	if (control_vcpu_powers(control, powers, error) < 0)
		return NULL;
	cpus = json_array();
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		(void)json_array_append_new(cpus, json_pack("{s:i, s:I, s:s}", "cpu-index", (int)i,
							    "mpidr", (json_int_t)vm->vcpus[i].mpidr,
							    "power", words[powers[i]]));
	config_format_psci_version(vm->psci_version, version);

	return json_pack("{s:s, s:s, s:o}", "server", config_psci_server_word(vm->server->name),
			 "version", version, "cpus", cpus);
}

static json_t *query_record(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;

	return record_to_json(control->record, control->vm->name);
}

static json_t *query_agent(void *context, const char *argument, struct error *error)
{
	const struct control *control = context;

	if (control->agent)
		return agent_to_json(control->agent);

	return json_pack("{s:b, s:b}", "open", 0, "answers", 0);
}

const struct qmp_command monitor_commands[] = {
	{ .name = "stop", .execute = stop },
	{ .name = "cont", .execute = cont },
	{ .name = "system_wakeup", .execute = system_wakeup },
	{ .name = "system_reset", .execute = system_reset },
	{ .name = "system_powerdown", .execute_with = system_powerdown, .options = ask_options },
	{ .name = "quit", .execute = quit },
	{ .name = "query-version", .execute = query_version },
	{ .name = "query-name", .execute = query_name },
	{ .name = "query-uuid", .execute = query_uuid },
	{ .name = "query-kvm", .execute = query_kvm },
	{ .name = "query-status", .execute = query_status },
	{ .name = "query-cpus-fast", .execute = query_cpus_fast },
	{ .name = "query-block", .execute = query_block },
	{ .name = "query-chardev", .execute = query_chardev },
	{ .name = "x-dormouse-save", .execute = save, .argument = "file" },
	{ .name = "x-dormouse-save-compressed", .execute = save_compressed, .argument = "file" },
	{ .name = "x-dormouse-query-psci", .execute = query_psci },
	{ .name = "x-dormouse-query-record", .execute = query_record },
	{ .name = "x-dormouse-suspend", .execute_with = suspend, .options = ask_options },
	{ .name = "x-dormouse-hibernate", .execute_with = hibernate, .options = ask_options },
	{ .name = "x-dormouse-query-agent", .execute = query_agent },
	{ .name = "x-dormouse-agent",
	  .begin = monitor_begin_agent,
	  .cancel = monitor_cancel_agent },
	{ .name = "x-dormouse-park", .execute = park },
	{ .name = "set_link", .execute_with = monitor_set_link, .options = monitor_link_options },
	{ .name = "x-dormouse-query-network", .execute = monitor_query_network },
};
const size_t monitor_command_count = sizeof(monitor_commands) / sizeof(monitor_commands[0]);
