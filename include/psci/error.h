/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/error.h - what the library's own functions return
 *
 * A function of the library that can fail returns an int: 0, or one of these
 * negative numbers, and then nothing has changed. They are for the program that
 * calls the library. Guests get PSCI_RET_ codes (psci/abi.h).
 */
#ifndef PSCI_ERROR_H
#define PSCI_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/** What went wrong in a call made by the host. */
enum psci_error {
	PSCI_OK = 0,
	/** A field or argument is outside its documented range. */
	PSCI_ERR_INVALID = -1,
	/** Another vCPU of the machine has this MPIDR. */
	PSCI_ERR_EXISTS = -2,
	/** The machine's index or statistics have no slot left. */
	PSCI_ERR_FULL = -3,
	/* From here on: of psci/state.h, and UNSUPPORTED also of client.h. */
	/** The buffer is too small for the record. */
	PSCI_ERR_SPACE = -4,
	/** The record is longer than the buffer. */
	PSCI_ERR_TRUNCATED = -5,
	/** The bytes are not a record, or not as they were saved. */
	PSCI_ERR_CORRUPT = -6,
	/** The record has a format of a later library. */
	PSCI_ERR_NEWER = -7,
	/** A version or function that is needed is not available here. */
	PSCI_ERR_UNSUPPORTED = -8,
	/** The record is of a machine that is built differently. */
	PSCI_ERR_MISMATCH = -9,
};

/**
 * psci_strerror() - a short English phrase for what a function returned
 * @error: an enum psci_error; any value is allowed
 *
 * Return: a constant, never NULL. From any thread; needs no machine.
 */
const char *psci_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_ERROR_H */
