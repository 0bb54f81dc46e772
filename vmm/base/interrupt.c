/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/interrupt.h"

#include <signal.h>

static bool (*also_wanted)(void *context);
static void *also_context;

void interrupt_ask(bool (*wanted)(void *context), void *context)
{
	also_wanted = wanted;
	also_context = context;
}

bool interrupt_wanted(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t pending;

	sigemptyset(&pending);
	(void)sigpending(&pending);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigismember(&pending, signals[i]) == 1)
			return true;
	}

	return also_wanted && also_wanted(also_context);
}
