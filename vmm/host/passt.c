/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/passt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/passt-frame.h"

/* Its end of the socket, behind its standard streams. */
#define PASST_FD 3
#define PASST_FD_TEXT "3"

/*
 * Where the guest finds a resolver that the host has at its loopback. Any address
 * that no other station has would do.
 */
#define RESOLVER "169.254.1.1"

/* Room for what it said last, of which the last line is of interest. */
#define SAID_SIZE 512
/* A pipe is read so often at a time, which is all that is in it: each second read is of half. */
#define READS_MAX (2 * 65536 / (SAID_SIZE / 2))

/* What of dormouse's environment it is given: the rest may have secrets. */
static const char *const variables[] = { "PATH", "HOME", "TMPDIR", "LANG" };

#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

struct passt {
	char **arguments; /**< Ends with NULL. */
	struct passt_forward *forwards; /**< What some of them point to. */
	pid_t pid; /**< 0: none runs, or it was waited for. */
	int said_fd; /**< What it says; -1: it says nothing any more. */
	size_t said_size; /**< The end of what it said. */
	char said[SAID_SIZE];
};

/* --- how it is started --- */

/*
 * The program, seven words, two a forward, two for no others of UDP, the end. The
 * address of the gateway would be that of the host's loopback; of what is there
 * the guest needs no more than the resolver.
 */
static int make_arguments(struct passt *passt, const struct passt_forward *forwards, size_t count)
{
	/* posix_spawnp() wants strings that could be changed. */
	static char name[] = "passt", foreground[] = "--foreground", quiet[] = "--quiet";
	static char no_loopback[] = "--no-map-gw";
	static char resolver_at[] = "--dns-forward", resolver[] = RESOLVER;
	static char fd[] = "--fd", number[] = PASST_FD_TEXT;
	static char tcp_ports[] = "--tcp-ports", udp_ports[] = "--udp-ports", none[] = "none";
	size_t used = 0;
	bool udp = false;

	passt->arguments = calloc(11 + 2 * count, sizeof(*passt->arguments));
	passt->forwards = calloc(count + 1, sizeof(*forwards));
	if (!passt->arguments || !passt->forwards)
		return -ENOMEM;
	if (count)
		memcpy(passt->forwards, forwards, count * sizeof(*forwards));
	passt->arguments[used++] = name;
	passt->arguments[used++] = foreground;
	passt->arguments[used++] = quiet;
	passt->arguments[used++] = no_loopback;
	passt->arguments[used++] = resolver_at;
	passt->arguments[used++] = resolver;
	passt->arguments[used++] = fd;
	passt->arguments[used++] = number;
	for (size_t i = 0; i < count; i++) {
		passt->arguments[used++] = passt->forwards[i].udp ? udp_ports : tcp_ports;
		passt->arguments[used++] = passt->forwards[i].spec;
		udp |= passt->forwards[i].udp;
	}
	/* Otherwise ports of UDP would be those of TCP. */
	if (!udp) {
		passt->arguments[used++] = udp_ports;
		passt->arguments[used++] = none;
	}

	return 0;
}

/*
 * File actions that leave the new process with @socket_fd and @said_fd as its only
 * descriptors beside an empty standard input. Returns 0 or an error number.
 */
static int arrange_files(posix_spawn_file_actions_t *files, int socket_fd, int said_fd)
{
	int err = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDWR, 0);

	if (!err)
		err = posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(files, said_fd, STDERR_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(files, socket_fd, PASST_FD);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(files, PASST_FD + 1);

	return err;
}

/* No signal is blocked or ignored, as they are in dormouse's threads. */
static int arrange_signals(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	err = posix_spawnattr_setsigmask(attributes, &none);
	if (!err)
		err = posix_spawnattr_setsigdefault(attributes, &all);
	if (!err)
		err = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								   POSIX_SPAWN_SETSIGDEF |
								   POSIX_SPAWN_SETSID);

	return err;
}

static void free_environment(char *environment[VARIABLES + 1])
{
	for (size_t i = 0; i < VARIABLES; i++)
		free(environment[i]);
}

/* Returns 0 or an error number. Free it in both cases. */
static int make_environment(char *environment[VARIABLES + 1])
{
	size_t used = 0;

	memset(environment, 0, (VARIABLES + 1) * sizeof(*environment));
	for (size_t i = 0; i < VARIABLES; i++) {
		const char *value = getenv(variables[i]);

		if (!value)
			continue;
		if (asprintf(&environment[used], "%s=%s", variables[i], value) < 0) {
			environment[used] = NULL;
			return ENOMEM;
		}
		used++;
	}

	return 0;
}

static int spawn(struct passt *passt, int socket_fd, int said_fd)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char *environment[VARIABLES + 1];
	int err = posix_spawn_file_actions_init(&files);

	if (err)
		return -err;
	err = posix_spawnattr_init(&attributes);
	if (err)
		goto out_files;
	err = arrange_files(&files, socket_fd, said_fd);
	if (!err)
		err = arrange_signals(&attributes);
	if (!err)
		err = make_environment(environment);
	else
		memset(environment, 0, sizeof(environment));
	if (!err)
		err = posix_spawnp(&passt->pid, passt->arguments[0], &files, &attributes,
				   passt->arguments, environment);
	free_environment(environment);
	posix_spawnattr_destroy(&attributes);
out_files:
	posix_spawn_file_actions_destroy(&files);
	if (err)
		passt->pid = 0;

	return -err;
}

static int refuse(int err, struct error *error)
{
	if (err == -ENOENT)
		return error_set(error, err,
				 "cannot start passt, which is not installed: Debian's package "
				 "passt has it");

	return error_set(error, err, "cannot start passt: %s", strerror(-err));
}

/* A descriptor behind those that the new process is given. */
static int move_up(int *fd)
{
	const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, PASST_FD + 1);

	if (moved < 0)
		return -errno;
	close(*fd);
	*fd = moved;

	return 0;
}

/*
 * @sockets, @said: its ends are the second ones. What it says does not wait for a
 * reader: what does not fit is lost.
 */
static int start(struct passt *passt, int sockets[2], int said[2])
{
	int err = move_up(&sockets[1]);

	if (!err)
		err = move_up(&said[1]);
	if (!err &&
	    (fcntl(said[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(said[1], F_SETFL, O_NONBLOCK) < 0 ||
	     fcntl(sockets[0], F_SETFL, O_NONBLOCK) < 0))
		err = -errno;

	return err ? err : spawn(passt, sockets[1], said[1]);
}

/* --- how it ended --- */

static void close_said(struct passt *passt)
{
	if (passt->said_fd >= 0)
		close(passt->said_fd);
	passt->said_fd = -1;
}

/* Read what it has said, of which the end is kept. At its end there is no more. */
static void listen_to(struct passt *passt)
{
	for (int reads = 0; reads < READS_MAX && passt->said_fd >= 0; reads++) {
		ssize_t got;

		if (passt->said_size == SAID_SIZE - 1) {
			passt->said_size -= SAID_SIZE / 2;
			memmove(passt->said, passt->said + SAID_SIZE / 2, passt->said_size);
		}
		got = read(passt->said_fd, passt->said + passt->said_size,
			   SAID_SIZE - 1 - passt->said_size);
		if (got > 0)
			passt->said_size += (size_t)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			close_said(passt);
		else if (errno == EAGAIN)
			return;
	}
}

/* The last line, without control characters. */
static const char *find_last_line(struct passt *passt)
{
	size_t size = passt->said_size;
	char *line;

	for (size_t i = 0; i < size; i++)
		if (passt->said[i] != '\n' && (passt->said[i] < ' ' || passt->said[i] > '~'))
			passt->said[i] = '?';
	while (size > 0 && passt->said[size - 1] == '\n')
		size--;
	passt->said[size] = '\0';
	line = strrchr(passt->said, '\n');

	return line ? line + 1 : passt->said;
}

static int describe_end(struct passt *passt, int status, struct error *error)
{
	const char *said;

	listen_to(passt);
	said = find_last_line(passt);

	/* Of a signal it knows nothing. */
	if (WIFSIGNALED(status))
		return error_set(error, -ECHILD, "passt was ended by SIG%s",
				 sigabbrev_np(WTERMSIG(status)));

	return error_set(error, -ECHILD, "passt ended with status %d%s%s", WEXITSTATUS(status),
			 *said ? ": " : "", said);
}

/* Wait for it. Returns its status, or -1 if there is none. */
static int await(struct passt *passt, int options)
{
	int status = -1;
	pid_t pid;

	do
		pid = waitpid(passt->pid, &status, options);
	while (pid < 0 && errno == EINTR);

	return pid == passt->pid ? status : -1;
}

static void forget(struct passt *passt)
{
	passt->pid = 0;
	passt->said_size = 0;
	close_said(passt);
}

/* End the last one, if there is one. Returns -ECHILD with @error set if it has ended by itself. */
static int end(struct passt *passt, struct error *error)
{
	int status;
	int err = 0;

	if (!passt->pid)
		return 0;
	status = await(passt, WNOHANG);
	if (status < 0) {
		kill(passt->pid, SIGKILL);
		(void)await(passt, 0);
	} else {
		err = describe_end(passt, status, error);
	}
	forget(passt);

	return err;
}

/* --- the source --- */

static int connect_passt(void *context, struct error *error)
{
	struct passt *passt = context;
	int sockets[2];
	int said[2];
	int err = end(passt, error);

	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return refuse(-errno, error);
	if (pipe2(said, O_CLOEXEC) < 0) {
		err = -errno;
		goto err_sockets;
	}
	err = start(passt, sockets, said);
	close(said[1]);
	if (err) {
		close(said[0]);
		goto err_sockets;
	}
	close(sockets[1]);
	passt->said_fd = said[0];

	return sockets[0];

err_sockets:
	close(sockets[0]);
	close(sockets[1]);

	return refuse(err, error);
}

static int said_fd(const void *context)
{
	const struct passt *passt = context;

	return passt->said_fd;
}

static void listen_to_passt(void *context)
{
	listen_to(context);
}

static void destroy(void *context)
{
	struct passt *passt = context;
	struct error ignored;

	(void)end(passt, &ignored);
	free(passt->arguments);
	free(passt->forwards);
	free(passt);
}

int passt_create(const struct passt_forward *forwards, size_t count,
		 struct net_stream_source *source)
{
	struct passt *passt = calloc(1, sizeof(*passt));

	if (!passt)
		return -ENOMEM;
	passt->said_fd = -1;
	if (make_arguments(passt, forwards, count) < 0) {
		destroy(passt);
		return -ENOMEM;
	}
	*source = (struct net_stream_source){
		.connect = connect_passt,
		.said_fd = said_fd,
		.listen = listen_to_passt,
		.destroy = destroy,
		.frame_max = PASST_FRAME_MAX,
		.may_pass = passt_may_have,
		.context = passt,
	};

	return 0;
}
