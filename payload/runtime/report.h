/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verdicts, in the Test Anything Protocol (version 14).
 */
#ifndef PAYLOAD_RUNTIME_REPORT_H
#define PAYLOAD_RUNTIME_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../arch/arm64/give-up.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_OBSERVATION, /**< Passed, and there is something to report. */
};

#define VERDICT_COUNT 4

/**
 * How a test ends: return pass(), fail("why"), skip("why") or observe("what").
 * fail() adds the registers of the last call.
 */
enum verdict pass(void);
enum verdict fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum verdict skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum verdict observe(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** fail() because a call answered @came, where @expected would be right. */
enum verdict fail_result(const char *call, int64_t expected, int64_t came);

/** A line that goes with the verdict of the test that runs. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Report only that a test passed, without details: each character costs time. */
extern bool report_terse;

void report_plan(unsigned int count);
void report_verdict(const char *id, const char *sentence, enum verdict verdict);
unsigned int report_count(enum verdict verdict);

/** SYSTEM_OFF, and if that fails nothing more. */
_Noreturn void power_off(void);

#endif
