/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON that clients of QMP may write: QEMU takes more than RFC 8259 has.
 *
 *   'text'           a string, in which " needs no backslash
 *   \'               in any string
 *   \u0000, C0 80    a NUL, which only modified UTF-8 encodes by two bytes
 *   any integer      as a floating-point number if it is too large
 *
 * A message is translated to RFC 8259's JSON, in ASCII. What is wrong with it is
 * kept as it is: to find that out remains the parser's part.
 */
#ifndef VMM_QMP_DIALECT_H
#define VMM_QMP_DIALECT_H

#include <stddef.h>

/** What qmp_translate() makes of a message. */
struct qmp_translation {
	char *text; /**< The message; to be freed. */
	size_t size;
	/**
	 * Where in @text the value of its member "id" is, if there is one such
	 * member: as far as that can be said of a message that is not JSON.
	 */
	size_t id_start, id_end;
	/** That value, with all digits of a number that @text has as another; NULL if none. */
	char *id;
	size_t id_size;
};

/** Returns 0, or -ENOMEM with nothing to be freed. */
int qmp_translate(const char *message, size_t size, struct qmp_translation *translation);

void qmp_translation_free(struct qmp_translation *translation);

#endif
