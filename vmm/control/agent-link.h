/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One command to an agent at a time, over a channel: 0xff, which makes the agent
 * drop what it has read of a line, guest-sync-delimited with a new id, then the
 * command. What the agent sent before its answer to the sync is discarded: it
 * answers an earlier command, whose user has given up.
 *
 * Nothing is read while no command is carried out.
 */
#ifndef VMM_AGENT_LINK_H
#define VMM_AGENT_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "control/agent-reader.h"
#include "host/channel.h"

/** How long an agent has to answer a sync, in seconds: a busy guest is slow. */
#define AGENT_SYNC_TIMEOUT 10

enum agent_link_stage {
	AGENT_LINK_IDLE,
	AGENT_LINK_SYNC,
	AGENT_LINK_COMMAND,
};

/** Why a command has no answer. */
enum agent_link_failure {
	AGENT_LINK_SLOW, /**< The sync or the command has no answer in time. */
	AGENT_LINK_FLOOD, /**< As of enum agent_read, these three. */
	AGENT_LINK_LONG,
	AGENT_LINK_NOT_JSON,
	AGENT_LINK_GONE, /**< The port was closed, or opened anew. */
};

/** Set @error to a clause that says so, "its agent ...". */
void agent_link_explain(enum agent_link_failure failure, struct error *error);

/** Private, except stage. */
struct agent_link {
	const struct channel *channel;
	enum agent_link_stage stage;
	uint64_t opening; /**< Of the channel, to which the command belongs. */
	uint64_t deadline; /**< In microseconds of main_loop_now(), or MAIN_LOOP_NEVER. */
	uint64_t timeout; /**< For the answer to the command: microseconds or MAIN_LOOP_NEVER. */
	bool sent; /**< All of the command. */
	bool owes; /**< The agent was sent a command that it has not answered as a whole. */
	bool more; /**< There is more to be read at once. */
	int64_t id;
	char *command;
	char *output; /**< What is being sent, or NULL. */
	size_t output_size, output_sent;
	uint8_t input[4096]; /**< What was read, and not looked at. */
	size_t input_first, input_count;
	struct agent_reader reader; /**< Last: its buffer is large. */
};

enum agent_link_event {
	AGENT_LINK_NOTHING,
	AGENT_LINK_SYNCED, /**< The agent is there: it has answered the sync. */
	AGENT_LINK_ANSWERED,
	AGENT_LINK_FAILED,
};

struct agent_link_news {
	enum agent_link_event event;
	json_t *answer; /**< Of ANSWERED: a new reference, an object. */
	enum agent_link_failure failure; /**< Of FAILED. */
};

void agent_link_create(struct agent_link *link, const struct channel *channel);
void agent_link_destroy(struct agent_link *link);

/**
 * Begin, from IDLE.
 *
 * @command: JSON in one line; its memory is taken over. NULL: -ENOMEM.
 * @patient: the sync has no deadline: the agent may still be starting
 * @timeout: of the answer to the command, in seconds; 0: none
 *
 * Returns 0 or -ENOMEM.
 */
int agent_link_begin(struct agent_link *link, char *command, bool patient, unsigned int timeout);

/** Give up: the answer is discarded. */
void agent_link_stop(struct agent_link *link);

/** Whether the last command was sent as a whole. */
bool agent_link_is_sent(const struct agent_link *link);

/** When agent_link_run() must be called, besides when the channel is ready. */
uint64_t agent_link_due(const struct agent_link *link);

/**
 * Do what is possible now, up to the next event: call it again until that is NOTHING.
 * ANSWERED and FAILED lead to IDLE.
 */
struct agent_link_news agent_link_run(struct agent_link *link, uint64_t now);

#endif
