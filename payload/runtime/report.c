/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <psci/abi.h>

#include "../../arch/arm64/console.h"
#include "../../arch/arm64/format.h"
#include "../../arch/arm64/string.h"
#include "../../arch/arm64/sysreg.h"
#include "board.h"
#include "call.h"

#define NOTES_SIZE 3072
#define REASON_SIZE 256

static char notes[NOTES_SIZE];
static size_t notes_length;
static char reason[REASON_SIZE];
static unsigned int counts[VERDICT_COUNT];
static unsigned int reported;
bool report_terse;

static void add_note(const char *format, va_list args)
{
	const size_t room = NOTES_SIZE - notes_length;
	const size_t length = format_text(notes + notes_length, room, format, args);

	notes_length += length < room ? length : room - 1;
	/* Each is a line of its own; a text that is too long loses its last character. */
	if (notes_length == NOTES_SIZE - 1)
		notes_length--;
	notes[notes_length++] = '\n';
	notes[notes_length] = '\0';
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(format, args);
	va_end(args);
}

/* The registers before the call, and every register that came back changed. */
static void note_call(void)
{
	const struct call *call = last_call();

	note("last call: x0=%lx x1=%lx x2=%lx x3=%lx", call->in[0], call->in[1], call->in[2],
	     call->in[3]);
	note("came back: x0=%lx x1=%lx x2=%lx x3=%lx", call->out[0], call->out[1], call->out[2],
	     call->out[3]);
	for (unsigned int i = 4; i < CALL_REGISTERS; i++) {
		if (call->in[i] != call->out[i])
			note("x%u was %lx, is %lx", i, call->in[i], call->out[i]);
	}
}

enum verdict pass(void)
{
	return VERDICT_PASS;
}

enum verdict fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(format, args);
	va_end(args);
	note_call();

	return VERDICT_FAIL;
}

enum verdict fail_result(const char *call, int64_t expected, int64_t came)
{
	note("expected: %s answers %ld %s", call, expected, result_name(expected));

	return fail("came: %ld %s", came, result_name(came));
}

enum verdict skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(reason, sizeof(reason), format, args);
	va_end(args);

	return VERDICT_SKIP;
}

enum verdict observe(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(reason, sizeof(reason), format, args);
	va_end(args);

	return VERDICT_OBSERVATION;
}

void report_plan(unsigned int count)
{
	print("1..%u\n", count);
}

static void forget_notes(void)
{
	notes_length = 0;
	notes[0] = '\0';
}

static void print_notes(void)
{
	char *line = notes;

	while (*line) {
		char *end = strchr(line, '\n');

		*end = '\0';
		print("# %s\n", line);
		line = end + 1;
	}
	forget_notes();
}

void report_verdict(const char *id, const char *sentence, enum verdict verdict)
{
	const bool named =
		!report_terse || verdict == VERDICT_FAIL || verdict == VERDICT_OBSERVATION;

	counts[verdict]++;
	reported++;
	print("%s %u%s%s%s%s%s%s\n", verdict == VERDICT_FAIL ? "not ok" : "ok", reported,
	      named ? " - " : "", named ? id : "", named ? " " : "", named ? sentence : "",
	      verdict == VERDICT_SKIP ? " # SKIP " : "", verdict == VERDICT_SKIP ? reason : "");
	if (report_terse && verdict == VERDICT_PASS)
		forget_notes();
	if (verdict == VERDICT_OBSERVATION)
		print("# observation: %s\n", reason);
	print_notes();
}

unsigned int report_count(enum verdict verdict)
{
	return counts[verdict];
}

void power_off(void)
{
	if (board.psci) {
		/* Only once: an exception that the call causes ends here, too. */
		board.psci = false;
		call0(PSCI_FN32_SYSTEM_OFF);
	}
	print("# the machine could not be turned off\n");
	for (;;)
		wfe();
}

/* TAP's "Bail out!", then the machine is turned off. */
void give_up(const char *format, ...)
{
	char text[REASON_SIZE];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	print_notes();
	print("Bail out! %s\n", text);
	power_off();
}
