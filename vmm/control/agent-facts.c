/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent-facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* What a file of these has at most: more is not looked at. */
#define FILE_SIZE 4096

/* What a swap space has at most, in KiB: more is not believed. */
#define SWAP_MAX (UINT64_C(1) << 40)

static const char *const os_fields[AGENT_OS_FIELDS] = {
	"pretty-name", "id", "version-id", "kernel-release", "machine",
};

const char *const agent_facts_files[] = { "/proc/swaps", "/sys/power/state", NULL };

const char *agent_command_word(enum agent_command command)
{
	static const char *const words[] = {
		[AGENT_COMMAND_SUSPEND_RAM] = "guest-suspend-ram",
		[AGENT_COMMAND_SUSPEND_DISK] = "guest-suspend-disk",
		[AGENT_COMMAND_SHUTDOWN] = "guest-shutdown",
		[AGENT_COMMAND_OSINFO] = "guest-get-osinfo",
		[AGENT_COMMAND_FILE] = "guest-file-open",
		[AGENT_COMMAND_GET_TIME] = "guest-get-time",
		[AGENT_COMMAND_SET_TIME] = "guest-set-time",
	};

	return words[command];
}

/* --- texts --- */

/* Control characters would act on a user's terminal, and some reorder its line. */
static bool is_printable(uint32_t code)
{
	return code >= 0x20 && (code < 0x7f || code > 0x9f) && (code < 0x200e || code > 0x200f) &&
	       (code < 0x2028 || code > 0x202e) && (code < 0x2066 || code > 0x2069);
}

void agent_text(char to[AGENT_TEXT_SIZE], const json_t *json)
{
	const char *from = json_is_string(json) ? json_string_value(json) : "";
	size_t left = json_is_string(json) ? json_string_length(json) : 0;
	size_t size = 0;

	while (left > 0) {
		uint32_t code;
		const size_t length = utf8_decode(from, left, &code);

		if (length == 0 || size + length >= AGENT_TEXT_SIZE)
			break;
		if (is_printable(code)) {
			memcpy(to + size, from, length);
			size += length;
		} else {
			to[size++] = '?';
		}
		from += length;
		left -= length;
	}
	to[size] = '\0';
}

/* --- base64 --- */

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decode up to the first character that is no digit. Returns how many bytes. */
static size_t decode(char *to, size_t size, const char *text)
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t done = 0;

	for (; digit(*text) >= 0 && done < size; text++) {
		bits = bits << 6 | (uint32_t)digit(*text);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		to[done++] = (char)(bits >> count);
	}

	return done;
}

/* --- answers --- */

static void take_ability(struct agent_facts *facts, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));

	for (int i = 0; name && i < AGENT_COMMAND_COUNT; i++) {
		if (strcmp(name, agent_command_word((enum agent_command)i)) == 0)
			facts->abilities[i] = json_is_false(json_object_get(row, "enabled"))
						      ? AGENT_DISABLED
						      : AGENT_HAS;
	}
}

void agent_facts_take_info(struct agent_facts *facts, const json_t *info)
{
	const json_t *commands = json_object_get(info, "supported_commands");
	size_t i;
	const json_t *row;

	agent_text(facts->version, json_object_get(info, "version"));
	if (!json_is_array(commands))
		return;
	facts->known = true;
	for (int command = 0; command < AGENT_COMMAND_COUNT; command++)
		facts->abilities[command] = AGENT_LACKS;
	json_array_foreach(commands, i, row) take_ability(facts, row);
}

void agent_facts_take_os(struct agent_facts *facts, const json_t *info)
{
	for (size_t i = 0; i < AGENT_OS_FIELDS; i++)
		agent_text(facts->os[i], json_object_get(info, os_fields[i]));
}

/* The number that is the third word of a line, or 0; at most SWAP_MAX. */
static uint64_t third_number(char *line)
{
	char *next = NULL;
	char *word = strtok_r(line, " \t", &next);
	uint64_t number;

	for (unsigned int i = 0; i < 2 && word; i++)
		word = strtok_r(NULL, " \t", &next);
	number = word ? strtoull(word, NULL, 10) : 0;

	return number < SWAP_MAX ? number : SWAP_MAX;
}

/* /proc/swaps: a heading; then in each line a name, a type, and KiB. */
static void take_swaps(struct agent_facts *facts, char *text)
{
	char *next = NULL;
	char *line = strtok_r(text, "\n", &next);

	if (!line)
		return;
	facts->swap_known = true;
	facts->swap = 0;
	while ((line = strtok_r(NULL, "\n", &next))) {
		/* Not what zram has, which is in memory. */
		if (strncmp(line, "/dev/zram", 9) != 0)
			facts->swap += third_number(line) * 1024;
	}
}

/* /sys/power/state: "freeze mem disk". */
static void take_sleeps(struct agent_facts *facts, char *text)
{
	char *next = NULL;

	facts->sleeps_known = true;
	facts->can_hibernate = false;
	for (char *word = strtok_r(text, " \n", &next); word; word = strtok_r(NULL, " \n", &next))
		facts->can_hibernate = facts->can_hibernate || strcmp(word, "disk") == 0;
}

void agent_facts_take_file(struct agent_facts *facts, size_t file, const json_t *read)
{
	const char *encoded = json_string_value(json_object_get(read, "buf-b64"));
	char text[FILE_SIZE + 1];

	if (!encoded)
		return;
	text[decode(text, FILE_SIZE, encoded)] = '\0';
	if (file == 0)
		take_swaps(facts, text);
	else
		take_sleeps(facts, text);
}

/* --- what follows --- */

int agent_facts_check(const struct agent_facts *facts, enum agent_command command,
		      struct error *error)
{
	switch (facts->abilities[command]) {
	case AGENT_UNKNOWN:
	case AGENT_HAS:
		break;
	case AGENT_LACKS:
		return error_set(error, -EOPNOTSUPP, "its agent, version %s, has no %s",
				 facts->version, agent_command_word(command));
	case AGENT_DISABLED:
		return error_set(error, -EOPNOTSUPP, "its agent has %s disabled",
				 agent_command_word(command));
	}

	return 0;
}

bool agent_facts_hibernation(const struct agent_facts *facts, bool buttons, struct error *error)
{
	if (facts->sleeps_known && !facts->can_hibernate) {
		error_set(error, 0, "its guest's kernel offers no hibernation");

		return true;
	}
	if (facts->swap_known && facts->swap == 0) {
		error_set(error, 0, "its guest has no swap space in use");

		return true;
	}

	return !buttons && agent_facts_check(facts, AGENT_COMMAND_SUSPEND_DISK, error) < 0;
}

static bool add(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static bool add_os(const struct agent_facts *facts, json_t *object)
{
	json_t *os = json_object();
	bool ok = true;

	for (size_t i = 0; i < AGENT_OS_FIELDS; i++) {
		if (*facts->os[i])
			ok = add(os, os_fields[i], json_string(facts->os[i])) && ok;
	}
	if (json_object_size(os) > 0)
		return add(object, "os", os) && ok;
	json_decref(os);

	return ok;
}

static bool add_abilities(const struct agent_facts *facts, json_t *object)
{
	json_t *lacks = json_object();
	bool ok = true;

	for (int i = 0; i < AGENT_COMMAND_COUNT; i++) {
		const enum agent_ability ability = facts->abilities[i];

		if (ability == AGENT_LACKS || ability == AGENT_DISABLED)
			ok = add(lacks, agent_command_word((enum agent_command)i),
				 json_string(ability == AGENT_LACKS ? "absent" : "disabled")) &&
			     ok;
	}

	return add(object, "lacks", lacks) && ok;
}

bool agent_facts_add(const struct agent_facts *facts, bool buttons, json_t *object)
{
	struct error error;
	bool ok = true;

	if (*facts->version)
		ok = add(object, "version", json_string(facts->version));
	ok = add_os(facts, object) && ok;
	if (facts->known)
		ok = add_abilities(facts, object) && ok;
	if (facts->swap_known)
		ok = add(object, "swap", json_integer((json_int_t)facts->swap)) && ok;
	if (agent_facts_hibernation(facts, buttons, &error))
		ok = add(object, "no-hibernation", json_string(error.text)) && ok;

	return ok;
}
