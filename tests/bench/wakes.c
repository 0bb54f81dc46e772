/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wakes [--in-turn] HOW COUNT NAME -- COMMAND [ARGUMENT...]
 *
 * Runs a command, which is to be dormouse with the guest of tests/system/guests/wake.S as
 * the VM NAME, and wakes that guest COUNT times. Prints one line for each: the
 * nanoseconds from the moment of waking to the guest's first instruction after it.
 * HOW is
 *
 *	byte	a byte on its console, from the moment before it is written
 *	qmp	QMP's system_wakeup, from the moment before it is sent
 *	wake	"dormouse wake NAME", from the moment before it is started
 *	alarm	nothing: its clock's, from the full second on at which it comes
 *	frame	a frame to 52:54:00:12:34:56, from the moment before it is sent through
 *		$DORMOUSE_STATE_DIR/net, the Unix socket of the guest's network
 *
 * With --in-turn all of it has one CPU, where the guest's vCPU comes first, then the command's
 * main thread, then its others, and then this program, so that each thread that is woken runs
 * at once: what is counted is what has to be done one after the other for the guest to be
 * awake. On two CPUs that an emulator runs in turn it also is what the others do meanwhile,
 * such as to write the record, or not, as it happens.
 *
 * No guest is woken before every thread of the command sleeps. Exits 0 if the guest
 * woke as often as it should.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000ULL
/* So often in a row all threads must be seen asleep, so long one after the other. */
#define LOOKS 3
#define BETWEEN_LOOKS 20000000

/** The command, and its guest's console. */
struct vm {
	pid_t pid;
	int keys;
	FILE *console;
	int qmp; /**< Connected, or -1. */
	int net; /**< Listens, then is connected; or -1. */
	bool linked; /**< It is connected. */
	const char *name;
};

static uint64_t counter(void)
{
	uint64_t value;

	/* Not before what comes before it in the program. */
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");

	return value;
}

static uint64_t nanoseconds(uint64_t ticks)
{
	uint64_t frequency;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));

	return ticks * NANOSECONDS / frequency;
}

static void die(const char *what)
{
	fprintf(stderr, "wakes: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- whether all is quiet --- */

static bool is_asleep(pid_t pid, const char *thread)
{
	char path[300];
	char text[512];
	const char *state;
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, thread);
	file = fopen(path, "r");
	/* Gone meanwhile. */
	if (!file)
		return true;
	size = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[size] = '\0';
	/* Behind the name, which is in parentheses. */
	state = strrchr(text, ')');

	/* Or dead, which is found out by who reads what it says. */
	return state && (strncmp(state, ") S", 3) == 0 || strncmp(state, ") Z", 3) == 0);
}

/* struct dirent's name of a thread is its id. */
static void each_thread(pid_t pid, void (*visit)(pid_t pid, const char *thread, void *context),
			void *context)
{
	const struct dirent *entry;
	char path[32];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		die(path);
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			visit(pid, entry->d_name, context);
	closedir(tasks);
}

static void note_asleep(pid_t pid, const char *thread, void *context)
{
	bool *asleep = context;

	*asleep = is_asleep(pid, thread) && *asleep;
}

static bool all_asleep(pid_t pid)
{
	bool asleep = true;

	each_thread(pid, note_asleep, &asleep);

	return asleep;
}

static void await_quiet(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = BETWEEN_LOOKS };

	for (int looks = 0; looks < LOOKS; looks++) {
		nanosleep(&pause, NULL);
		if (!all_asleep(pid))
			looks = -1;
	}
}

/* --- one after the other --- */

/* Before anything is started. */
static void use_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		die("cannot have one CPU");
}

/* Whether it is in KVM_RUN, as that of a guest that sleeps is. */
static bool runs_vcpu(pid_t pid, const char *thread)
{
	unsigned long long request = 0;
	long number = -1;
	char *rest;
	char path[300];
	char text[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", (int)pid, thread);
	file = fopen(path, "r");
	if (!file)
		return false;
	/* "running", or the number of the system call and its arguments. */
	if (fgets(text, sizeof(text), file)) {
		number = strtol(text, &rest, 10);
		(void)strtoull(rest, &rest, 16);
		request = strtoull(rest, NULL, 16);
	}
	(void)fclose(file);

	return number == SYS_ioctl && request == KVM_RUN;
}

static void order(pid_t pid, const char *thread, void *context)
{
	const pid_t id = (pid_t)strtol(thread, NULL, 10);
	const bool vcpu = runs_vcpu(pid, thread);
	const struct sched_param param = { .sched_priority = vcpu ? 3 : id == pid ? 2 : 1 };
	unsigned int *vcpus = context;

	*vcpus += vcpu;
	if (sched_setscheduler(id, SCHED_FIFO, &param) < 0)
		die("cannot order the threads");
}

/* All of its threads sleep. */
static void order_threads(pid_t pid)
{
	unsigned int vcpus = 0;

	each_thread(pid, order, &vcpus);
	if (vcpus != 1) {
		fprintf(stderr, "wakes: %u threads run a vCPU\n", vcpus);
		exit(1);
	}
}

/* --- the guest --- */

static void start(struct vm *vm, char **command)
{
	int in[2];
	int out[2];

	vm->pid = pipe(in) < 0 || pipe(out) < 0 ? -1 : fork();
	if (vm->pid < 0)
		die("cannot begin");
	if (vm->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execvp(command[0], command);
		die(command[0]);
	}
	close(in[0]);
	close(out[1]);
	vm->keys = in[1];
	vm->console = fdopen(out[0], "r");
	if (!vm->console)
		die("cannot read the console");
}

/* The guest's next line, if it begins with @word; the number behind that, if there is one. */
static bool hear(const struct vm *vm, const char *word, uint64_t *number)
{
	char line[128];

	if (!fgets(line, sizeof(line), vm->console))
		return false;
	if (strncmp(line, word, strlen(word)) != 0) {
		fprintf(stderr, "wakes: the guest said %s", line);
		return false;
	}
	*number = strtoull(line + strlen(word), NULL, 16);

	return true;
}

/* --- waking it --- */

static void talk(const struct vm *vm, const char *text)
{
	if (write(vm->qmp, text, strlen(text)) != (ssize_t)strlen(text))
		die("cannot talk to the VM");
}

/* Whatever has been said meanwhile. */
static void drain(const struct vm *vm)
{
	char bytes[4096];

	while (recv(vm->qmp, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void connect_to(struct vm *vm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *states = getenv("DORMOUSE_STATE_DIR");

	vm->qmp = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s/qmp", states ? states : "",
		 vm->name);
	if (connect(vm->qmp, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die(address.sun_path);
	talk(vm, "{\"execute\": \"qmp_capabilities\"}\n");
	await_quiet(vm->pid);
}

static void listen_for(struct vm *vm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *states = getenv("DORMOUSE_STATE_DIR");

	vm->net = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/net", states ? states : "");
	(void)unlink(address.sun_path);
	if (bind(vm->net, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(vm->net, 1) < 0)
		die(address.sun_path);
}

static void link_to(struct vm *vm)
{
	const int net = accept(vm->net, NULL, NULL);

	if (net < 0)
		die("cannot accept the network");
	close(vm->net);
	vm->net = net;
	vm->linked = true;
	await_quiet(vm->pid);
}

/* In the protocol of QEMU's -netdev stream. */
static void send_frame(const struct vm *vm)
{
	static const unsigned char frame[64] = {
		0, 0, 0, 60, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x54, 0, 0, 0, 2, 0x88, 0xb5,
	};

	if (write(vm->net, frame, sizeof(frame)) != sizeof(frame))
		die("cannot send a frame");
}

/* Returns the counter of that moment. */
static uint64_t wake(const struct vm *vm, const char *how)
{
	char *const arguments[] = { (char[]){ "dormouse" }, (char[]){ "wake" }, strdup(vm->name),
				    NULL };
	posix_spawn_file_actions_t quiet;
	uint64_t moment;
	pid_t pid;

	if (strcmp(how, "byte") == 0) {
		moment = counter();
		if (write(vm->keys, "x", 1) != 1)
			die("cannot type");
	} else if (strcmp(how, "qmp") == 0) {
		drain(vm);
		moment = counter();
		talk(vm, "{\"execute\": \"system_wakeup\"}");
	} else if (strcmp(how, "frame") == 0) {
		moment = counter();
		send_frame(vm);
	} else {
		posix_spawn_file_actions_init(&quiet);
		posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
		moment = counter();
		if (posix_spawnp(&pid, "dormouse", &quiet, NULL, arguments, environ) != 0)
			die("cannot run dormouse");
		posix_spawn_file_actions_destroy(&quiet);
		waitpid(pid, NULL, 0);
	}
	free(arguments[2]);

	return moment;
}

/*
 * Since the last full second, until the counter was @then. The clock's alarm comes at a
 * full second, so that the guest's first instruction is less than one after it.
 */
static uint64_t since_second(uint64_t then)
{
	struct timespec now;
	uint64_t elapsed;

	clock_gettime(CLOCK_REALTIME, &now);
	elapsed = nanoseconds(counter() - then) % NANOSECONDS;

	return ((uint64_t)now.tv_nsec + NANOSECONDS - elapsed) % NANOSECONDS;
}

static bool measure(struct vm *vm, const char *how)
{
	const bool alarm = strcmp(how, "alarm") == 0;
	uint64_t asked = 0;
	uint64_t awake;

	/* Who waits for an alarm need not be quiet before: it is two seconds away. */
	if (!alarm) {
		await_quiet(vm->pid);
		if (strcmp(how, "qmp") == 0 && vm->qmp < 0)
			connect_to(vm);
		if (strcmp(how, "frame") == 0 && !vm->linked)
			link_to(vm);
		asked = wake(vm, how);
	}
	if (!hear(vm, "awake ", &awake))
		return false;
	printf("%" PRIu64 "\n", alarm ? since_second(awake) : nanoseconds(awake - asked));

	return true;
}

int main(int argc, char **argv)
{
	const bool in_turn = argc > 1 && strcmp(argv[1], "--in-turn") == 0;
	struct vm vm = { .qmp = -1, .net = -1 };
	uint64_t nothing;
	long count;
	bool ok;

	argc -= in_turn;
	argv += in_turn;
	if (argc < 6 || strcmp(argv[4], "--") != 0) {
		fprintf(stderr,
			"Usage: wakes [--in-turn] byte|qmp|wake|alarm|frame COUNT NAME -- COMMAND...\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	count = strtol(argv[2], NULL, 10);
	vm.name = argv[3];
	if (strcmp(argv[1], "frame") == 0)
		listen_for(&vm);
	if (in_turn)
		use_one_cpu();
	start(&vm, argv + 5);
	ok = hear(&vm, "ready", &nothing);
	if (ok && in_turn) {
		await_quiet(vm.pid);
		order_threads(vm.pid);
	}
	for (long i = 0; i < count && ok; i++)
		ok = measure(&vm, argv[1]);
	kill(vm.pid, SIGTERM);
	waitpid(vm.pid, NULL, 0);

	return ok ? 0 : 1;
}
