/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes what an agent says. Its peer answers each sync, so that what it says besides
 * is read as answers to the survey, to requests and to commands; or anything but that.
 * Each request has one end at most, rounds come to an end, and what dormouse says of
 * the agent is JSON with printable texts.
 *
 * The input is a list of steps, each an operation and its operands:
 *	0	the agent opens its port
 *	1	it closes it
 *	2	it sends bytes: how many, and they
 *	3	it answers the last sync that it was sent
 *	4	it answers it, and sends a line: how many bytes, and they
 *	5	dormouse asks: which
 *	6	dormouse passes on a command
 *	7	dormouse forgets
 *	8	the guest has slept
 */
#include "input.h"
#include "operations.h"

#include "base/main-loop.h"
#include "control/agent.h"
#include "host/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct peer {
	uint64_t opening, openings;
	uint8_t from[8192]; /* What the agent sends. */
	size_t from_size;
	char to[8192]; /* What it was sent. */
	size_t to_size;
	unsigned int asked, ended;
};

static uint64_t opening(void *device)
{
	const struct peer *peer = device;

	return peer->opening;
}

static bool has_driver(void *device)
{
	return false;
}

static size_t read_channel(void *device, uint8_t *bytes, size_t size)
{
	struct peer *peer = device;

	if (peer->opening == 0)
		return 0;
	if (size > peer->from_size)
		size = peer->from_size;
	memcpy(bytes, peer->from, size);
	peer->from_size -= size;
	memmove(peer->from, peer->from + size, peer->from_size);

	return size;
}

static size_t write_channel(void *device, const uint8_t *bytes, size_t size)
{
	struct peer *peer = device;

	if (peer->opening == 0)
		return 0;
	/* All that matters are the last lines. */
	if (peer->to_size + size > sizeof(peer->to))
		peer->to_size = 0;
	if (size > sizeof(peer->to))
		return 0;
	memcpy(peer->to + peer->to_size, bytes, size);
	peer->to_size += size;

	return size;
}

static void say(struct peer *peer, const void *bytes, size_t size)
{
	if (size > sizeof(peer->from) - peer->from_size)
		size = sizeof(peer->from) - peer->from_size;
	memcpy(peer->from + peer->from_size, bytes, size);
	peer->from_size += size;
}

static void answer_sync(struct peer *peer)
{
	static const char key[] = "\"id\": ";
	char text[8193];
	char answer[64];
	const char *at;

	memcpy(text, peer->to, peer->to_size);
	text[peer->to_size] = '\0';
	at = strstr(text, key);
	for (const char *next = at; next; next = strstr(next + 1, key))
		at = next;
	if (!at)
		return;
	snprintf(answer, sizeof(answer), "\xff{\"return\": %lld}\n",
		 strtoll(at + sizeof(key) - 1, NULL, 10));
	say(peer, answer, strlen(answer));
}

static void say_input(struct peer *peer, struct input *input)
{
	uint8_t bytes[256];
	const size_t size = take_byte(input);

	for (size_t i = 0; i < size; i++)
		bytes[i] = take_byte(input);
	say(peer, bytes, size);
}

static void on_refusal(void *context, const char *reason)
{
	struct peer *peer = context;

	REQUIRE(reason && *reason);
	peer->ended++;
	REQUIRE(peer->ended <= peer->asked);
}

static void on_answer(void *context, const json_t *answer, const char *reason)
{
	struct peer *peer = context;

	REQUIRE(!answer == !!reason);
	REQUIRE(!answer || json_is_object(answer));
	peer->ended++;
	REQUIRE(peer->ended <= peer->asked);
}

static void on_port(void *context, bool open)
{
}

static void ask(struct peer *peer, struct agent *agent, enum agent_request request)
{
	const struct agent_user user = { .refused = on_refusal, .context = peer };
	struct error error = { "" };

	if (agent_ask(agent, request, &user, &error) == 0)
		peer->asked++;
	else
		REQUIRE(*error.text);
}

static void execute(struct peer *peer, struct agent *agent)
{
	const struct agent_caller caller = { .answered = on_answer, .context = peer };
	json_t *command = json_pack("{s:s}", "execute", "guest-ping");
	struct error error = { "" };

	if (agent_execute(agent, command, &caller, &error) == 0)
		peer->asked++;
	else
		REQUIRE(*error.text);
	json_decref(command);
}

/* The main loop, as long as there is work. */
static void run(struct agent *agent)
{
	unsigned int rounds = 0;

	do {
		agent_run(agent);
		REQUIRE(++rounds < 1000);
	} while (agent_due(agent) == 0);
}

static void step(struct peer *peer, struct agent *agent, struct input *input)
{
	count_operation();
	switch (take_byte(input) % 9) {
	case 0:
		peer->opening = ++peer->openings;
		peer->from_size = 0;
		peer->to_size = 0;
		break;
	case 1:
		peer->opening = 0;
		break;
	case 2:
		say_input(peer, input);
		break;
	case 3:
		answer_sync(peer);
		break;
	case 4:
		answer_sync(peer);
		say_input(peer, input);
		say(peer, "\n", 1);
		break;
	case 5:
		ask(peer, agent, (enum agent_request)(take_byte(input) % 3));
		break;
	case 6:
		execute(peer, agent);
		break;
	case 7:
		agent_forget(agent);
		agent_forget_caller(agent, peer);
		break;
	default:
		agent_look_at_clock(agent);
		break;
	}
	run(agent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct channel_ops ops = {
		.opening = opening,
		.has_driver = has_driver,
		.read = read_channel,
		.write = write_channel,
	};
	static struct peer peer;
	const struct agent_host host = { .opened = on_port };
	struct channel channel = { .ops = &ops, .device = &peer };
	struct input input = { data, size };
	struct agent *agent;
	json_t *json;

	memset(&peer, 0, sizeof(peer));
	agent = agent_create(&channel, "vm", true, &host);
	REQUIRE(agent);
	while (input.left > 0)
		step(&peer, agent, &input);
	json = agent_to_json(agent);
	REQUIRE(json);
	json_decref(json);
	agent_destroy(agent);

	return 0;
}
