/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent-link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/main-loop.h"
#include "base/random.h"

#define SECOND 1000000ULL

/* How many bytes are read before the thread's other work is done. */
#define BYTES_MAX 16384

void agent_link_create(struct agent_link *link, const struct channel *channel)
{
	/* Not the reader, which begins with a sync: what is not touched takes no memory. */
	memset(link, 0, offsetof(struct agent_link, reader));
	link->channel = channel;
	/*
	 * An agent may still hold the answer to a sync of a dormouse that ran this
	 * guest before. Without randomness all ids are new to this one.
	 */
	(void)random_fill(&link->id, sizeof(link->id));
	/* An agent takes an id as a signed number, and some as one of 32 bits. */
	link->id &= INT32_MAX;
}

static void stop_sending(struct agent_link *link)
{
	free(link->output);
	link->output = NULL;
	link->output_size = 0;
	link->output_sent = 0;
}

void agent_link_stop(struct agent_link *link)
{
	stop_sending(link);
	free(link->command);
	link->command = NULL;
	link->owes = link->owes || link->stage == AGENT_LINK_COMMAND;
	link->stage = AGENT_LINK_IDLE;
	link->more = false;
	/* What follows an answer is discarded before the next one anyway. */
	link->input_count = 0;
}

void agent_link_destroy(struct agent_link *link)
{
	agent_link_stop(link);
}

static void send_output(struct agent_link *link)
{
	if (!link->output)
		return;
	link->output_sent +=
		channel_write(link->channel, (const uint8_t *)link->output + link->output_sent,
			      link->output_size - link->output_sent);
	if (link->output_sent < link->output_size)
		return;
	link->sent = link->stage == AGENT_LINK_COMMAND;
	stop_sending(link);
}

/* @output is taken over. */
static void begin_sending(struct agent_link *link, char *output)
{
	stop_sending(link);
	link->output = output;
	link->output_size = strlen(output);
	send_output(link);
}

int agent_link_begin(struct agent_link *link, char *command, bool patient, unsigned int timeout)
{
	char *sync;

	link->id = (link->id + 1) & INT32_MAX;
	if (!command ||
	    asprintf(&sync,
		     "\xff{\"execute\": \"guest-sync-delimited\", \"arguments\": {\"id\": %lld}}\n",
		     (long long)link->id) < 0) {
		free(command);

		return -ENOMEM;
	}
	link->command = command;
	if (channel_opening(link->channel) != link->opening)
		link->owes = false;
	link->opening = channel_opening(link->channel);
	link->stage = AGENT_LINK_SYNC;
	link->sent = false;
	link->deadline = patient ? MAIN_LOOP_NEVER : main_loop_now() + AGENT_SYNC_TIMEOUT * SECOND;
	link->timeout = timeout ? timeout * SECOND : MAIN_LOOP_NEVER;
	agent_reader_begin(&link->reader, link->id, link->owes);
	begin_sending(link, sync);

	return 0;
}

bool agent_link_is_sent(const struct agent_link *link)
{
	return link->sent;
}

uint64_t agent_link_due(const struct agent_link *link)
{
	if (link->stage == AGENT_LINK_IDLE)
		return MAIN_LOOP_NEVER;

	return link->more ? 0 : link->deadline;
}

void agent_link_explain(enum agent_link_failure failure, struct error *error)
{
	switch (failure) {
	case AGENT_LINK_SLOW:
		error_set(error, 0, "its agent has not answered within %d seconds",
			  AGENT_SYNC_TIMEOUT);
		break;
	case AGENT_LINK_FLOOD:
		error_set(error, 0, "its agent sends without end, and not what it was asked for");
		break;
	case AGENT_LINK_LONG:
		error_set(error, 0, "its agent's answer is longer than %d KiB",
			  AGENT_ANSWER_SIZE / 1024);
		break;
	case AGENT_LINK_NOT_JSON:
		error_set(error, 0, "its agent's answer is no JSON object");
		break;
	case AGENT_LINK_GONE:
		error_set(error, 0, "its agent has closed its port");
		break;
	}
}

static struct agent_link_news fail(struct agent_link *link, enum agent_link_failure failure)
{
	agent_link_stop(link);

	return (struct agent_link_news){ .event = AGENT_LINK_FAILED, .failure = failure };
}

static struct agent_link_news on_synced(struct agent_link *link, uint64_t now)
{
	char *command = link->command;

	link->command = NULL;
	link->owes = false;
	link->stage = AGENT_LINK_COMMAND;
	link->deadline = link->timeout == MAIN_LOOP_NEVER ? MAIN_LOOP_NEVER : now + link->timeout;
	begin_sending(link, command);

	return (struct agent_link_news){ .event = AGENT_LINK_SYNCED };
}

static struct agent_link_news on_read(struct agent_link *link, enum agent_read result,
				      json_t *answer, uint64_t now)
{
	switch (result) {
	case AGENT_READ_MORE:
		break;
	case AGENT_READ_SYNCED:
		return on_synced(link, now);
	case AGENT_READ_ANSWER:
		agent_link_stop(link);
		link->owes = false;
		return (struct agent_link_news){ .event = AGENT_LINK_ANSWERED, .answer = answer };
	case AGENT_READ_TOO_LONG:
		return fail(link, AGENT_LINK_LONG);
	case AGENT_READ_NOT_JSON:
		return fail(link, AGENT_LINK_NOT_JSON);
	case AGENT_READ_FLOOD:
		return fail(link, AGENT_LINK_FLOOD);
	}

	return (struct agent_link_news){ .event = AGENT_LINK_NOTHING };
}

/* Returns whether there is input. */
static bool fill(struct agent_link *link)
{
	if (link->input_count > 0)
		return true;
	link->input_first = 0;
	link->input_count = channel_read(link->channel, link->input, sizeof(link->input));

	return link->input_count > 0;
}

struct agent_link_news agent_link_run(struct agent_link *link, uint64_t now)
{
	struct agent_link_news news = { .event = AGENT_LINK_NOTHING };
	size_t budget = BYTES_MAX;

	link->more = false;
	if (link->stage == AGENT_LINK_IDLE)
		return news;
	if (channel_opening(link->channel) != link->opening)
		return fail(link, AGENT_LINK_GONE);
	send_output(link);
	while (news.event == AGENT_LINK_NOTHING && budget > 0 && fill(link)) {
		json_t *answer;
		size_t used;
		const enum agent_read result =
			agent_reader_feed(&link->reader, link->input + link->input_first,
					  link->input_count, &used, &answer);

		link->input_first += used;
		link->input_count -= used;
		budget -= used < budget ? used : budget;
		news = on_read(link, result, answer, now);
	}
	if (news.event != AGENT_LINK_NOTHING)
		return news;
	link->more = budget == 0;

	return now >= link->deadline ? fail(link, AGENT_LINK_SLOW) : news;
}
