/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real threads of a run, under ThreadSanitizer: a guest that calls at random, a
 * client and a console's user that ask for anything at any time, a record and a saved
 * file that cannot always be written.
 *
 *	stress SECONDS [SEED]
 *
 * Half of the time libpsci serves PSCI, and half of it KVM. Of each run its record must
 * say what its exit status says; what was saved must be restorable and guarded; and a
 * guest that may run must run. Exits with 0 if all that was so; prints what it did.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/qmp/client.h"
#include "fake-kvm.h"
#include "random-guest.h"
#include "record/lifecycle.h"
#include "record/record.h"
#include "record/vm-dir.h"
#include "run/run.h"
#include "save/file.h"

#define NAME "vm"
/* Seconds after which something hangs that should take microseconds. */
#define PATIENCE 100

/* In memory: it is the order of things that is tried here, not a disk. */
static char folder[] = "/dev/shm/dormouse-stress-XXXXXX";
static char saved[64];
static int console[2];
static unsigned int seed;
static atomic_bool over; /* No more runs: the user may go. */
static atomic_bool running;
static atomic_uint faults; /* So far, of the record's and the file's writes. */
static FILE *out; /* Standard error takes dormouse's messages, and goes nowhere. */

/* NOLINTBEGIN(readability-identifier-naming): the linker's names. */
int __wrap_kvm_open(struct kvm *kvm, struct error *error);
int __real_record_save(int dir_fd, const char *name, const struct record *record,
		       struct error *error);
int __wrap_record_save(int dir_fd, const char *name, const struct record *record,
		       struct error *error);
int __real_save_file_publish(struct save_draft *draft, struct error *error);
int __wrap_save_file_publish(struct save_draft *draft, struct error *error);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument);
/* NOLINTEND(readability-identifier-naming) */

__attribute__((noreturn, format(printf, 1, 2))) static void wrong(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	fputs("stress: ", out);
	vfprintf(out, what, args);
	fprintf(out, " (seed %u, machine %lu)\n", seed, random_guest_machines());
	va_end(args);
	(void)fflush(out);
	/* The files stay. */
	_exit(1);
}

/* --- what fails --- */

int __wrap_kvm_open(struct kvm *kvm, struct error *error)
{
	*kvm = kvm_of_tests;
	kvm->fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return 0;
}

static bool fails(void)
{
	static unsigned int state = 1;

	/* The main thread's alone, as all of this. */
	if (rand_r(&state) % 50 != 0)
		return false;
	atomic_fetch_add(&faults, 1);

	return true;
}

/* Before its work or after it: the last step may fail. */
int __wrap_record_save(int dir_fd, const char *name, const struct record *record,
		       struct error *error)
{
	int err = 0;

	if (fails())
		return error_set(error, -EIO, "the record's file fails");
	err = __real_record_save(dir_fd, name, record, error);
	if (!err && fails())
		return error_set(error, -EIO, "the record's directory fails");

	return err;
}

int __wrap_save_file_publish(struct save_draft *draft, struct error *error)
{
	if (!fails())
		return __real_save_file_publish(draft, error);
	save_file_drop(draft);

	return error_set(error, -EIO, "the saved file's directory fails");
}

/* --- ThreadSanitizer's own fault --- */

struct thread_start {
	void *(*start)(void *);
	void *argument;
};

static void *begin_thread(void *argument)
{
	const struct thread_start begin = *(struct thread_start *)argument;

	free(argument);
	(void)poll(NULL, 0, 0);

	return begin.start(begin.argument);
}

/*
 * ThreadSanitizer defers a signal to the thread's next call. It allocates the memory for
 * that at a thread's first call that can block, and it loses a signal that arrives during
 * the allocation (gcc 12's does). So each thread makes such a call
 * before anything knows it.
 */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument)
{
	struct thread_start *begin = malloc(sizeof(*begin));
	int err;

	if (!begin)
		return EAGAIN;
	*begin = (struct thread_start){ .start = start, .argument = argument };
	err = __real_pthread_create(thread, attributes, begin_thread, begin);
	if (err)
		free(begin);

	return err;
}

/* --- the user --- */

/* Whether it was carried out. A run that ends meanwhile is no reason to complain. */
static bool ask(const char *command, const json_t *arguments)
{
	struct qmp_client client;
	struct error error;
	struct vm_dir dir;
	int err;

	if (vm_dir_open(NAME, false, &dir, &error) < 0)
		return false;
	err = qmp_client_open(&client, dir.fd, NAME, PATIENCE, &error);
	vm_dir_close(&dir);
	if (!err) {
		err = qmp_client_execute(&client, command, arguments, NULL, &error);
		qmp_client_close(&client);
	}
	if (err == -ETIMEDOUT)
		wrong("%s hangs: %s", command, error.text);

	return err == 0;
}

static void ask_to_save(void)
{
	json_t *arguments = json_pack("{s:s}", "file", saved);

	(void)ask("x-dormouse-save", arguments);
	json_decref(arguments);
}

/* By a button, which this guest never looks at: it wakes all the same. */
static void ask_guest(unsigned int *state)
{
	static const char *const commands[] = { "system_powerdown", "x-dormouse-suspend",
						"x-dormouse-hibernate" };
	static const char *const otherwise[] = { "leave", "leave", "leave", "kill" };
	json_t *arguments =
		json_pack("{s:i, s:s}", "timeout", 1, "else", otherwise[rand_r(state) % 4]);

	(void)ask(commands[rand_r(state) % 3], arguments);
	json_decref(arguments);
}

static void sleep_ms(long milliseconds)
{
	nanosleep(&(struct timespec){ .tv_sec = milliseconds / 1000,
				      .tv_nsec = milliseconds % 1000 * 1000000 },
		  NULL);
}

/* Nothing keeps it from running: it must, or end. */
static void must_run(void)
{
	const unsigned long before = random_guest_entries();

	for (unsigned int i = 0; i < PATIENCE * 10; i++) {
		if (random_guest_entries() != before || !atomic_load(&running))
			return;
		(void)ask("cont", NULL);
		(void)ask("system_wakeup", NULL);
		sleep_ms(10);
	}
	wrong("the guest hangs");
}

/* Types on the console, whatever else is done; what finds no room is lost. */
static void *type(void *argument)
{
	unsigned int state = seed + 78;

	while (!atomic_load(&over)) {
		(void)!write(console[1], "x", 1);
		sleep_ms(rand_r(&state) % 20);
	}

	return NULL;
}

static void *use(void *argument)
{
	unsigned int state = seed + 77;

	while (!atomic_load(&over)) {
		switch (rand_r(&state) % 14) {
		case 0:
			(void)ask("stop", NULL);
			break;
		case 1:
		case 2:
		case 3:
			(void)ask("cont", NULL);
			break;
		case 4:
		case 5:
			(void)ask("system_wakeup", NULL);
			break;
		case 6:
			(void)ask("system_reset", NULL);
			break;
		case 7:
		case 8:
			/* It takes long, by what else is tried. */
			if (rand_r(&state) % 8 == 0)
				ask_to_save();
			break;
		case 9:
			(void)ask("x-dormouse-query-psci", NULL);
			break;
		case 10:
			if (rand_r(&state) % 4 == 0)
				(void)ask("quit", NULL);
			break;
		case 11:
			must_run();
			break;
		case 12:
			ask_guest(&state);
			break;
		default:
			sleep_ms(rand_r(&state) % 5);
			break;
		}
	}

	return NULL;
}

/* --- runs --- */

static struct config describe(bool kernel)
{
	static char path[128];
	struct config config = {
		.cpus = 2,
		.memory = CONFIG_MEMORY_MIN,
		.psci = kernel ? PSCI_SERVER_KERNEL : PSCI_SERVER_USERSPACE,
		.on_reset = RESET_POLICY_RESTART,
		.suspend = SUSPEND_POLICY_ALLOW,
	};

	/* A machine with a firmware has buttons. */
	snprintf(path, sizeof(path), "%s/firmware", folder);
	config.firmware = strdup(path);
	config.append = strdup("");
	/* None said: standard input and output. */
	config.console = NULL;

	return config;
}

static struct record load(void)
{
	struct record record = { 0 };
	struct error error;
	struct vm_dir dir;

	if (vm_dir_open(NAME, false, &dir, &error) < 0 ||
	    record_load(dir.fd, NAME, &record, &error) < 0)
		wrong("its record cannot be read: %s", error.text);
	vm_dir_close(&dir);

	return record;
}

/* What a run's exit status says its record must say. */
static void compare(int status, const char *error)
{
	struct record record = load();
	const int recorded = lifecycle_exit_status(record.state, record.cause.trigger);

	/* Below zero it could not be recorded, or not be started. */
	if (status >= 0 && status != recorded)
		wrong("the run exits with %d (%s), and its record says %s", status, error,
		      lifecycle_state_word(record.state));
	if (status == EXIT_STATUS_CRASHED)
		wrong("it crashed: %s", record.cause.what);
	if (status == EXIT_STATUS_SAVED && access(saved, F_OK) < 0)
		wrong("it is saved, and there is no file");
	record_free(&record);
}

static int run_once(const struct run_options *options)
{
	struct error error = { "" };
	int status;

	atomic_store(&running, true);
	status = run(options, &error);
	atomic_store(&running, false);
	compare(status, error.text);

	return status;
}

/* A saved VM: it is not started by mistake, and goes on where it was. */
static int restore(struct run_options *options)
{
	struct run_options again = { .name = NAME };
	struct save_file file;
	struct error error;
	int status;

	status = run(&again, &error);
	if (status != -EPERM)
		wrong("a saved VM is started: %d", status);
	if (save_file_open(saved, &file, &error) < 0)
		wrong("what was saved cannot be read: %s", error.text);
	options->from = &file;
	status = run_once(options);
	if (status == -EPERM)
		wrong("what was saved is not restored");
	options->from = NULL;
	save_file_close(&file);

	return status;
}

/* Runs, one after the other, until the time is over. Returns how many. */
static unsigned int run_for(bool kernel, time_t end)
{
	struct run_options options = { .name = NAME, .config = describe(kernel), .force = true };
	unsigned int count = 0;
	int status = 0;

	random_guest_install(seed, kernel);
	while (time(NULL) < end) {
		if (status == EXIT_STATUS_SAVED) {
			options.force = false;
			status = restore(&options);
			options.force = true;
			/* The file is used up, whatever became of it. */
			if (status != EXIT_STATUS_SAVED)
				(void)unlink(saved);
		} else {
			(void)unlink(saved);
			status = run_once(&options);
		}
		count++;
	}
	config_free(&options.config);

	return count;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

static void make_files(void)
{
	char path[128];
	int fd;

	if (!mkdtemp(folder))
		exit(2);
	snprintf(saved, sizeof(saved), "%s/saved", folder);
	snprintf(path, sizeof(path), "%s/firmware", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "\0\0\0\x14", 4) != 4)
		exit(2);
	close(fd);
	snprintf(path, sizeof(path), "%s/state", folder);
	setenv("DORMOUSE_STATE_DIR", path, 1);
	if (pipe2(console, O_NONBLOCK) < 0 || dup2(console[0], STDIN_FILENO) < 0)
		exit(2);
}

/* NOLINTNEXTLINE(readability-identifier-naming): the sanitizer's. */
void __sanitizer_set_report_fd(void *fd);

int main(int argc, char **argv)
{
	const long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
	const time_t begin = time(NULL);
	unsigned int runs;
	pthread_t user, typist;
	int fd;

	seed = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : (unsigned int)begin;
	fd = dup(STDOUT_FILENO);
	out = fdopen(fd, "w");
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): its interface has a number as a pointer. */
	__sanitizer_set_report_fd((void *)(intptr_t)fd);
	make_files();
	if (!out || !freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
		return 2;
	pthread_create(&user, NULL, use, NULL);
	pthread_create(&typist, NULL, type, NULL);
	runs = run_for(false, begin + seconds / 2);
	runs += run_for(true, begin + seconds);
	atomic_store(&over, true);
	pthread_join(user, NULL);
	pthread_join(typist, NULL);
	fprintf(out, "stress: %u runs, %lu machines, %lu entries of the guest, %u failed writes\n",
		runs, random_guest_machines(), random_guest_entries(), atomic_load(&faults));
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	return runs > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
