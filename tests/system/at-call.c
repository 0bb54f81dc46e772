/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a command in which one system call fails, or meets a signal.
 *
 *	at-call CALL NUMBER ERROR|signal COMMAND [ARGUMENT]...
 *
 * CALL is get-x1 (KVM_GET_ONE_REG of register x1), mp-state (KVM_SET_MP_STATE) or
 * fsync-directory. The one of that NUMBER, from 1, fails with ERROR, which is EIO
 * or EPERM. With the word signal, the process gets a SIGTERM then, and the call
 * is carried out once the thread that made it has been sent dormouse's kick: what
 * it learns by that call, it learns after the end has begun.
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

enum call { GET_X1, MP_STATE, FSYNC_DIRECTORY };

static const char *const call_words[] = {
	[GET_X1] = "get-x1",
	[MP_STATE] = "mp-state",
	[FSYNC_DIRECTORY] = "fsync-directory",
};

__attribute__((noreturn)) static void give_up(const char *what)
{
	fprintf(stderr, "at-call: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* The calls that may be meant come to the listener that this returns. */
static int listen_to_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fsync, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_GET_ONE_REG, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_SET_MP_STATE, 0, 1),
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
	/* Once we know of a call no signal but a deadly one takes it away from us. */
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
	const uint32_t command = (uint32_t)made->data.args[1];

	if (made->data.nr == __NR_fsync)
		return call == FSYNC_DIRECTORY && is_fsync_directory(made);
	if (command == KVM_SET_MP_STATE)
		return call == MP_STATE;

	return call == GET_X1 && is_get_x1(made);
}

/* Whether dormouse's kick waits for a thread. */
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
					    unsigned long number, int error)
{
	for (;;) {
		struct seccomp_notif made = { 0 };
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &made) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			give_up("SECCOMP_IOCTL_NOTIF_RECV");
		}
		answer.id = made.id;
		if (is_meant(&made, call) && number > 0 && --number == 0) {
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
	for (int i = 0; i < (int)(sizeof(call_words) / sizeof(call_words[0])); i++) {
		if (strcmp(call_words[i], word) == 0)
			return i;
	}

	return -1;
}

int main(int argc, char **argv)
{
	const pid_t process = getpid();
	const int call = argc > 4 ? find_call(argv[1]) : -1;
	const unsigned long number = argc > 4 ? strtoul(argv[2], NULL, 10) : 0;
	int error = 0;
	int listener;
	pid_t child;

	if (call < 0 || number == 0) {
		fputs("usage: at-call CALL NUMBER ERROR|signal COMMAND [ARGUMENT]...\n", stderr);

		return 125;
	}
	if (strcmp(argv[3], "signal") != 0)
		error = strcmp(argv[3], "EPERM") == 0 ? EPERM : EIO;
	listener = listen_to_calls();
	child = fork();
	if (child < 0)
		give_up("fork");
	if (child == 0) {
		/* It has the same filter, so that the listener alone does not tell of the end. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != process)
			exit(125);
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		watch(listener, process, (enum call)call, number, error);
	}
	close(listener);
	execvp(argv[4], argv + 4);
	give_up(argv[4]);
}
