/* SPDX-License-Identifier: BSD-3-Clause */
#include "scan.h"

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

static enum qmp_scan_result scan_string(struct qmp_scan *scan, char byte)
{
	if (byte == '\n')
		return finish(scan);
	if (scan->escaped)
		scan->escaped = false;
	else if (byte == '\\')
		scan->escaped = true;
	else if (byte == '"')
		scan->in_string = false;

	return scan->in_string || scan->depth > 0 ? QMP_SCAN_MORE : finish(scan);
}

static void begin(struct qmp_scan *scan)
{
	scan->size = 0;
	scan->depth = 0;
	scan->complete = false;
	scan->in_string = false;
	scan->escaped = false;
}

enum qmp_scan_result qmp_scan(struct qmp_scan *scan, char byte)
{
	if (scan->skipping) {
		if (byte == '\n') {
			scan->skipping = false;
			begin(scan);
		}

		return QMP_SCAN_MORE;
	}
	if (scan->complete)
		begin(scan);
	if (scan->size == 0 && is_space(byte))
		return QMP_SCAN_MORE;
	if (scan->size == sizeof(scan->text))
		return give_up(scan, QMP_SCAN_TOO_LONG);
	scan->text[scan->size++] = byte;
	if (scan->in_string)
		return scan_string(scan, byte);

	switch (byte) {
	case '"':
		scan->in_string = true;
		return QMP_SCAN_MORE;
	case '{':
	case '[':
		if (scan->depth == QMP_MESSAGE_DEPTH)
			return give_up(scan, QMP_SCAN_TOO_DEEP);
		scan->depth++;
		return QMP_SCAN_MORE;
	case '}':
	case ']':
		/* Too many of them are a message, too: one that no parser takes. */
		if (scan->depth > 0)
			scan->depth--;
		return scan->depth > 0 ? QMP_SCAN_MORE : finish(scan);
	default:
		/* A number, or a word, stands alone up to a space. */
		return scan->depth == 0 && is_space(byte) ? finish(scan) : QMP_SCAN_MORE;
	}
}
