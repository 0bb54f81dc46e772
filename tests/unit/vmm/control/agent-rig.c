/* SPDX-License-Identifier: BSD-3-Clause */
#include "agent-rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/main-loop.h"

#define SECOND 1000000000LL
#define FROM_MAX (4UL << 20)

/* --- time --- */

static int64_t passed; /* Seconds. */

/* It stands still by itself, so that no test depends on how fast it runs. */
int agent_rig_clock(clockid_t clock, struct timespec *time)
{
	*time = (struct timespec){ .tv_sec = clock == CLOCK_REALTIME ? 1700000000 : 1000 };
	time->tv_sec += passed;

	return 0;
}

void agent_rig_pass(unsigned int seconds)
{
	passed += seconds;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);

	return time.tv_sec * SECOND + time.tv_nsec;
}

/* --- the channel --- */

static uint64_t opening(void *device)
{
	const struct agent_rig *r = device;

	return r->opening;
}

static bool has_driver(void *device)
{
	const struct agent_rig *r = device;

	return !r->no_driver;
}

static size_t read_channel(void *device, uint8_t *bytes, size_t size)
{
	struct agent_rig *r = device;
	const size_t left = r->from_size - r->from_first;

	if (r->opening == 0)
		return 0;
	if (left == 0 && r->endless) {
		memset(bytes, 'x', size);

		return size;
	}
	if (size > left)
		size = left;
	memcpy(bytes, r->from_agent + r->from_first, size);
	r->from_first += size;
	if (r->from_first == r->from_size)
		r->from_first = r->from_size = 0;

	return size;
}

static size_t write_channel(void *device, const uint8_t *bytes, size_t size)
{
	struct agent_rig *r = device;

	if (r->opening == 0)
		return 0;
	if (size > r->room)
		size = r->room;
	r->room -= size;
	assert_true(size <= sizeof(r->to_agent) - r->to_size);
	memcpy(r->to_agent + r->to_size, bytes, size);
	r->to_size += size;

	return size;
}

void agent_rig_send(struct agent_rig *r, const void *bytes, size_t size)
{
	assert_true(size <= FROM_MAX - r->from_size);
	memcpy(r->from_agent + r->from_size, bytes, size);
	r->from_size += size;
}

/* --- the agent --- */

static void say(struct agent_rig *r, const char *text)
{
	agent_rig_send(r, text, strlen(text));
}

static void answer_sync(struct agent_rig *r, const json_t *command)
{
	const json_int_t id =
		json_integer_value(json_object_get(json_object_get(command, "arguments"), "id"));
	char text[64];

	if (r->deaf)
		return;
	snprintf(text, sizeof(text), "\xff{\"return\": %lld}\n",
		 (long long)(r->syncs_wrong ? id - 1 : id));
	say(r, text);
}

static void answer_time(struct agent_rig *r)
{
	const int64_t time = now() + r->offset;
	char text[64];

	snprintf(text, sizeof(text), "{\"return\": %lld}\n", (long long)time);
	say(r, text);
}

static void set_time(struct agent_rig *r, const json_t *command)
{
	r->set_to =
		json_integer_value(json_object_get(json_object_get(command, "arguments"), "time"));
	if (r->sets)
		r->offset = r->set_to - now();
	/* As where there is no real-time clock: the guest's clock is set all the same. */
	say(r, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"hwclock failed\"}}\n");
}

static void answer(struct agent_rig *r, const char *line, size_t size)
{
	json_t *command = json_loadb(line, size, 0, NULL);
	const char *name = json_string_value(json_object_get(command, "execute"));
	const struct agent_line *row = r->script;

	assert_non_null(name);
	if (strcmp(name, "guest-sync-delimited") == 0) {
		answer_sync(r, command);
		json_decref(command);

		return;
	}
	assert_in_range(strlen(name), 1, 64);
	if (strlen(r->heard) + strlen(name) + 2 > sizeof(r->heard))
		r->heard[0] = '\0';
	strcat(r->heard, name);
	strcat(r->heard, "\n");
	while (row->command && strcmp(row->command, name) != 0)
		row++;
	if (row->command && row->answer)
		say(r, row->answer);
	else if (!row->command && strcmp(name, "guest-get-time") == 0)
		answer_time(r);
	else if (!row->command && strcmp(name, "guest-set-time") == 0)
		set_time(r, command);
	json_decref(command);
}

/* Handle whole lines; 0xff drops what is in front of it. Returns whether there was one. */
static bool run_agent(struct agent_rig *r)
{
	const char *end;
	const char *start;
	size_t size;

	r->room = sizeof(r->to_agent) / 2;
	if (r->opening == 0 || r->hangs)
		return false;
	end = memchr(r->to_agent, '\n', r->to_size);
	if (!end)
		return false;
	size = (size_t)(end - r->to_agent);
	start = memrchr(r->to_agent, 0xff, size);
	start = start ? start + 1 : r->to_agent;
	answer(r, start, (size_t)(end - start));
	r->to_size -= size + 1;
	memmove(r->to_agent, end + 1, r->to_size);

	return true;
}

void agent_rig_rounds(struct agent_rig *r, unsigned int rounds)
{
	do {
		agent_run(r->agent);
	} while ((run_agent(r) || agent_due(r->agent) <= main_loop_now()) && --rounds > 0);
}

void agent_rig_run(struct agent_rig *r)
{
	agent_rig_rounds(r, 100000);
}

/* --- what dormouse is given --- */

static void on_port(void *context, bool open)
{
	struct agent_rig *r = context;

	r->reports++;
	r->reported = open;
}

static void on_refusal(void *context, const char *reason)
{
	struct agent_rig *r = context;

	r->refusals++;
	snprintf(r->refusal, sizeof(r->refusal), "%s", reason);
}

static void on_answer(void *context, const json_t *answer, const char *reason)
{
	struct agent_rig *r = context;

	r->answers++;
	json_decref(r->answer);
	r->answer = json_deep_copy(answer);
	if (reason)
		on_refusal(context, reason);
}

void agent_rig_ask(struct agent_rig *r, enum agent_request request)
{
	const struct agent_user user = { .refused = on_refusal, .context = r };
	struct error error = { "" };

	if (agent_ask(r->agent, request, &user, &error) != 0)
		fail_msg("%s", error.text);
}

void agent_rig_execute(struct agent_rig *r, const char *command)
{
	const struct agent_caller caller = { .answered = on_answer, .context = r };
	struct error error = { "" };
	json_t *json = json_loads(command, 0, NULL);

	assert_non_null(json);
	if (agent_execute(r->agent, json, &caller, &error) != 0)
		fail_msg("%s", error.text);
	json_decref(json);
}

void agent_rig_says(struct agent_rig *r, const char *key, const char *text)
{
	json_t *json = agent_to_json(r->agent);

	assert_non_null(json);
	if (text)
		assert_string_equal(json_string_value(json_object_get(json, key)), text);
	else
		assert_null(json_object_get(json, key));
	json_decref(json);
}

void agent_rig_is(struct agent_rig *r, const char *key, bool value)
{
	json_t *json = agent_to_json(r->agent);

	assert_non_null(json);
	assert_true(json_is_boolean(json_object_get(json, key)));
	assert_int_equal(json_is_true(json_object_get(json, key)), value);
	json_decref(json);
}

/* --- its life --- */

void agent_rig_create(struct agent_rig *r, const struct agent_line *script, bool slept)
{
	static const struct channel_ops ops = {
		.opening = opening,
		.has_driver = has_driver,
		.read = read_channel,
		.write = write_channel,
	};
	const struct agent_host host = { .opened = on_port, .context = r };

	memset(r, 0, sizeof(*r));
	r->from_agent = test_malloc(FROM_MAX);
	r->room = sizeof(r->to_agent) / 2;
	r->script = script;
	r->sets = true;
	r->channel = (struct channel){ .ops = &ops, .device = r };
	r->agent = agent_create(&r->channel, "vm", slept, &host);
	assert_non_null(r->agent);
}

void agent_rig_destroy(struct agent_rig *r)
{
	agent_destroy(r->agent);
	json_decref(r->answer);
	test_free(r->from_agent);
}

void agent_rig_open(struct agent_rig *r)
{
	r->opening = ++r->openings;
	r->to_size = 0;
	r->from_size = 0;
	r->from_first = 0;
	agent_rig_run(r);
}

void agent_rig_close(struct agent_rig *r)
{
	r->opening = 0;
	agent_rig_run(r);
}

/* --- as most tests have it --- */

const struct agent_line agent_rig_usual[] = {
	{ "guest-info", AGENT_RIG_INFO },
	{ "guest-get-osinfo", AGENT_RIG_OS },
	{ "guest-file-open", "{\"return\": 1000}\n" },
	/* "freeze mem disk", as which both files are read. */
	{ "guest-file-read", "{\"return\": {\"count\": 16, \"eof\": true, \"buf-b64\": "
			     "\"ZnJlZXplIG1lbSBkaXNrCg==\"}}\n" },
	{ "guest-file-close", "{\"return\": {}}\n" },
	{ "guest-suspend-ram", NULL },
	{ "guest-suspend-disk",
	  "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no swap \\u001b[2J\"}}\n" },
	{ "guest-shutdown", NULL },
	{ "guest-ping", "{\"return\": {}}\n" },
	{ 0 },
};

struct agent_rig *agent_rig_setup(const struct agent_line *script)
{
	struct agent_rig *r = test_malloc(sizeof(*r));

	agent_rig_create(r, script, false);

	return r;
}

void agent_rig_teardown(struct agent_rig *r)
{
	agent_rig_destroy(r);
	test_free(r);
}

int agent_rig_try_to_ask(struct agent_rig *r, enum agent_request request, struct error *error)
{
	const struct agent_user user = { 0 };

	return agent_ask(r->agent, request, &user, error);
}
