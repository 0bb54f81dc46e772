/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/version.h - the version of the library
 *
 * Plain macros, includes nothing. This is libpsci's version, not that of PSCI,
 * which is psci_config.version.
 */
#ifndef LIBPSCI_VERSION_H
#define LIBPSCI_VERSION_H

/**
 * Major, minor and patch, a byte each: 0.1.0. `pkg-config --modversion libpsci`
 * says the same. Until 1.0.0 a new minor version may change anything.
 */
#define LIBPSCI_VERSION 0x000100

#define LIBPSCI_VERSION_MAJOR (LIBPSCI_VERSION >> 16)
#define LIBPSCI_VERSION_MINOR (LIBPSCI_VERSION >> 8 & 0xff)
#define LIBPSCI_VERSION_PATCH (LIBPSCI_VERSION & 0xff)

#endif /* LIBPSCI_VERSION_H */
