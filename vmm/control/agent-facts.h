/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an agent says about its guest. None of it is trusted: texts are cut, and
 * have no control characters, so that they can be printed.
 */
#ifndef VMM_AGENT_FACTS_H
#define VMM_AGENT_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AGENT_TEXT_SIZE 128

/** Commands about which guest-info is asked. */
enum agent_command {
	AGENT_COMMAND_SUSPEND_RAM,
	AGENT_COMMAND_SUSPEND_DISK,
	AGENT_COMMAND_SHUTDOWN,
	AGENT_COMMAND_OSINFO,
	AGENT_COMMAND_FILE, /**< guest-file-open, by which others are judged. */
	AGENT_COMMAND_GET_TIME,
	AGENT_COMMAND_SET_TIME,
};
#define AGENT_COMMAND_COUNT (AGENT_COMMAND_SET_TIME + 1)

enum agent_ability {
	AGENT_UNKNOWN, /**< guest-info has not been answered. */
	AGENT_LACKS, /**< The agent is too old. */
	AGENT_DISABLED, /**< Its configuration has disabled it, or its guest lacks what it takes. */
	AGENT_HAS,
};

/** Fields of guest-get-osinfo. */
#define AGENT_OS_FIELDS 5

struct agent_facts {
	bool known; /**< guest-info has been answered. */
	char version[AGENT_TEXT_SIZE];
	enum agent_ability abilities[AGENT_COMMAND_COUNT];
	char os[AGENT_OS_FIELDS][AGENT_TEXT_SIZE]; /**< "": not known. */
	bool swap_known;
	uint64_t swap; /**< Bytes of the guest's swap space. */
	bool sleeps_known;
	bool can_hibernate; /**< The guest's kernel offers it. */
};

/** The agent's name of a command. */
const char *agent_command_word(enum agent_command command);

/** Copy a text of an agent's; "" if @json is no string. */
void agent_text(char to[AGENT_TEXT_SIZE], const json_t *json);

/**
 * Take over the return value of guest-info, of guest-get-osinfo, and of
 * guest-file-read for a file of the guest's. What is not as it should be is not
 * taken.
 */
void agent_facts_take_info(struct agent_facts *facts, const json_t *info);
void agent_facts_take_os(struct agent_facts *facts, const json_t *info);
void agent_facts_take_file(struct agent_facts *facts, size_t file, const json_t *read);

/** The files of the guest's that are read, up to NULL. */
extern const char *const agent_facts_files[];

/**
 * Why an agent will not carry out a command: -EOPNOTSUPP with @error set to a
 * clause, "its agent ..."; or 0 if nothing is known against it.
 */
int agent_facts_check(const struct agent_facts *facts, enum agent_command command,
		      struct error *error);

/**
 * What is known to prevent the guest from hibernating: a clause in @error, and true
 * is returned; or false. With @buttons the agent need not have the command for it.
 */
bool agent_facts_hibernation(const struct agent_facts *facts, bool buttons, struct error *error);

/** Add what is known to @object, as docs/qmp.md has it. Returns false without memory. */
bool agent_facts_add(const struct agent_facts *facts, bool buttons, json_t *object);

#endif
