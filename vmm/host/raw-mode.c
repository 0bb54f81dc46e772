/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/raw-mode.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/*
 * The former mode of standard input; exit() and signals have no argument by
 * which to find it.
 */
static struct termios saved_mode;
static bool is_saved;
static volatile sig_atomic_t is_raw;
/* Raw mode is wanted whenever we are in the foreground. */
static bool is_wanted;

/* Signals that end a process by default. */
static const int deadly_signals[] = {
	SIGABRT, SIGALRM, SIGBUS, SIGFPE,    SIGILL,  SIGIO,   SIGPROF,
	SIGPWR,	 SIGSEGV, SIGSYS, SIGSTKFLT, SIGTRAP, SIGUSR1, SIGUSR2,
	SIGXCPU, SIGXFSZ, SIGHUP, SIGINT,    SIGQUIT, SIGTERM, SIGVTALRM,
};

/*
 * Without job control, as on a terminal of another session, everything is
 * foreground.
 */
static bool is_foreground(void)
{
	const pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

static void restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	if (is_foreground())
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
}

void raw_mode_leave(void)
{
	is_wanted = false;
	restore();
}

static void on_deadly(int signal)
{
	restore();
	/* SA_RESETHAND: once this returns, it ends the process. */
	(void)raise(signal);
}

static int prepare(void)
{
	static bool prepared;
	const struct sigaction action = { .sa_handler = on_deadly, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	if (prepared)
		return 0;
	if (atexit(raw_mode_leave) != 0)
		return -ENOMEM;
	/* A signal that is handled or ignored is left so. */
	for (size_t i = 0; i < sizeof(deadly_signals) / sizeof(deadly_signals[0]); i++) {
		if (sigaction(deadly_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			(void)sigaction(deadly_signals[i], &action, NULL);
	}
	prepared = true;

	return 0;
}

/* Once: later, after a SIGSTOP, the mode may be ours. */
static int save_mode(void)
{
	if (!is_saved && tcgetattr(STDIN_FILENO, &saved_mode) < 0)
		return -errno;
	is_saved = true;

	return 0;
}

static int set_raw(void)
{
	struct termios mode = saved_mode;

	mode.c_iflag &= ~(tcflag_t)(BRKINT | IGNBRK | ICRNL | IGNCR | INLCR | INPCK | ISTRIP |
				    IXON | PARMRK);
	mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	mode.c_cflag |= CS8;
	/* Output is still processed, or our own messages would be indented. */
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	is_raw = true;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0)
		return 0;
	is_raw = false;

	return -errno;
}

int raw_mode_enter(void)
{
	int err;

	is_wanted = true;
	if (is_raw || !is_foreground())
		return 0;
	err = save_mode();
	if (!err)
		err = prepare();

	return err ? err : set_raw();
}

void raw_mode_stop(void)
{
	sigset_t stop;

	restore();
	/*
	 * By the signal itself: it does not stop processes that no shell could
	 * continue, and SIGSTOP would.
	 */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	(void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
	/* If that had no effect, no SIGCONT follows. */
	raw_mode_continue();
}

void raw_mode_continue(void)
{
	/* Another process may have left the terminal in any mode. */
	is_raw = false;
	if (is_wanted)
		(void)raw_mode_enter();
}
