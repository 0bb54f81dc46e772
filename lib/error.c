/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of the library's errors. Like client.c this file needs no other file of lib/. */
#include <psci/error.h>

const char *psci_strerror(int error)
{
	switch (error) {
	case PSCI_OK:
		return "no error";
	case PSCI_ERR_INVALID:
		return "a field or argument is outside its documented range";
	case PSCI_ERR_EXISTS:
		return "another vCPU of the machine has this MPIDR";
	case PSCI_ERR_FULL:
		return "the machine's index or statistics have no slot left";
	case PSCI_ERR_SPACE:
		return "the buffer is too small for the record";
	case PSCI_ERR_TRUNCATED:
		return "the record is truncated";
	case PSCI_ERR_CORRUPT:
		return "the record is corrupt";
	case PSCI_ERR_NEWER:
		return "the record has a format of a later version of libpsci";
	case PSCI_ERR_UNSUPPORTED:
		return "a version or function that is needed is not available here";
	case PSCI_ERR_MISMATCH:
		return "the record is of a machine that is built differently";
	default:
		return "unknown error";
	}
}
