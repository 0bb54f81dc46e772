/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/interrupt.h"

#include <signal.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static bool (*also_wanted)(void *context);
static void *also_context;

void interrupt_ask(bool (*wanted)(void *context), void *context)
{
	also_wanted = wanted;
	also_context = context;
}

void interrupt_signals(sigset_t *signals)
{
	sigemptyset(signals);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(signals, ending[i]);
}

bool interrupt_wanted(void)
{
	sigset_t pending;

	sigemptyset(&pending);
	(void)sigpending(&pending);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sigismember(&pending, ending[i]) == 1)
			return true;
	}

	return also_wanted && also_wanted(also_context);
}
