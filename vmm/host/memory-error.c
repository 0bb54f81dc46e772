/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/memory-error.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "host/raw-mode.h"

/* This thread's, and its handler's. */
static _Thread_local struct kvm_run *volatile in_guest;
static _Thread_local void *volatile broken;

static void say(const char *text)
{
	/* A failure cannot be reported anywhere. */
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

static struct memory_error_watch watched;
static uintptr_t page_mask;

void memory_error_watch(const struct memory_error_watch *watch)
{
	page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	watched = watch ? *watch : (struct memory_error_watch){ 0 };
}

static bool is_watched(const void *at)
{
	const uintptr_t offset = (uintptr_t)at - (uintptr_t)watched.host;

	return offset < watched.size;
}

bool memory_error_report(const void *at)
{
	if (!is_watched(at))
		return false;
	watched.lost(watched.context, at);

	return true;
}

/* The machine ends, and until then this thread continues with zeros. */
static bool survive(void *at)
{
	const size_t size = page_mask + 1;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): the page that it is in. */
	void *page = (void *)((uintptr_t)at & ~page_mask);
	const int before = errno;
	bool survived;

	watched.lost(watched.context, at);
	survived = mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) != MAP_FAILED &&
		   madvise(page, size, MADV_DONTDUMP) == 0;
	errno = before;

	return survived;
}

/* Async-signal-safe throughout. */
static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	struct kvm_run *run = in_guest;

	if (info->si_code == BUS_MCEERR_AO)
		return;
	if (info->si_code == BUS_MCEERR_AR && run) {
		broken = info->si_addr;
		run->immediate_exit = 1;

		return;
	}
	if (info->si_code == BUS_ADRERR && is_watched(info->si_addr) && survive(info->si_addr))
		return;
	raw_mode_leave();
	say(info->si_code == BUS_MCEERR_AR
		    ? "dormouse: dormouse needs a page of this host's memory that is broken "
		      "(SIGBUS)\n"
		    : "dormouse: a mapped file has become shorter (SIGBUS)\n");
	/* SIG_DFL: the signal is delivered when this returns. */
	(void)sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	(void)raise(signal);
}

int memory_error_setup(struct error *error)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, NULL) < 0)
		return error_set(error, -errno, "sigaction: %s", strerror(errno));

	return 0;
}

void memory_error_in_guest(struct kvm_run *run)
{
	in_guest = run;
}

bool memory_error_taken(uint64_t *address)
{
	*address = (uint64_t)(uintptr_t)broken;

	return broken;
}
