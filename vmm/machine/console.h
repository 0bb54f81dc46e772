/* SPDX-License-Identifier: BSD-3-Clause */
/* The console: the terminal, file or socket at one end, the UART at the other. */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include "devices/pl011.h"
#include "host/terminal.h"

/** Connect both ways. Each must outlive the other's last use. Before any vCPU runs. */
void console_connect(struct terminal *terminal, struct pl011 *uart);

#endif
