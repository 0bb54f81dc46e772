/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_VERSION_H
#define VMM_VERSION_H

#define DORMOUSE_VERSION_MAJOR 0
#define DORMOUSE_VERSION_MINOR 1
#define DORMOUSE_VERSION_MICRO 0
#define DORMOUSE_VERSION "0.1.0"

#endif
