/* SPDX-License-Identifier: BSD-3-Clause */
#include "lifecycle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In transitions: the trigger makes no sense in this state. */
#define NOWHERE (-1)

/** The one table of transitions. */
static const signed char transitions[VM_STATE_COUNT][VM_TRIGGER_COUNT] = {
	/* clang-format off */
	/*                  START       SUSPEND       WAKE        OFF      HIBERNATE      RESET         QUIT     CRASH       SAVE      RESTORE */
	[VM_OFF]        = { VM_RUNNING, NOWHERE,      NOWHERE,    NOWHERE, NOWHERE,       NOWHERE,      NOWHERE, NOWHERE,    NOWHERE,  VM_SUSPENDED },
	[VM_RUNNING]    = { NOWHERE,    VM_SUSPENDED, NOWHERE,    VM_OFF,  VM_HIBERNATED, VM_RESETTING, VM_OFF,  VM_CRASHED, NOWHERE,  NOWHERE },
	[VM_SUSPENDED]  = { NOWHERE,    NOWHERE,      VM_RUNNING, NOWHERE, NOWHERE,       VM_RESETTING, VM_OFF,  VM_CRASHED, VM_SAVED, NOWHERE },
	[VM_HIBERNATED] = { VM_RUNNING, NOWHERE,      NOWHERE,    NOWHERE, NOWHERE,       NOWHERE,      NOWHERE, NOWHERE,    NOWHERE,  VM_SUSPENDED },
	[VM_SAVED]      = { VM_RUNNING, NOWHERE,      NOWHERE,    NOWHERE, NOWHERE,       NOWHERE,      NOWHERE, NOWHERE,    NOWHERE,  VM_SUSPENDED },
	[VM_RESETTING]  = { VM_RUNNING, NOWHERE,      NOWHERE,    NOWHERE, NOWHERE,       NOWHERE,      VM_OFF,  VM_CRASHED, NOWHERE,  NOWHERE },
	[VM_CRASHED]    = { VM_RUNNING, NOWHERE,      NOWHERE,    NOWHERE, NOWHERE,       NOWHERE,      NOWHERE, NOWHERE,    NOWHERE,  VM_SUSPENDED },
	/* clang-format on */
};

static const char *const state_words[VM_STATE_COUNT] = {
	[VM_OFF] = "off",
	[VM_RUNNING] = "running",
	[VM_SUSPENDED] = "suspended",
	[VM_HIBERNATED] = "hibernated",
	[VM_SAVED] = "saved",
	[VM_RESETTING] = "resetting",
	[VM_CRASHED] = "crashed",
};

static const char *const trigger_words[VM_TRIGGER_COUNT] = {
	[VM_TRIGGER_START] = "start",	      [VM_TRIGGER_SUSPEND] = "suspend",
	[VM_TRIGGER_WAKE] = "wake",	      [VM_TRIGGER_OFF] = "off",
	[VM_TRIGGER_HIBERNATE] = "hibernate", [VM_TRIGGER_RESET] = "reset",
	[VM_TRIGGER_QUIT] = "quit",	      [VM_TRIGGER_CRASH] = "crash",
	[VM_TRIGGER_SAVE] = "save",	      [VM_TRIGGER_RESTORE] = "restore",
};

int lifecycle_next(enum vm_state from, enum vm_trigger trigger, enum vm_state *to)
{
	const signed char next = transitions[from][trigger];

	if (next == NOWHERE)
		return -EINVAL;
	*to = (enum vm_state)next;

	return 0;
}

bool lifecycle_has_process(enum vm_state state)
{
	return state == VM_RUNNING || state == VM_SUSPENDED || state == VM_RESETTING;
}

const char *lifecycle_state_word(enum vm_state state)
{
	return state_words[state];
}

const char *lifecycle_trigger_word(enum vm_trigger trigger)
{
	return trigger_words[trigger];
}

/* The index of @word in @words, or -EINVAL. */
static int find_word(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}

	return -EINVAL;
}

int lifecycle_parse_state(const char *word, enum vm_state *state)
{
	const int found = find_word(state_words, VM_STATE_COUNT, word);

	if (found < 0)
		return found;
	*state = (enum vm_state)found;

	return 0;
}

int lifecycle_parse_trigger(const char *word, enum vm_trigger *trigger)
{
	const int found = find_word(trigger_words, VM_TRIGGER_COUNT, word);

	if (found < 0)
		return found;
	*trigger = (enum vm_trigger)found;

	return 0;
}

int lifecycle_exit_status(enum vm_state state, enum vm_trigger trigger)
{
	switch (state) {
	case VM_OFF:
		if (trigger == VM_TRIGGER_QUIT)
			return EXIT_STATUS_QUIT;

		return trigger == VM_TRIGGER_RESET ? EXIT_STATUS_RESET : EXIT_STATUS_OFF;
	case VM_HIBERNATED:
		return EXIT_STATUS_HIBERNATED;
	case VM_SAVED:
		return EXIT_STATUS_SAVED;
	case VM_CRASHED:
		return EXIT_STATUS_CRASHED;
	case VM_RUNNING:
	case VM_SUSPENDED:
	case VM_RESETTING:
		break;
	}

	return EXIT_STATUS_TROUBLE;
}

void cause_set(struct cause *cause, enum vm_trigger trigger, int vcpu, const char *what)
{
	size_t length = strnlen(what, sizeof(cause->what));

	*cause = (struct cause){ .trigger = trigger, .vcpu = vcpu, .when = time(NULL) };
	/* Where it is cut, back to where a character of UTF-8 begins. */
	if (length == sizeof(cause->what)) {
		do
			length--;
		while (length > 0 && (what[length] & 0xc0) == 0x80);
	}
	memcpy(cause->what, what, length);
}

bool cause_outranks(const struct cause *later, const struct cause *first)
{
	return first->trigger == VM_TRIGGER_QUIT &&
	       (later->trigger == VM_TRIGGER_OFF || later->trigger == VM_TRIGGER_HIBERNATE);
}

void cause_format(const struct cause *cause, char text[CAUSE_TEXT_SIZE])
{
	char type[64] = "";
	char vcpu[32] = "";

	if (cause->type_known && cause->cookie)
		snprintf(type, sizeof(type), ", type %#x, cookie %#llx", cause->type,
			 (unsigned long long)cause->cookie);
	else if (cause->type_known)
		snprintf(type, sizeof(type), ", type %#x", cause->type);
	if (cause->vcpu != CAUSE_VCPU_NONE)
		snprintf(vcpu, sizeof(vcpu), ", from vCPU %d", cause->vcpu);
	snprintf(text, CAUSE_TEXT_SIZE, "%s%s%s", cause->what, type, vcpu);
}

void time_format(time_t when, char text[TIME_TEXT_SIZE])
{
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&when, &tm))
		strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int time_parse(const char *text, time_t *when)
{
	struct tm tm = { 0 };
	char again[TIME_TEXT_SIZE];
	time_t parsed;

	if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return -EINVAL;
	parsed = timegm(&tm);
	/* strptime() lets blanks, missing digits and the 31st of November pass. */
	time_format(parsed, again);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*when = parsed;

	return 0;
}
