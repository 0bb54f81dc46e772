/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR_SIZE 512
#define DISK_SIZE (64 * 1024)
/* Longer than anything takes on the slowest machine. */
#define WAIT_MS 5
#define WAITS_MAX 60000

static void set_path(const struct vm *vm, char path[256], const char *rest)
{
	if (snprintf(path, 256, "%s/%s%s", vm->folder, vm->name, rest) >= 256)
		die("the path of %s is too long", vm->folder);
}

void vm_make(struct vm *vm, const char *folder, const char *name)
{
	const char *state = getenv("DORMOUSE_STATE_DIR");
	int fd;

	*vm = (struct vm){ .folder = folder, .name = name, .qmp = -1 };
	set_path(vm, vm->image, ".img");
	set_path(vm, vm->disk, ".disk");
	set_path(vm, vm->console, ".console");
	set_path(vm, vm->messages, ".messages");
	set_path(vm, vm->saved, ".saved");
	if (!state ||
	    snprintf(vm->record_folder, sizeof(vm->record_folder), "%s/%s", state, name) >=
		    (int)sizeof(vm->record_folder) ||
	    snprintf(vm->record, sizeof(vm->record), "%s/%s/record.json", state, name) >=
		    (int)sizeof(vm->record) ||
	    snprintf(vm->parked, sizeof(vm->parked), "%s/%s/parked", state, name) >=
		    (int)sizeof(vm->parked))
		die("DORMOUSE_STATE_DIR is not set, or too long");
	fd = open(vm->disk, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, DISK_SIZE) < 0)
		die("cannot make %s", vm->disk);
	close(fd);
	/* It may be another scenario's. */
	(void)unlink(vm->record);
	(void)unlink(vm->saved);
	(void)unlink(vm->parked);
}

/* --- a run --- */

static int open_output(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		die("cannot make %s", path);

	return fd;
}

static void start(struct vm *vm, const struct trace_plan *plan, const char *const argv[])
{
	const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int out = open_output(vm->console);
	const int err = open_output(vm->messages);

	trace_start(&vm->trace, plan, argv, in, out, err);
	close(in);
	close(out);
	close(err);
}

void vm_run(struct vm *vm, const struct trace_plan *plan, bool anew)
{
	const char *const described[] = { "dormouse", "run",	 "--name",   vm->name,
					  "--flat",   vm->image, "--memory", "64M",
					  "--disk",   vm->disk,	 NULL };
	const char *const known[] = { "dormouse", "run", "--name", vm->name, NULL };

	start(vm, plan, anew ? described : known);
}

void vm_restore(struct vm *vm, const struct trace_plan *plan, const char *file)
{
	const char *const argv[] = { "dormouse", "restore", file, NULL };

	start(vm, plan, argv);
}

static unsigned int count(const char *path, const char *wanted)
{
	char *text = vm_text(path);
	unsigned int found = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		found++;
	free(text);

	return found;
}

bool vm_await(struct vm *vm, const char *text, unsigned int wanted)
{
	for (int i = 0; i < WAITS_MAX; i++) {
		if (count(vm->messages, text) >= wanted)
			return true;
		if (vm->trace.over)
			return false;
		trace_wait(&vm->trace, -1, WAIT_MS);
	}

	return false;
}

int vm_status(struct vm *vm)
{
	const int status = vm->trace.status;

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void vm_end(struct vm *vm)
{
	if (vm->qmp >= 0)
		close(vm->qmp);
	vm->qmp = -1;
	trace_free(&vm->trace);
}

/* --- requests --- */

static void connect_to(struct vm *vm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/qmp", vm->record_folder) >=
	    (int)sizeof(address.sun_path))
		die("the path of the socket is too long");
	for (int i = 0; i < WAITS_MAX && vm->qmp < 0 && !vm->trace.over; i++) {
		const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
			vm->qmp = fd;
			return;
		}
		close(fd);
		trace_wait(&vm->trace, -1, WAIT_MS);
	}
}

/* Returns whether one came. */
static bool next_line(struct vm *vm, char *line, size_t size)
{
	size_t length = 0;

	for (int i = 0; i < WAITS_MAX && length + 1 < size; i++) {
		const ssize_t got = recv(vm->qmp, line + length, 1, 0);

		if (got == 1 && line[length] == '\n') {
			line[length] = '\0';
			return true;
		}
		if (got == 1) {
			length++;
			continue;
		}
		if (got == 0 || errno != EAGAIN || vm->trace.over)
			return false;
		trace_wait(&vm->trace, vm->qmp, WAIT_MS);
	}

	return false;
}

void vm_connect(struct vm *vm)
{
	static const char negotiate[] = "{\"execute\":\"qmp_capabilities\"}\n";

	if (vm->qmp >= 0)
		return;
	connect_to(vm);
	if (vm->qmp >= 0 && send(vm->qmp, negotiate, sizeof(negotiate) - 1, MSG_NOSIGNAL) > 0)
		(void)vm_answer(vm);
}

void vm_request(struct vm *vm, const char *request)
{
	vm_connect(vm);
	(void)send(vm->qmp, request, strlen(request), MSG_NOSIGNAL);
	(void)send(vm->qmp, "\n", 1, MSG_NOSIGNAL);
}

bool vm_answer(struct vm *vm)
{
	char line[4096];

	while (next_line(vm, line, sizeof(line))) {
		if (strstr(line, "\"return\""))
			return true;
		if (strstr(line, "\"error\""))
			return false;
	}

	return false;
}

/* --- files --- */

char *vm_text(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status = { 0 };
	ssize_t size = 0;
	char *text;

	if (fd >= 0 && fstat(fd, &status) < 0)
		die("fstat");
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		die("out of memory");
	if (fd >= 0) {
		size = read(fd, text, (size_t)status.st_size);
		close(fd);
	}
	text[size < 0 ? 0 : size] = '\0';

	return text;
}

char *vm_guest_line(const struct vm *vm, const char *begin)
{
	char *text = vm_text(vm->console);
	char *found = strstr(text, begin);
	char *line = NULL;

	if (found) {
		found[strcspn(found, "\r\n")] = '\0';
		line = strdup(found);
	}
	free(text);

	return line;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void vm_sectors(const struct vm *vm, uint64_t sectors[5][3])
{
	const int fd = open(vm->disk, O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 5; i++)
		if (pread(fd, sectors[i], sizeof(sectors[i]), (off_t)i * SECTOR_SIZE) !=
		    sizeof(sectors[i]))
			die("cannot read %s", vm->disk);
	close(fd);
}

static ino_t inode(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

void vm_files(const struct vm *vm, const char *text, struct model_files *files)
{
	*files = (struct model_files){
		.state_directory = inode(vm->record_folder),
		.record = inode(vm->record),
		.record_text = text,
		.disk = inode(vm->disk),
		.saved_directory = inode(vm->folder),
		.saved_name = strrchr(vm->saved, '/') + 1,
	};
	vm_sectors(vm, files->disk_sectors);
}

/* --- records --- */

const char *record_state(const char *text)
{
	static const char *const states[] = { "hibernated", "running", "crashed",  "suspended",
					      "saved",	    "off",     "resetting" };
	const size_t length = strlen(text);

	/* Whole, as far as that can be seen; the next run reads all of it. */
	if (length < 2 || text[0] != '{' || text[length - 1] != '}')
		return "damaged";
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n  \"state\": \"%s\",", states[i]);
		if (strstr(text, line))
			return states[i];
	}

	return "damaged";
}

bool record_awaits_restore(const char *text)
{
	const char *state = record_state(text);

	return strstr(text, "\n  \"saved\": {") &&
	       (strcmp(state, "saved") == 0 || strcmp(state, "suspended") == 0);
}
