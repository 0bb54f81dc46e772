/* SPDX-License-Identifier: BSD-3-Clause */
/* The address of a station on Ethernet. */
#ifndef VMM_BASE_MAC_H
#define VMM_BASE_MAC_H

/** In bytes. */
#define MAC_SIZE 6

#endif
