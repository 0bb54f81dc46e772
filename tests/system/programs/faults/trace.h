/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program whose calls to the kernel are watched from a moment on: those that change files
 * are recorded, one of them can be made to fail, and the program can be killed after each of
 * them, or after each call of any kind.
 *
 * A stop for the tracer takes an emulated machine longer than most calls.
 */
#ifndef FAULTS_TRACE_H
#define FAULTS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRACE_NAME_SIZE 64
#define TRACE_THREADS_MAX 64

/** What a call does to files, or shows of the program's progress. */
enum call_kind {
	CALL_OPEN, /**< A file or directory that exists. */
	CALL_CREATE,
	CALL_WRITE,
	CALL_SYNC,
	CALL_SYNC_DATA,
	CALL_RENAME,
	CALL_LINK,
	CALL_UNLINK,
	CALL_ATTRIBUTE,
	CALL_MESSAGE, /**< To standard error. */
	CALL_ANSWER, /**< To a socket. */
	CALL_RUN, /**< A vCPU is to run: KVM_RUN begins. Noted if there is a first_name. */
	CALL_KIND_COUNT,
};

/** One call that has returned, or KVM_RUN that begins. */
struct call {
	enum call_kind kind;
	int result; /**< 0 or -errno. */
	ino_t file; /**< Created, written, synced, renamed, linked or given an attribute. */
	ino_t directory; /**< Of the names. */
	char from[TRACE_NAME_SIZE]; /**< The only name of most calls. */
	char to[TRACE_NAME_SIZE];
	uint64_t offset;
	size_t size;
	uint8_t *data; /**< What was written. */
	/** In the order of all calls: a sync covers what ended before it began. */
	unsigned int begun;
	unsigned int ended;
};

struct trace_plan {
	/** The call at which it begins. */
	long first_call;
	const char *first_name; /**< Of an openat(): the end of its path; or NULL. */
	bool every_call; /**< Count calls of any kind as they return; else those that are noted, */
	/**< as they begin and as they return. */
	bool counts_later; /**< From trace_count() on, and not from the beginning. */
	unsigned int kill_at; /**< The count at which it is killed; 0: never. */
	bool kill_at_run; /**< When a vCPU is first made to run. */
	unsigned int fail_at; /**< Which of those that can fail here; 0: none. */
	int fail_with; /**< An errno; 0: half is written. */
	void (*begun)(void *context); /**< Called when it begins, before that call; or NULL. */
	void *context;
};

struct thread;

struct trace {
	struct trace_plan plan;
	pid_t process;
	bool watches; /**< The moment has come. */
	bool counts;
	bool over;
	int status; /**< As of waitpid(). */
	unsigned int count; /**< See every_call; of all threads. */
	unsigned int count_at_run; /**< When a vCPU was first made to run. */
	unsigned int fallible; /**< Of those that can be made to fail. */
	const char *failed_call; /**< The name of the one that was. */
	enum call_kind failed_kind;
	ino_t failed_file;
	unsigned int sequence;
	struct call *calls;
	size_t call_count;
	size_t call_room;
	struct thread *threads;
};

/** Start a program; @in, @out and @err become its standard streams. */
void trace_start(struct trace *trace, const struct trace_plan *plan, const char *const argv[],
		 int in, int out, int err);

/** Count calls from now on, which are watched already. */
void trace_count(struct trace *trace);

/** What follows is judged as if nothing had been watched before. */
void trace_forget(struct trace *trace);

/** Serve what has happened, and wait for more until @fd, unless -1, can be read, or @ms. */
void trace_wait(struct trace *trace, int fd, int ms);

/** Serve it to its end. */
void trace_finish(struct trace *trace);

void trace_free(struct trace *trace);

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

#endif
