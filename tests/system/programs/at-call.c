/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a command in which one system call fails, or a signal arrives.
 *
 *	at-call CALL NUMBER[-LAST] ERROR|signal COMMAND [ARGUMENT]...
 *
 * CALL is get-x1 (KVM_GET_ONE_REG of register x1), mp-state (KVM_SET_MP_STATE),
 * set-events (KVM_SET_VCPU_EVENTS), create-vm (KVM_CREATE_VM), fsync-directory or another
 * of call_words below. The one of that NUMBER, from 1, or each from it to LAST, fails
 * with ERROR, the name of an errno such as EIO. With the word signal, the process gets a
 * SIGTERM then, and the call is carried out once the thread that made it has been sent
 * dormouse's kick: what it learns by that call, it learns after the end has begun.
 *
 * The command is this process; a child of it watches its calls by seccomp.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REGISTER_X1                                                                                \
	((KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.regs)) + \
	 2ULL)

enum call { GET_X1, MP_STATE, SET_EVENTS, CREATE_VM, RUN, FSYNC_DIRECTORY, ENABLE_CAP };

static const char *const call_words[] = {
	[GET_X1] = "get-x1",	     [MP_STATE] = "mp-state", [SET_EVENTS] = "set-events",
	[CREATE_VM] = "create-vm",   [RUN] = "run",	      [FSYNC_DIRECTORY] = "fsync-directory",
	[ENABLE_CAP] = "enable-cap",
};

/* What is an ioctl; 0: what is none. */
static const unsigned long ioctls[] = {
	[GET_X1] = KVM_GET_ONE_REG,
	[MP_STATE] = KVM_SET_MP_STATE,
	[SET_EVENTS] = KVM_SET_VCPU_EVENTS,
	[CREATE_VM] = KVM_CREATE_VM,
	[RUN] = KVM_RUN,
	[FSYNC_DIRECTORY] = 0,
	[ENABLE_CAP] = KVM_ENABLE_CAP,
};

static const struct {
	const char *word;
	int number;
} errors[] = {
	{ "EINTR", EINTR },   { "EINVAL", EINVAL }, { "EIO", EIO },	  { "ENOMEM", ENOMEM },
	{ "ENOSYS", ENOSYS }, { "EPERM", EPERM },   { "EFAULT", EFAULT }, { "EAGAIN", EAGAIN },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

__attribute__((noreturn)) static void give_up(const char *what)
{
	fprintf(stderr, "at-call: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* Makes the calls of that kind notify the listener that this returns. */
static int listen_to_calls(enum call call)
{
	const unsigned int request = (unsigned int)ioctls[call];
	const unsigned int number = request ? __NR_ioctl : __NR_fsync;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, request ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};
	long fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up("PR_SET_NO_NEW_PRIVS");
	/* Once we know of a call, only a deadly signal interrupts it. */
	fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
		     SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		     &program);
	if (fd < 0)
		give_up("seccomp");

	return (int)fd;
}

static bool is_get_x1(const struct seccomp_notif *made)
{
	struct kvm_one_reg reg = { 0 };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/mem", made->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &reg, sizeof(reg), (off_t)made->data.args[2]) != sizeof(reg))
		give_up(path);
	close(fd);

	return reg.id == REGISTER_X1;
}

static bool is_fsync_directory(const struct seccomp_notif *made)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", made->pid, (int)made->data.args[0]);

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_meant(const struct seccomp_notif *made, enum call call)
{
	if (call == GET_X1)
		return is_get_x1(made);

	return call != FSYNC_DIRECTORY || is_fsync_directory(made);
}

/* Returns whether dormouse's kick is pending for a thread. */
static bool is_kicked(uint32_t thread)
{
	char path[64];
	char line[128];
	unsigned long long pending = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/status", thread);
	file = fopen(path, "re");
	if (!file)
		give_up(path);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "SigPnd:", 7) == 0)
			pending = strtoull(line + 7, NULL, 16);
	}
	fclose(file);

	return pending >> (SIGRTMIN - 1) & 1;
}

static void signal_and_wait(const struct seccomp_notif *made, pid_t process)
{
	const struct timespec a_little = { .tv_nsec = 10000000 };

	if (kill(process, SIGTERM) < 0)
		give_up("kill");
	while (!is_kicked(made->pid))
		nanosleep(&a_little, NULL);
}

/* @error: an errno, or 0 for the signal. Ends when the process does. */
__attribute__((noreturn)) static void watch(int listener, pid_t process, enum call call,
					    unsigned long first, unsigned long last, int error)
{
	unsigned long count = 0;

	for (;;) {
		struct seccomp_notif made = { 0 };
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &made) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			give_up("SECCOMP_IOCTL_NOTIF_RECV");
		}
		answer.id = made.id;
		count += is_meant(&made, call);
		if (is_meant(&made, call) && count >= first && count <= last) {
			if (!error)
				signal_and_wait(&made, process);
			else
				answer = (struct seccomp_notif_resp){ .id = made.id,
								      .error = -error };
		}
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno != ENOENT)
			give_up("SECCOMP_IOCTL_NOTIF_SEND");
	}
}

static int find_call(const char *word)
{
	for (int i = 0; i < (int)COUNT(call_words); i++) {
		if (strcmp(call_words[i], word) == 0)
			return i;
	}

	return -1;
}

/* Returns an errno, 0 for the word signal, or -1. */
static int find_error(const char *word)
{
	for (size_t i = 0; i < COUNT(errors); i++) {
		if (strcmp(errors[i].word, word) == 0)
			return errors[i].number;
	}

	return strcmp(word, "signal") == 0 ? 0 : -1;
}

static void parse_numbers(const char *text, unsigned long *first, unsigned long *last)
{
	char *end;

	*first = strtoul(text, &end, 10);
	*last = *end == '-' ? strtoul(end + 1, NULL, 10) : *first;
}

int main(int argc, char **argv)
{
	const pid_t process = getpid();
	const int call = argc > 4 ? find_call(argv[1]) : -1;
	unsigned long first = 0;
	unsigned long last = 0;
	int error = 0;
	int listener;
	pid_t child;

	if (argc > 4) {
		parse_numbers(argv[2], &first, &last);
		error = find_error(argv[3]);
	}
	if (call < 0 || first == 0 || error < 0) {
		fputs("usage: at-call CALL NUMBER[-LAST] ERROR|signal COMMAND [ARGUMENT]...\n",
		      stderr);

		return 125;
	}
	listener = listen_to_calls((enum call)call);
	child = fork();
	if (child < 0)
		give_up("fork");
	if (child == 0) {
		/* It has this filter too, so that the listener alone does not show the end. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != process)
			exit(125);
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		watch(listener, process, (enum call)call, first, last, error);
	}
	close(listener);
	execvp(argv[4], argv + 4);
	give_up(argv[4]);
}
