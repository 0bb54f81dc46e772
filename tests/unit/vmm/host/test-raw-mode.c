/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw mode of the terminal, as a shell with job control sees it: a job that is stopped,
 * ended or in the background leaves the terminal as it was.
 */
#include "host/raw-mode.h"

#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* The shell's verdict: its exit status. */
enum verdict {
	FINE,
	NOT_RAW,
	NOT_STOPPED,
	NOT_SET_BACK,
	RAW_IN_BACKGROUND,
	NOT_RAW_AGAIN,
	NOT_ENDED,
	NO_JOB,
};

static bool terminal_is_raw(void)
{
	struct termios mode;

	return tcgetattr(STDIN_FILENO, &mode) == 0 && !(mode.c_lflag & (ECHO | ICANON | ISIG));
}

/* What the job reports to the shell after each step. */
static void tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

static void hear(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(NO_JOB);
}

static void block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTSTP);
	sigaddset(signals, SIGCONT);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

/* As dormouse does: enters raw mode, and takes the signals of job control as they come. */
static void run_job(int fd)
{
	sigset_t signals;

	block(&signals);
	if (raw_mode_enter() < 0)
		_exit(1);
	tell(fd);
	for (;;) {
		int signal;

		if (sigwait(&signals, &signal) != 0)
			_exit(1);
		if (signal == SIGTSTP)
			raw_mode_stop();
		else
			raw_mode_continue();
		tell(fd);
	}
}

/* Start a job in a process group of its own, which has the terminal. */
static pid_t start_job(int *ears, void (*run)(int fd))
{
	int ends[2];
	pid_t job;

	if (pipe(ends) < 0)
		_exit(NO_JOB);
	/* The shell is in the background while the job has the terminal. */
	signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (job == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpgrp());
		signal(SIGTTOU, SIG_DFL);
		run(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*ears = ends[0];

	return job;
}

static bool is_stopped(pid_t job)
{
	int status;

	return waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status);
}

/* The shell takes the terminal while the job is stopped, and continues it in the background. */
static enum verdict stop_and_go_on(void)
{
	int ears;
	const pid_t job = start_job(&ears, run_job);

	hear(ears);
	if (!terminal_is_raw())
		return NOT_RAW;
	kill(job, SIGTSTP);
	if (!is_stopped(job))
		return NOT_STOPPED;
	if (terminal_is_raw())
		return NOT_SET_BACK;

	tcsetpgrp(STDIN_FILENO, getpgrp());
	kill(job, SIGCONT);
	/* It returns from stopping, and notices that it continues. */
	hear(ears);
	hear(ears);
	if (terminal_is_raw())
		return RAW_IN_BACKGROUND;

	tcsetpgrp(STDIN_FILENO, job);
	kill(job, SIGCONT);
	hear(ears);
	if (!terminal_is_raw())
		return NOT_RAW_AGAIN;
	kill(job, SIGKILL);

	return waitpid(job, NULL, 0) == job ? FINE : NOT_ENDED;
}

/* SIGSTOP leaves no time to restore anything; the shell does, and the job later. */
static enum verdict stop_hard(void)
{
	struct termios mode;
	int ears;
	pid_t job;

	tcgetattr(STDIN_FILENO, &mode);
	job = start_job(&ears, run_job);
	hear(ears);
	kill(job, SIGSTOP);
	if (!is_stopped(job))
		return NOT_STOPPED;
	tcsetattr(STDIN_FILENO, TCSANOW, &mode);
	kill(job, SIGCONT);
	hear(ears);
	if (!terminal_is_raw())
		return NOT_RAW_AGAIN;
	kill(job, SIGUSR1);
	waitpid(job, NULL, 0);

	return terminal_is_raw() ? NOT_SET_BACK : FINE;
}

static enum verdict end_by(int signal)
{
	int ears;
	int status;
	const pid_t job = start_job(&ears, run_job);

	hear(ears);
	if (!terminal_is_raw())
		return NOT_RAW;
	kill(job, signal);
	if (waitpid(job, &status, 0) != job || !WIFSIGNALED(status) || WTERMSIG(status) != signal)
		return NOT_ENDED;

	return terminal_is_raw() ? NOT_SET_BACK : FINE;
}

static enum verdict end_by_each_signal(void)
{
	static const int signals[] = {
		SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGABRT, SIGALRM
	};
	enum verdict verdict = FINE;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && verdict == FINE; i++)
		verdict = end_by(signals[i]);

	return verdict;
}

/* A job that is started in the background leaves the terminal to its owner. */
static void run_in_background(int fd)
{
	tcsetpgrp(STDIN_FILENO, getppid());
	run_job(fd);
}

static enum verdict begin_in_background(void)
{
	int ears;
	pid_t job;

	job = start_job(&ears, run_in_background);
	hear(ears);
	if (terminal_is_raw())
		return RAW_IN_BACKGROUND;
	tcsetpgrp(STDIN_FILENO, job);
	kill(job, SIGCONT);
	hear(ears);
	if (!terminal_is_raw())
		return NOT_RAW_AGAIN;
	kill(job, SIGTERM);
	waitpid(job, NULL, 0);

	return terminal_is_raw() ? NOT_SET_BACK : FINE;
}

/* Run a shell on a terminal of its own, as the leader of its session. */
static void as_shell(enum verdict (*shell)(void))
{
	int master;
	int status;
	const pid_t child = forkpty(&master, NULL, NULL, NULL);

	assert_true(child >= 0);
	if (child == 0)
		_exit((int)shell());
	assert_int_equal(waitpid(child, &status, 0), child);
	close(master);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FINE);
}

static void a_stopped_job_restores_the_terminal_and_makes_it_raw_once_resumed(void **state)
{
	as_shell(stop_and_go_on);
}

static void a_job_stopped_by_sigstop_makes_the_terminal_raw_once_resumed(void **state)
{
	as_shell(stop_hard);
}

static void a_job_ended_by_any_signal_restores_the_terminal(void **state)
{
	as_shell(end_by_each_signal);
}

static void a_job_in_the_background_leaves_the_terminal_as_it_is(void **state)
{
	as_shell(begin_in_background);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_job_restores_the_terminal_and_makes_it_raw_once_resumed),
		cmocka_unit_test(a_job_stopped_by_sigstop_makes_the_terminal_raw_once_resumed),
		cmocka_unit_test(a_job_ended_by_any_signal_restores_the_terminal),
		cmocka_unit_test(a_job_in_the_background_leaves_the_terminal_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
