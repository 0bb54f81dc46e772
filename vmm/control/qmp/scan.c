/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp/scan.h"

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static enum qmp_scan_result give_up(struct qmp_scan *scan, enum qmp_scan_result why)
{
	scan->skipping = true;

	return why;
}

static enum qmp_scan_result finish(struct qmp_scan *scan)
{
	scan->complete = true;

	return QMP_SCAN_MESSAGE;
}

/* No message has such a byte, and in a string not even a tab or a newline. */
static bool is_impossible(const struct qmp_scan *scan, char byte)
{
	const unsigned char value = (unsigned char)byte;

	return value >= 0xfe || (value < ' ' && (scan->quote || !is_space(byte)));
}

static enum qmp_scan_result scan_string(struct qmp_scan *scan, char byte)
{
	if (scan->escaped)
		scan->escaped = false;
	else if (byte == '\\')
		scan->escaped = true;
	else if (byte == scan->quote)
		scan->quote = '\0';

	return scan->quote || scan->depth > 0 ? QMP_SCAN_MORE : finish(scan);
}

static void begin(struct qmp_scan *scan)
{
	scan->size = 0;
	scan->depth = 0;
	scan->complete = false;
	scan->skipping = false;
	scan->broken = false;
	scan->quote = '\0';
	scan->escaped = false;
}

/*
 * After a message that an impossible byte ended, or while one is skipped.
 * Returns whether the byte begins another.
 */
static bool begins_anew(struct qmp_scan *scan, char byte)
{
	scan->size = 0;
	scan->quote = '\0';
	if (byte == '\n') {
		begin(scan);

		return false;
	}
	if (is_impossible(scan, byte)) {
		scan->skipping = false;
		scan->complete = true;
		scan->broken = true;

		return false;
	}
	if (scan->skipping || is_space(byte))
		return false;
	scan->skipping = byte != '{';

	return !scan->skipping;
}

enum qmp_scan_result qmp_scan(struct qmp_scan *scan, char byte)
{
	if ((scan->skipping || (scan->complete && scan->broken)) && !begins_anew(scan, byte))
		return QMP_SCAN_MORE;
	if (scan->complete)
		begin(scan);
	if (scan->size == 0 && is_space(byte))
		return QMP_SCAN_MORE;
	if (scan->size == sizeof(scan->text))
		return give_up(scan, QMP_SCAN_TOO_LONG);
	scan->text[scan->size++] = byte;
	if (is_impossible(scan, byte)) {
		/* A newline in a string ends the line as well. */
		scan->broken = byte != '\n';

		return finish(scan);
	}
	if (scan->quote)
		return scan_string(scan, byte);

	switch (byte) {
	case '"':
	case '\'':
		scan->quote = byte;
		return QMP_SCAN_MORE;
	case '{':
	case '[':
		if (scan->depth == QMP_MESSAGE_DEPTH)
			return give_up(scan, QMP_SCAN_TOO_DEEP);
		scan->depth++;
		return QMP_SCAN_MORE;
	case '}':
	case ']':
		/*
		 * Unbalanced ones also form a message, which no parser accepts.
		 */
		if (scan->depth > 0)
			scan->depth--;
		return scan->depth > 0 ? QMP_SCAN_MORE : finish(scan);
	default:
		/* A number, or a word, extends to a space. */
		return scan->depth == 0 && is_space(byte) ? finish(scan) : QMP_SCAN_MORE;
	}
}

enum qmp_scan_result qmp_scan_end(struct qmp_scan *scan)
{
	if (scan->size == 0 || scan->complete || scan->skipping)
		return QMP_SCAN_MORE;

	return finish(scan);
}
