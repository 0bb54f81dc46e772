/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes what a client of QMP says: the scanner, the dialect and the envelope. Each
 * message has one answer, which is one line of JSON in ASCII. What is JSON already
 * is JSON in the dialect, and means the same there.
 */
#include "input.h"

#include "control/qmp/command.h"
#include "control/qmp/dialect.h"
#include "control/qmp/scan.h"

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

static const struct qmp_command rows[] = { { .name = "stop", .execute = works },
					   { .name = "cont", .execute = fails } };
static const struct qmp_commands commands = { rows, 2, NULL };

static void *copy_of(const char *text, size_t size)
{
	/* Exactly as large, so that a byte read behind its end is noticed. */
	char *copy = malloc(size);

	if (!copy)
		abort();

	return memcpy(copy, text, size);
}

static void check_dialect(const char *text, size_t size)
{
	const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	struct qmp_translation translation;
	json_t *plain;
	json_t *translated;

	if (qmp_translate(text, size, &translation) < 0)
		abort();
	if (translation.size > 3 * size + 2 || translation.id_end > translation.size)
		abort();
	plain = json_loadb(text, size, flags, NULL);
	translated = json_loadb(translation.text, translation.size, flags, NULL);
	if (plain && !json_equal(plain, translated))
		abort();
	json_decref(plain);
	json_decref(translated);
	qmp_translation_free(&translation);
}

static void check_answer(bool *negotiated, const char *text, size_t size)
{
	char *copy = copy_of(text, size);
	char *answer = qmp_answer(&commands, negotiated, copy, size);
	struct qmp_translation translation;
	json_t *json;

	if (!answer)
		abort();
	/* Nor is what is not ASCII, of a signed type. */
	for (const signed char *byte = (signed char *)answer; *byte; byte++)
		if (*byte < ' ')
			abort();
	/* As a client reads it whose integers have no end. */
	if (qmp_translate(answer, strlen(answer), &translation) < 0)
		abort();
	json = json_loadb(translation.text, translation.size, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(json))
		abort();
	if (!json_object_get(json, "return") == !json_object_get(json, "error"))
		abort();
	json_decref(json);
	qmp_translation_free(&translation);
	free(answer);
	check_dialect(copy, size);
	free(copy);
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
	if (qmp_scan_end(&scan) == QMP_SCAN_MESSAGE)
		check_answer(&negotiated, scan.text, scan.size);

	return 0;
}
