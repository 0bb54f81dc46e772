/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "record/lifecycle.h"
#include "record/record.h"
#include "record/vm-dir.h"

#define TIMEOUT_MAX 1000000
#define TIMEOUT_QUERY 2 /* Seconds: a dormouse that runs answers at once. */

int cli_parse_timeout(const char *text, int *seconds, struct error *error)
{
	char *end;
	const long value = strtol(text, &end, 10);

	if (end == text || *end || value < 1 || value > TIMEOUT_MAX)
		return error_set(error, CLI_USAGE,
				 "--timeout wants a number of seconds from 1 to %d, not %s",
				 TIMEOUT_MAX, text);
	*seconds = (int)value;

	return 0;
}

int cli_open_client(const char *name, int seconds, struct qmp_client *client, struct error *error)
{
	struct record record = { 0 };
	struct vm_dir dir;
	int err = cli_load_record(name, &record, error);

	if (err)
		return err;
	if (!lifecycle_has_process(record.state))
		err = error_set(error, -ESRCH, "%s does not run: it is %s", name,
				lifecycle_state_word(record.state));
	record_free(&record);
	if (err)
		return err;
	err = vm_dir_open(name, false, &dir, error);
	if (err)
		return err;
	err = qmp_client_open(client, dir.fd, name, seconds, error);
	vm_dir_close(&dir);
	if (err == -ENOENT || err == -ECONNREFUSED)
		error_set(error, err, "%s cannot be reached: it is starting or ending", name);
	if (err == -ETIMEDOUT)
		error_set(error, err,
			  "the dormouse that runs %s has not answered within %d second%s, and was "
			  "sent no request",
			  name, seconds, seconds == 1 ? "" : "s");

	return err;
}

json_t *cli_query(const char *name, const char *command)
{
	struct qmp_client client;
	struct error ignored;
	json_t *value = NULL;

	if (cli_open_client(name, TIMEOUT_QUERY, &client, &ignored) < 0)
		return NULL;
	(void)qmp_client_ask(&client, command, NULL, &value, &ignored);
	qmp_client_close(&client);

	return value;
}
