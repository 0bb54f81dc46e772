/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON that clients of QMP may write: QEMU accepts more than RFC 8259 has.
 *
 *   'text'           a string, in which " needs no backslash
 *   \'               in any string
 *   \u0000, C0 80    a NUL, which only modified UTF-8 encodes by two bytes
 *   any integer      as a floating-point number if it is too large
 *
 * A message is translated to RFC 8259's JSON, in ASCII. Errors in it are kept:
 * the parser reports them.
 */
#ifndef VMM_QMP_DIALECT_H
#define VMM_QMP_DIALECT_H

#include <stddef.h>

/** The result of qmp_translate(). */
struct qmp_translation {
	char *text; /**< The message; to be freed. */
	size_t size;
	/**
	 * The position in @text of the value of its member "id", if there is
	 * one such member: as far as this can be determined for a message that
	 * is not JSON.
	 */
	size_t id_start, id_end;
	/**
	 * This value, with all digits of a number for which @text has another;
	 * NULL if none.
	 */
	char *id;
	size_t id_size;
};

/** Returns 0, or -ENOMEM with nothing to be freed. */
int qmp_translate(const char *message, size_t size, struct qmp_translation *translation);

void qmp_translation_free(struct qmp_translation *translation);

#endif
