/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of dormouse: one for each word of the command line. */
#ifndef VMM_CLI_H
#define VMM_CLI_H

#include "base/error.h"

/**
 * Carry out a command. @argv[0] is its word.
 *
 * Returns the process's exit status, or a negative value with @error set:
 * CLI_USAGE for an invalid command line, any other for a failure.
 */
int cli_run(int argc, char **argv, struct error *error);
int cli_restore(int argc, char **argv, struct error *error);
int cli_status(int argc, char **argv, struct error *error);
int cli_check(int argc, char **argv, struct error *error);
int cli_clone(int argc, char **argv, struct error *error);
int cli_list(int argc, char **argv, struct error *error);
int cli_features(int argc, char **argv, struct error *error);
int cli_control(int argc, char **argv, struct error *error);
int cli_console(int argc, char **argv, struct error *error);
int cli_agent(int argc, char **argv, struct error *error);
int cli_events(int argc, char **argv, struct error *error);
int cli_ask(int argc, char **argv, struct error *error);

struct record;

/**
 * Read the record of the VM @name and correct its state: if it says that the VM
 * runs although no dormouse runs it, the state is crashed. @record is all zero,
 * or one to be freed first. Returns 0, or -errno with @error set.
 */
int cli_load_record(const char *name, struct record *record, struct error *error);

#define CLI_USAGE (-100000) /* Not an errno value. */

#endif
