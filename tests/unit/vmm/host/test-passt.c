/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How passt is started, and what follows from its end; a script is in its place.
 */
#include "host/passt.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

/* What it is, and what it does then. */
#define PROLOGUE                                            \
	"#!/bin/sh\n"                                       \
	"echo \"$*\" >arguments.new\n"                      \
	"for fd in /proc/$$/fd/*; do\n"                     \
	"	readlink $fd\n"                                   \
	"done >files.new\n"                                 \
	"echo $$ >pid.new\n"                                \
	"env >environment.new\n"                            \
	"for file in arguments files environment pid; do\n" \
	"	mv $file.new $file\n"                             \
	"done\n"

static void be(const char *rest)
{
	FILE *file = fopen("passt", "we");

	assert_non_null(file);
	assert_true(fprintf(file, "%s%s", PROLOGUE, rest) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod("passt", 0755), 0);
}

/* In a directory of its own, from which the script is found. */
static int enter(void **state)
{
	const int err = scratch_make(state);
	char path[4096];

	if (err || chdir(scratch_path(".")) < 0)
		return -1;
	snprintf(path, sizeof(path), ".:%s", getenv("PATH"));

	return setenv("PATH", path, 1);
}

static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_non_null(fgets(text, (int)size, file));
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
}

static struct net_stream_source make(const struct passt_forward *forwards, size_t count)
{
	struct net_stream_source source;

	assert_int_equal(passt_create(forwards, count, &source), 0);

	return source;
}

static int must_connect(const struct net_stream_source *source)
{
	struct error error;
	const int fd = source->connect(source->context, &error);

	if (fd < 0)
		fail_msg("%s", error.text);

	return fd;
}

/* Read a byte; 0 at the end of the connection. */
static ssize_t read_byte(int fd, char *byte)
{
	ssize_t got;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	do
		got = read(fd, byte, 1);
	while (got < 0 && errno == EINTR);

	return got;
}

static pid_t its_pid(void)
{
	char text[32];

	read_line("pid", text, sizeof(text));

	return (pid_t)strtol(text, NULL, 10);
}

/* Wait until it is a zombie, which the source then waits for. */
static void await_end(void)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)its_pid(), &info, WEXITED | WNOWAIT), 0);
}

/* --- */

static void passt_is_given_its_socket_and_the_ports(void **state)
{
	const struct passt_forward forwards[] = {
		{ .spec = "8080:80" },
		{ .udp = true, .spec = "127.0.0.1/5353:53" },
	};
	struct net_stream_source source = make(forwards, 2);
	char text[256];
	char byte;
	int fd;

	be("exec cat <&3 >&3\n");
	fd = must_connect(&source);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read_byte(fd, &byte), 1);
	assert_int_equal(byte, 'x');
	read_line("arguments", text, sizeof(text));
	assert_string_equal(text, "--foreground --quiet --no-map-gw --dns-forward 169.254.1.1 "
				  "--fd 3 --tcp-ports 8080:80 --udp-ports 127.0.0.1/5353:53");
	close(fd);
	source.destroy(source.context);
}

static void passt_forwards_no_ports_of_udp_unless_there_are_some(void **state)
{
	const struct passt_forward forward = { .spec = "8080:80" };
	struct net_stream_source source = make(&forward, 1);
	char text[256];
	char byte;
	int fd;

	be("echo >&3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	read_line("arguments", text, sizeof(text));
	assert_string_equal(text, "--foreground --quiet --no-map-gw --dns-forward 169.254.1.1 "
				  "--fd 3 --tcp-ports 8080:80 --udp-ports none");
	close(fd);
	source.destroy(source.context);
}

/* Such as one that is not closed at an exec. */
static void passt_inherits_no_other_descriptor(void **state)
{
	const int open_fd = open("/", O_PATH);
	const int open_high = fcntl(open_fd, F_DUPFD, 300);
	struct net_stream_source source = make(NULL, 0);
	char line[256];
	unsigned int known = 0;
	FILE *files;
	char byte;
	int fd;

	assert_true(open_fd >= 0 && open_high >= 0);
	be("echo >&3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	files = fopen("files", "re");
	assert_non_null(files);
	while (fgets(line, sizeof(line), files)) {
		if (strcmp(line, "/dev/null\n") == 0 || strncmp(line, "pipe:", 5) == 0 ||
		    strncmp(line, "socket:", 7) == 0)
			known++;
		/* The shell's: its script, and where this list goes to. */
		else if (!strstr(line, "/passt") && !strstr(line, "/files.new"))
			fail_msg("%s", line);
	}
	fclose(files);
	/* The shell keeps another one of its standard output. */
	assert_in_range(known, 3, 4);
	close(fd);
	source.destroy(source.context);
	close(open_fd);
	close(open_high);
}

static void no_process_is_left_when_the_source_is_destroyed(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char byte;
	int fd;

	be("echo >&3\nwhile :; do sleep 1000; done\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	close(fd);
	source.destroy(source.context);
	assert_int_equal(kill(its_pid(), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_missing_passt_is_reported_with_its_package(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char *path = strdup(getenv("PATH"));
	struct error error;

	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(source.connect(source.context, &error), -ENOENT);
	assert_string_equal(error.text, "cannot start passt, which is not installed: Debian's "
					"package passt has it");
	assert_int_equal(setenv("PATH", path, 1), 0);
	/* It may be installed meanwhile. */
	be("exec cat <&3 >&3\n");
	close(must_connect(&source));
	source.destroy(source.context);
	free(path);
}

static void a_passt_that_cannot_be_executed_is_reported(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char *path = strdup(getenv("PATH"));
	struct error error;

	be("");
	assert_int_equal(chmod("passt", 0644), 0);
	assert_int_equal(setenv("PATH", ".", 1), 0);
	assert_int_equal(source.connect(source.context, &error), -EACCES);
	assert_string_equal(error.text, "cannot start passt: Permission denied");
	assert_int_equal(setenv("PATH", path, 1), 0);
	source.destroy(source.context);
	free(path);
}

static void the_end_of_passt_is_reported_with_what_it_said_last(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	char byte;
	int fd;

	be("echo first >&2\necho \"Failed to bind port\t80\" >&2\nexit 3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 0);
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt ended with status 3: Failed to bind port?80");
	/* That was said of it: the next one is started. */
	be("exec cat <&3 >&3\n");
	close(must_connect(&source));
	source.destroy(source.context);
}

/* passt does so when its connection ends, for which the guest may be the reason. */
static void an_end_with_status_0_is_reported_as_well(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	char byte;
	int fd;

	be("exit 0\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 0);
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt ended with status 0");
	source.destroy(source.context);
}

/* More than is kept of it. */
static void the_last_line_of_many_is_reported(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	char byte;
	int fd;

	be("i=0\nwhile [ $i -lt 300 ]; do echo \"line $i\" >&2; i=$((i + 1)); done\nexit 1\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 0);
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt ended with status 1: line 299");
	source.destroy(source.context);
}

static void a_signal_that_ended_passt_is_reported(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	char byte;
	int fd;

	be("kill -SEGV $$\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 0);
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt was ended by SIGSEGV");
	source.destroy(source.context);
}

/* More than its pipe holds: it does not wait for a reader. */
static void a_passt_that_says_much_is_not_blocked(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char byte;
	int fd;

	be("head -c 1000000 /dev/zero >&2\necho >&3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	close(fd);
	source.destroy(source.context);
}

/* Its pipe is read while it runs, so what it says last still has room. */
static void the_last_line_is_reported_after_more_than_a_pipe_holds(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	char byte;
	int fd;

	be("i=0\nwhile [ $i -lt 20 ]; do\n"
	   "	head -c 50000 /dev/zero >&2; echo >&3; read answer <&3; i=$((i + 1))\n"
	   "done\nprintf '\\nthe last line\\n' >&2\nexit 1\n");
	fd = must_connect(&source);
	while (read_byte(fd, &byte) == 1) {
		assert_true(source.said_fd(source.context) >= 0);
		source.listen(source.context);
		assert_int_equal(write(fd, "\n", 1), 1);
	}
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt ended with status 1: the last line");
	source.destroy(source.context);
}

static void an_end_of_the_messages_of_passt_is_noticed(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char byte;
	int fd;

	be("exec 2>&-\necho >&3\nread answer <&3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	source.listen(source.context);
	assert_int_equal(source.said_fd(source.context), -1);
	close(fd);
	source.destroy(source.context);
}

static void passt_gets_no_secret_of_the_environment(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	char line[4096];
	unsigned int known = 0;
	FILE *file;
	char byte;
	int fd;

	assert_int_equal(setenv("NOTIFY_SOCKET", "/nowhere", 1), 0);
	assert_int_equal(setenv("SECRET", "hush", 1), 0);
	assert_int_equal(setenv("LANG", "C", 1), 0);
	assert_int_equal(setenv("HOME", "/home", 1), 0);
	be("echo >&3\n");
	fd = must_connect(&source);
	assert_int_equal(read_byte(fd, &byte), 1);
	file = fopen("environment", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "PATH=", 5) == 0 || strcmp(line, "HOME=/home\n") == 0 ||
		    strcmp(line, "LANG=C\n") == 0)
			known++;
		/* The shell's. */
		else if (strncmp(line, "PWD=", 4) != 0 && strncmp(line, "TMPDIR=", 7) != 0 &&
			 strncmp(line, "OLDPWD=", 7) != 0 && strncmp(line, "SHLVL=", 6) != 0 &&
			 strncmp(line, "_=", 2) != 0)
			fail_msg("%s", line);
	}
	fclose(file);
	assert_int_equal(known, 3);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	close(fd);
	source.destroy(source.context);
}

/* dormouse blocks signals in its threads. */
static void signals_that_are_blocked_here_reach_it(void **state)
{
	struct net_stream_source source = make(NULL, 0);
	struct error error;
	sigset_t all;
	sigset_t before;
	char byte;
	int fd;

	be("kill -TERM $$\nexit 0\n");
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
	fd = must_connect(&source);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(read_byte(fd, &byte), 0);
	close(fd);
	await_end();
	assert_int_equal(source.connect(source.context, &error), -ECHILD);
	assert_string_equal(error.text, "passt was ended by SIGTERM");
	source.destroy(source.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passt_is_given_its_socket_and_the_ports),
		cmocka_unit_test(passt_forwards_no_ports_of_udp_unless_there_are_some),
		cmocka_unit_test(passt_inherits_no_other_descriptor),
		cmocka_unit_test(no_process_is_left_when_the_source_is_destroyed),
		cmocka_unit_test(a_missing_passt_is_reported_with_its_package),
		cmocka_unit_test(a_passt_that_cannot_be_executed_is_reported),
		cmocka_unit_test(the_end_of_passt_is_reported_with_what_it_said_last),
		cmocka_unit_test(an_end_with_status_0_is_reported_as_well),
		cmocka_unit_test(the_last_line_of_many_is_reported),
		cmocka_unit_test(the_last_line_is_reported_after_more_than_a_pipe_holds),
		cmocka_unit_test(an_end_of_the_messages_of_passt_is_noticed),
		cmocka_unit_test(passt_gets_no_secret_of_the_environment),
		cmocka_unit_test(a_signal_that_ended_passt_is_reported),
		cmocka_unit_test(a_passt_that_says_much_is_not_blocked),
		cmocka_unit_test(signals_that_are_blocked_here_reach_it),
	};

	return cmocka_run_group_tests(tests, enter, scratch_remove);
}
