/* SPDX-License-Identifier: BSD-3-Clause */
/* A network's backend that is a tap interface of the host. */
#ifndef VMM_NET_TAP_H
#define VMM_NET_TAP_H

#include "host/net-backend.h"

/**
 * Make the backend of the interface @name, which must exist, not connected.
 * Returns it, or NULL if memory ran out. It is sought again when it was lost,
 * for example since the interface was removed.
 */
struct net_backend *net_tap_create(const char *name);

#endif
