/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include <asm/ptrace.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decode.h"

#define OPTIONS                                                                           \
	((unsigned long)PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | \
	 PTRACE_O_TRACESECCOMP)

struct thread {
	pid_t id; /**< 0: this place is free. */
	bool in_call;
	bool fails;
	struct shortened shortened;
	struct call call;
	bool is_noted; /**< What it does is worth a record. */
};

static int child_events = -1;

void die(const char *format, ...)
{
	const int err = errno;
	va_list args;

	va_start(args, format);
	fputs("faults: ", stderr);
	vfprintf(stderr, format, args);
	fprintf(stderr, " (errno %d)\n", err);
	va_end(args);
	exit(125);
}

/* <sys/ptrace.h> cannot be read beside <linux/ptrace.h>. */
/* @data is a number or an address. */
static long control(long request, pid_t id, unsigned long number, uintptr_t data)
{
	return syscall(__NR_ptrace, request, id, number, data);
}

/* --- the program --- */

#define TRACE_IT BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)
#define LEAVE_IT BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define HAS(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no)

/*
 * The calls that are noted stop it for its tracer: but not those that open what exists, and
 * those that print what the guest says, of which there are many.
 */
static void install_filter(bool with_runs)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		IS(__NR_ioctl, 0, 3),
		ARGUMENT(1),
		IS(with_runs ? KVM_RUN : 0, 14, 0),
		LEAVE_IT,
		IS(__NR_openat, 0, 2),
		ARGUMENT(2),
		HAS(O_CREAT | O_DIRECTORY, 10, 11),
		IS(__NR_write, 0, 2),
		ARGUMENT(0),
		IS(STDOUT_FILENO, 8, 7),
		IS(__NR_pwritev, 6, 0),
		IS(__NR_pwrite64, 5, 0),
		IS(__NR_fsync, 4, 0),
		IS(__NR_fdatasync, 3, 0),
		IS(__NR_fsetxattr, 2, 0),
		IS(__NR_sendto, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, __NR_unlinkat, 2, 1),
		TRACE_IT,
		LEAVE_IT,
		/* unlinkat, symlinkat, linkat, renameat are in a row. */
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, __NR_renameat, 0, 2),
		IS(__NR_renameat2, 1, 0),
		LEAVE_IT,
		TRACE_IT,
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(125);
}

__attribute__((noreturn)) static void become(const char *const argv[], bool with_runs, int gate,
					     const int streams[3])
{
	sigset_t none;
	char byte;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* An emulator translates a program anew at each new address: this halves a run's time. */
	(void)personality(ADDR_NO_RANDOMIZE);
	for (int i = 0; i < 3; i++)
		if (dup2(streams[i], i) < 0)
			_exit(125);
	if (read(gate, &byte, 1) != 1)
		_exit(125);
	install_filter(with_runs);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): only a const goes; execvp() reads. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(125);
}

static void open_child_events(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	child_events = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child_events < 0)
		die("signalfd");
}

static struct thread *find_thread(struct trace *trace, pid_t id)
{
	struct thread *place = NULL;

	for (size_t i = 0; i < TRACE_THREADS_MAX; i++) {
		struct thread *thread = &trace->threads[i];

		if (thread->id == id)
			return thread;
		if (!thread->id && !place)
			place = thread;
	}
	if (!place)
		die("too many threads");
	*place = (struct thread){ .id = id };

	return place;
}

void trace_start(struct trace *trace, const struct trace_plan *plan, const char *const argv[],
		 int in, int out, int err)
{
	const int streams[3] = { in, out, err };
	int gate[2];

	if (child_events < 0)
		open_child_events();
	*trace = (struct trace){ .plan = *plan };
	trace->threads = calloc(TRACE_THREADS_MAX, sizeof(trace->threads[0]));
	if (!trace->threads || pipe2(gate, O_CLOEXEC) < 0)
		die("pipe2");
	trace->process = fork();
	if (trace->process < 0)
		die("fork");
	if (trace->process == 0)
		become(argv, plan->first_name != NULL, gate[0], streams);
	if (control(PTRACE_SEIZE, trace->process, 0, OPTIONS) < 0)
		die("PTRACE_SEIZE");
	(void)find_thread(trace, trace->process);
	if (write(gate[1], "", 1) != 1)
		die("write");
	close(gate[0]);
	close(gate[1]);
}

/* --- one call --- */

static void keep(struct trace *trace, const struct call *call)
{
	if (trace->call_count == trace->call_room) {
		trace->call_room = trace->call_room ? 2 * trace->call_room : 64;
		trace->calls = realloc(trace->calls, trace->call_room * sizeof(trace->calls[0]));
		if (!trace->calls)
			die("out of memory");
	}
	trace->calls[trace->call_count++] = *call;
}

/* Let a call that has not begun do nothing. */
static void skip_call(pid_t id)
{
	int none = -1;
	struct iovec part = { &none, sizeof(none) };

	if (control(PTRACE_SETREGSET, id, NT_ARM_SYSTEM_CALL, (uintptr_t)&part) < 0)
		die("NT_ARM_SYSTEM_CALL");
}

static void set_register(pid_t id, unsigned int number, uint64_t value)
{
	struct user_pt_regs registers;
	struct iovec part = { &registers, sizeof(registers) };

	if (control(PTRACE_GETREGSET, id, NT_PRSTATUS, (uintptr_t)&part) < 0)
		die("PTRACE_GETREGSET");
	registers.regs[number] = value;
	if (control(PTRACE_SETREGSET, id, NT_PRSTATUS, (uintptr_t)&part) < 0)
		die("PTRACE_SETREGSET");
}

static bool make_short(struct thread *thread, uint64_t number, const uint64_t *args)
{
	if (thread->call.kind != CALL_WRITE && thread->call.kind != CALL_MESSAGE)
		return false;
	if (number == __NR_pwritev)
		thread->shortened = decode_shorten(thread->id, args);
	else if (args[2] > 1)
		set_register(thread->id, 2, args[2] / 2);

	return true;
}

static void make_fail(struct trace *trace, struct thread *thread, uint64_t number,
		      const uint64_t *args)
{
	/* Less than all can only be written. */
	if (!trace->plan.fail_with && !make_short(thread, number, args))
		return;
	trace->failed_call = decode_name((long)number);
	trace->failed_kind = thread->call.kind;
	trace->failed_file = thread->call.file;
	if (trace->plan.fail_with) {
		thread->fails = true;
		skip_call(thread->id);
	}
}

static void on_entry(struct trace *trace, struct thread *thread, uint64_t number,
		     const __u64 *given)
{
	const uint64_t args[6] = { given[0], given[1], given[2], given[3], given[4], given[5] };

	thread->in_call = true;
	thread->call = (struct call){ .begun = ++trace->sequence };
	thread->is_noted = decode_entry(trace->process, number, args, &thread->call);
	if (thread->is_noted && thread->call.kind == CALL_RUN) {
		keep(trace, &thread->call);
		thread->is_noted = false;
		if (!trace->count_at_run)
			trace->count_at_run = trace->count;
		if (trace->plan.kill_at_run)
			kill(trace->process, SIGKILL);
	}
	if (thread->is_noted && thread->call.kind != CALL_ANSWER && trace->counts &&
	    ++trace->fallible == trace->plan.fail_at)
		make_fail(trace, thread, number, args);
}

static void count_one(struct trace *trace)
{
	if (trace->counts && ++trace->count == trace->plan.kill_at)
		kill(trace->process, SIGKILL);
}

static void on_exit_stop(struct trace *trace, struct thread *thread,
			 const struct ptrace_syscall_info *info)
{
	long result = (long)info->exit.rval;

	if (!thread->in_call)
		return;
	thread->in_call = false;
	if (thread->fails) {
		result = -trace->plan.fail_with;
		set_register(thread->id, 0, (uint64_t)result);
		thread->fails = false;
	}
	if (thread->shortened.address)
		decode_restore(thread->id, &thread->shortened);
	thread->call.ended = ++trace->sequence;
	if (thread->is_noted) {
		decode_exit(trace->process, result, &thread->call);
		keep(trace, &thread->call);
	}
	count_one(trace);
}

static void on_call_stop(struct trace *trace, struct thread *thread)
{
	struct ptrace_syscall_info info;

	if (control(PTRACE_GET_SYSCALL_INFO, thread->id, sizeof(info), (uintptr_t)&info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(trace, thread, info.entry.nr, info.entry.args);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_exit_stop(trace, thread, &info);
}

/* --- stops --- */

static void begin(struct trace *trace)
{
	trace->watches = true;
	trace->counts = !trace->plan.counts_later;
	if (trace->plan.begun)
		trace->plan.begun(trace->plan.context);
	if (!trace->plan.every_call)
		return;
	for (size_t i = 0; i < TRACE_THREADS_MAX; i++)
		if (trace->threads[i].id)
			(void)control(PTRACE_INTERRUPT, trace->threads[i].id, 0, 0);
}

/* Whether a call is the one at which it begins. */
static bool is_first(const struct trace *trace, const struct ptrace_syscall_info *info)
{
	const char *name = trace->plan.first_name;

	return (long)info->seccomp.nr == trace->plan.first_call &&
	       (!name || decode_ends_in(trace->process, info->seccomp.args[1], name));
}

/* A call that is noted begins. Where every call stops it, this one has stopped it already. */
static void on_noted_call(struct trace *trace, struct thread *thread)
{
	struct ptrace_syscall_info info;

	if (trace->watches && trace->plan.every_call)
		return;
	if (control(PTRACE_GET_SYSCALL_INFO, thread->id, sizeof(info), (uintptr_t)&info) < 0)
		return;
	if (!trace->watches && is_first(trace, &info))
		begin(trace);
	if (!trace->watches)
		return;
	on_entry(trace, thread, info.seccomp.nr, info.seccomp.args);
	if (trace->plan.every_call)
		return;
	/* Its return is of interest if it is noted, and not how a vCPU's run ends. */
	thread->in_call = thread->is_noted;
}

static void on_stop(struct trace *trace, pid_t id, int status)
{
	struct thread *thread = find_thread(trace, id);
	const int signal = WSTOPSIG(status);
	const int event = status >> 16;
	long forwarded = 0;
	bool all;

	if (signal == (SIGTRAP | 0x80)) {
		on_call_stop(trace, thread);
	} else if (event == PTRACE_EVENT_SECCOMP) {
		on_noted_call(trace, thread);
	} else if (event == 0) {
		forwarded = signal;
	}
	all = trace->watches && (trace->plan.every_call || thread->in_call);
	(void)control(all ? PTRACE_SYSCALL : PTRACE_CONT, id, 0, (uintptr_t)forwarded);
}

static void serve_one(struct trace *trace, pid_t id, int status)
{
	if (WIFSTOPPED(status)) {
		on_stop(trace, id, status);
		return;
	}
	find_thread(trace, id)->id = 0;
	if (id == trace->process) {
		trace->over = true;
		trace->status = status;
	}
}

static void serve(struct trace *trace)
{
	int status;
	pid_t id;

	while ((id = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
		serve_one(trace, id, status);
}

void trace_count(struct trace *trace)
{
	trace->counts = true;
}

void trace_forget(struct trace *trace)
{
	for (size_t i = 0; i < trace->call_count; i++)
		free(trace->calls[i].data);
	trace->call_count = 0;
}

void trace_wait(struct trace *trace, int fd, int ms)
{
	struct pollfd fds[] = {
		{ .fd = child_events, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	serve(trace);
	if (trace->over)
		return;
	(void)poll(fds, fd < 0 ? 1 : 2, ms);
	while (read(child_events, &info, sizeof(info)) > 0)
		;
	serve(trace);
}

/* It only interrupts waitpid(). */
static void on_alarm(int signal)
{
	(void)signal;
}

_Noreturn static void give_up(const struct trace *trace)
{
	fprintf(stderr, "faults: it does not end: call %u, to be killed after %u, to fail at %u\n",
		trace->count, trace->plan.kill_at, trace->plan.fail_at);
	_exit(125);
}

void trace_finish(struct trace *trace)
{
	/* Without SA_RESTART. */
	const struct sigaction interrupt = { .sa_handler = on_alarm };
	int status;
	pid_t id;

	(void)sigaction(SIGALRM, &interrupt, NULL);
	/* No run takes so long, on the slowest machine. */
	alarm(100);
	while (!trace->over) {
		id = waitpid(-1, &status, __WALL);
		if (id < 0 && errno == EINTR)
			give_up(trace);
		if (id < 0)
			die("waitpid");
		serve_one(trace, id, status);
	}
	alarm(0);
}

void trace_free(struct trace *trace)
{
	trace_forget(trace);
	free(trace->calls);
	free(trace->threads);
	trace->calls = NULL;
	trace->threads = NULL;
}
