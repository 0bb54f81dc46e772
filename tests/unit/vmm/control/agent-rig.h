/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent's peer for tests: a channel whose other end answers by a script, and a
 * clock that tests set forward.
 */
#ifndef TESTS_AGENT_RIG_H
#define TESTS_AGENT_RIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "control/agent.h"
#include "host/channel.h"

/** guest-info of an agent that has all that dormouse asks for. */
#define AGENT_RIG_INFO                                                      \
	"{\"return\": {\"version\": \"10.0.13\", \"supported_commands\": [" \
	"{\"name\": \"guest-suspend-ram\", \"enabled\": true},"             \
	"{\"name\": \"guest-suspend-disk\", \"enabled\": true},"            \
	"{\"name\": \"guest-shutdown\", \"enabled\": true},"                \
	"{\"name\": \"guest-get-osinfo\", \"enabled\": true},"              \
	"{\"name\": \"guest-file-open\", \"enabled\": true},"               \
	"{\"name\": \"guest-get-time\", \"enabled\": true},"                \
	"{\"name\": \"guest-set-time\", \"enabled\": true}]}}\n"

#define AGENT_RIG_OS                                                                           \
	"{\"return\": {\"pretty-name\": \"Debian GNU/Linux 13 (trixie)\", \"id\": \"debian\"," \
	" \"version-id\": \"13\", \"kernel-release\": \"7.2\", \"machine\": \"aarch64\"}}\n"

/** What the agent answers to a command; NULL: nothing. */
struct agent_line {
	const char *command;
	const char *answer;
};

struct agent_rig {
	struct agent *agent;
	struct channel channel;
	uint64_t opening, openings;
	bool no_driver; /**< The guest has reset the device. */
	char to_agent[1 << 18]; /**< What dormouse sent, and the agent has not looked at. */
	size_t to_size;
	size_t room; /**< How much the guest takes from dormouse until it is asked again. */
	uint8_t *from_agent; /**< What dormouse has not read. */
	size_t from_size, from_first;
	bool endless; /**< Behind that, the agent sends without end. */
	const struct agent_line *script; /**< Rows up to one without a command. */
	bool deaf; /**< It does not answer a sync. */
	bool hangs; /**< It reads nothing: what it is sent waits. */
	bool syncs_wrong; /**< It answers one with another id. */
	char heard[65536]; /**< The commands that it was sent, one a line, without syncs. */
	int64_t set_to; /**< By guest-set-time; 0: not. */
	int64_t offset; /**< Of the guest's clock, as guest-get-time has it; nanoseconds. */
	bool sets; /**< guest-set-time does it. */
	/* What dormouse was given. */
	unsigned int refusals;
	char refusal[256];
	unsigned int answers;
	json_t *answer;
	unsigned int reports;
	bool reported;
};

/** The answers of an agent that sleeps to RAM and powers off, but has no swap space. */
extern const struct agent_line agent_rig_usual[];

/** Make one on the heap, of a guest that has not slept; and free it. */
struct agent_rig *agent_rig_setup(const struct agent_line *script);
void agent_rig_teardown(struct agent_rig *r);

/** Make it, with an agent that answers by @script once the port is open. */
void agent_rig_create(struct agent_rig *r, const struct agent_line *script, bool slept);
void agent_rig_destroy(struct agent_rig *r);

/** The agent's program opens its port, closes it. */
void agent_rig_open(struct agent_rig *r);
void agent_rig_close(struct agent_rig *r);

/** Both sides, until neither has anything to do; dormouse at most @rounds times. */
void agent_rig_run(struct agent_rig *r);
void agent_rig_rounds(struct agent_rig *r, unsigned int rounds);

/** The agent sends this. */
void agent_rig_send(struct agent_rig *r, const void *bytes, size_t size);

/** Time passes, as it does not by itself. */
void agent_rig_pass(unsigned int seconds);

/** A test program has this as its clock_gettime(), in the place of libc's. */
int agent_rig_clock(clockid_t clock, struct timespec *time);

/** Ask, and assert that it was accepted. */
void agent_rig_ask(struct agent_rig *r, enum agent_request request);
void agent_rig_execute(struct agent_rig *r, const char *command);

/** As agent_ask(), of a caller that is not interested in the answer. */
int agent_rig_try_to_ask(struct agent_rig *r, enum agent_request request, struct error *error);

/** Assert what agent_to_json() has for a key. */
void agent_rig_says(struct agent_rig *r, const char *key, const char *text);
void agent_rig_is(struct agent_rig *r, const char *key, bool value);

#endif
