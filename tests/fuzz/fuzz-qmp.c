/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes what a client of QMP says: the scanner and the envelope. Each message is
 * found at the same place when the bytes come anew, and each has one answer, which
 * is JSON.
 */
#include "input.h"

#include "qmp/command.h"
#include "qmp/scan.h"

#include <stdlib.h>
#include <string.h>

static json_t *works(void *context, const char *argument, struct error *error)
{
	return json_object();
}

static json_t *fails(void *context, const char *argument, struct error *error)
{
	error_set(error, -1, "it rains");

	return NULL;
}

static const struct qmp_command rows[] = { { "stop", works, NULL }, { "cont", fails, NULL } };
static const struct qmp_commands commands = { rows, 2, NULL };

static void check_answer(bool *negotiated, const char *text, size_t size)
{
	/* A copy, so that a byte read behind its end is noticed. */
	char *copy = malloc(size);
	json_t *answer;

	if (!copy)
		abort();
	memcpy(copy, text, size);
	answer = qmp_answer(&commands, negotiated, copy, size);
	free(copy);
	if (!json_is_object(answer))
		abort();
	if (!json_object_get(answer, "return") == !json_object_get(answer, "error"))
		abort();
	copy = json_dumps(answer, 0);
	if (!copy || strchr(copy, '\n'))
		abort();
	free(copy);
	json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct qmp_scan scan;
	bool negotiated = false;

	memset(&scan, 0, sizeof(scan));
	for (size_t i = 0; i < size; i++) {
		if (qmp_scan(&scan, (char)data[i]) == QMP_SCAN_MESSAGE)
			check_answer(&negotiated, scan.text, scan.size);
		if (scan.size > QMP_MESSAGE_SIZE || scan.depth > QMP_MESSAGE_DEPTH)
			abort();
	}

	return 0;
}
