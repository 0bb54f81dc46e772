/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw mode of the terminal at standard input, and the way back from it, however
 * the process ends or stops.
 *
 * Like any program that a shell runs, dormouse has the terminal only while it is
 * in the foreground: in the background raw mode is neither set nor undone, as the
 * terminal is somebody else's then.
 *
 * One process has one standard input. All functions belong to the main thread.
 */
#ifndef VMM_RAW_MODE_H
#define VMM_RAW_MODE_H

/**
 * Set raw mode, if in the foreground. From then on exit() and every signal that
 * ends the process set the terminal back; SIGKILL alone cannot be helped.
 *
 * Returns 0, also in the background, or -errno.
 */
int raw_mode_enter(void);

/** Set the terminal back if it is in raw mode. Harmless at any time. */
void raw_mode_leave(void);

/**
 * Stop as SIGTSTP asks, which the caller must have blocked and taken, with the
 * terminal set back. Returns once the process goes on.
 */
void raw_mode_stop(void);

/** The process goes on, in the foreground or not: raw mode again, or no longer. */
void raw_mode_continue(void);

#endif
