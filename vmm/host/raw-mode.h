/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw mode of the terminal at standard input, and its end, however the process
 * ends or stops.
 *
 * Like any program that a shell runs, dormouse has the terminal only while it
 * is in the foreground: in the background raw mode is neither set nor undone,
 * since the terminal then belongs to another process.
 *
 * One process has one standard input. All functions belong to the main thread.
 */
#ifndef VMM_RAW_MODE_H
#define VMM_RAW_MODE_H

/**
 * Set raw mode, if in the foreground. From then on exit() and every signal that
 * ends the process, except SIGKILL, restore the terminal's mode.
 *
 * Returns 0, also in the background, or -errno.
 */
int raw_mode_enter(void);

/** Restore the terminal's mode if it is in raw mode. Harmless at any time. */
void raw_mode_leave(void);

/**
 * Stop as SIGTSTP, which the caller must have blocked and taken, with the
 * terminal's mode restored. Returns once the process continues.
 */
void raw_mode_stop(void);

/**
 * The process continues, in the foreground or not: set raw mode again, or not.
 */
void raw_mode_continue(void);

#endif
