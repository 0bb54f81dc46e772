/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where one message of QMP ends and the next begins, in a stream of bytes from
 * somebody who may not mean well. What a message says is for a parser to find out.
 *
 * Messages need nothing between them. Whatever was wrong, a newline begins anew:
 * one within a string cannot be JSON's, and what is given up is skipped up to one.
 */
#ifndef VMM_QMP_SCAN_H
#define VMM_QMP_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_MESSAGE_SIZE 65536 /* Bytes of the longest message that is taken. */
#define QMP_MESSAGE_DEPTH 64 /* Objects and arrays within one another, at most. */

enum qmp_scan_result {
	QMP_SCAN_MORE, /**< Go on. */
	QMP_SCAN_MESSAGE, /**< text and size hold a message, until the next byte. */
	QMP_SCAN_TOO_LONG, /**< A message was given up. */
	QMP_SCAN_TOO_DEEP, /**< Likewise. */
};

/** All zero to begin with. Private, but for the first two. */
struct qmp_scan {
	size_t size;
	char text[QMP_MESSAGE_SIZE];
	unsigned int depth;
	bool complete; /**< The next byte begins another message. */
	bool skipping;
	bool in_string;
	bool escaped; /**< The last byte was a backslash in a string. */
};

enum qmp_scan_result qmp_scan(struct qmp_scan *scan, char byte);

#endif
