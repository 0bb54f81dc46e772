/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stopwatch [--to-end] TEXT... -- COMMAND [ARGUMENT...]
 *
 * Runs a command and prints "exec COUNTER", of the moment before its exec, then
 * "found COUNTER TEXT" for each TEXT, of the moment when the command's standard
 * output was seen to hold it; they come in the order given. It prints the lines of the
 * command that begin with "STOPWATCH ", too, and its line "awake COUNTER" as "first
 * COUNTER". After the last text it sends SIGTERM to the command; or, with --to-end, it
 * waits for the command, and "ended COUNTER" says when the output had an end. COUNTER is CNTVCT_EL0
 * in hex. Exits 0 if all texts came, 1 if one did not.
 *
 * A guest of this machine's KVM reads the same counter as CNTPCT_EL0.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE 4096

static uint64_t counter(void)
{
	uint64_t value;

	/* Not before what comes before it in the program. */
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");

	return value;
}

/* Tell of the exec, then become the command. */
static void become(char **command)
{
	char line[64];
	const uint64_t now = counter();
	const int length = snprintf(line, sizeof(line), "exec %llx\n", (unsigned long long)now);

	/* The parent passes it on, so that lines stay in order. */
	if (write(STDOUT_FILENO, line, (size_t)length) == length)
		execvp(command[0], command);
	fprintf(stderr, "stopwatch: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/** What has been read of the command's output and is not yet a whole line. */
struct output {
	char line[LINE_SIZE];
	size_t length;
};

static void pass_on(const char *line)
{
	static const char word[] = "STOPWATCH ";
	/* That of tests/system/guests/wake.S, for which it has no other word. */
	static const char awake[] = "awake ";

	if (strncmp(line, "exec ", 5) == 0)
		puts(line);
	else if (strncmp(line, word, sizeof(word) - 1) == 0)
		puts(line + sizeof(word) - 1);
	else if (strncmp(line, awake, sizeof(awake) - 1) == 0)
		printf("first %s\n", line + sizeof(awake) - 1);
}

/* Take in what came. Returns whether @text is among it. */
static int take(struct output *output, const char *bytes, size_t count, const char *text)
{
	int found = 0;

	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r' && output->length < LINE_SIZE - 1) {
			output->line[output->length++] = bytes[i];
			continue;
		}
		output->line[output->length] = '\0';
		found = found || (text && strstr(output->line, text));
		pass_on(output->line);
		output->length = 0;
	}
	/* A line's end may come later than what is waited for. */
	output->line[output->length] = '\0';

	return found || (text && strstr(output->line, text));
}

/* Returns how many texts came before the output ended. */
static int watch(int fd, char **texts, int count)
{
	static struct output output;
	char bytes[LINE_SIZE];
	int found = 0;

	while (found < count) {
		const ssize_t length = read(fd, bytes, sizeof(bytes));

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		if (take(&output, bytes, (size_t)length, texts[found]))
			printf("found %llx %s\n", (unsigned long long)counter(), texts[found++]);
		/* What types into the guest waits for some of the lines. */
		fflush(stdout);
	}

	return found;
}

static void await_end(int fd)
{
	char bytes[LINE_SIZE];
	ssize_t length;

	do {
		length = read(fd, bytes, sizeof(bytes));
	} while (length > 0 || (length < 0 && errno == EINTR));
	printf("ended %llx\n", (unsigned long long)counter());
}

int main(int argc, char **argv)
{
	const int to_end = argc > 1 && strcmp(argv[1], "--to-end") == 0;
	int pipe_fds[2];
	int count = 0;
	int found;
	pid_t child;

	argc -= to_end;
	argv += to_end;
	while (count + 1 < argc && strcmp(argv[count + 1], "--") != 0)
		count++;
	if (count == 0 || count + 2 >= argc) {
		fprintf(stderr, "Usage: stopwatch [--to-end] TEXT... -- COMMAND [ARGUMENT...]\n");
		return 2;
	}
	child = pipe(pipe_fds) < 0 ? -1 : fork();
	if (child < 0) {
		fprintf(stderr, "stopwatch: %s\n", strerror(errno));
		return 1;
	}
	if (child == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		become(argv + count + 2);
	}
	close(pipe_fds[1]);
	found = watch(pipe_fds[0], argv + 1, count);
	if (to_end)
		await_end(pipe_fds[0]);
	else
		kill(child, SIGTERM);
	waitpid(child, NULL, 0);

	return found == count ? 0 : 1;
}
