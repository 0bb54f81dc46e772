/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/memory-source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/interrupt.h"
#include "base/range.h"
#include "host/memory-source-part.h"

/*
 * What a guest needs at once, it fetches itself; the first moments are its own.
 */
#define DELAY_MS 100

/* While all is fetched for a thread that waits: how often it looks for an interrupt. */
#define LOOK_MS 50

/*
 * All belongs to the thread once it runs, except what is atomic.
 */
struct memory_source {
	struct memory_source_setup setup; /* Its fd is our own. */
	struct memory_index index;
	struct stat status; /* Of the file, when it was verified first. */
	int user_fault; /* -1: a mapping. */
	int empty; /* A file of no bytes. */
	int wake_fd; /* Of the thread. */
	int ended_fd; /* Readable once one of is_complete and has_failed is set. */
	pthread_t thread;
	uint8_t *piece; /* The bytes of one. */
	bool *is_done; /* Of each piece. */
	size_t next; /* The next to be fetched or verified. */
	uint64_t collapsed; /* How much of RAM is in huge pages as far as it can be. */
	bool fetches; /* Not only what is waited for. */
	bool is_lost;
	int64_t begin_ms; /* When to begin; 0: not yet known. */

	atomic_bool is_started, is_wanted, is_ended;
	atomic_bool is_complete, has_failed;

	/* Of memory_source_detach(). */
	size_t detached_extents;
	uint64_t detached; /* Bytes of the next. */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- one piece --- */

/* Whether the file is as it was at first. Returns 0, -ENODATA, -ESTALE or another -errno. */
static int check_file(const struct memory_source *s)
{
	struct stat now;

	if (fstat(s->setup.fd, &now) < 0)
		return -errno;
	if (now.st_size < s->status.st_size)
		return -ENODATA;

	return now.st_size != s->status.st_size || now.st_mtim.tv_sec != s->status.st_mtim.tv_sec ||
			       now.st_mtim.tv_nsec != s->status.st_mtim.tv_nsec
		       ? -ESTALE
		       : 0;
}

/* In words that follow those for the file. */
static void explain(int err, struct error *reason)
{
	switch (err) {
	case -ENODATA:
		error_set(reason, err, "has become shorter");
		break;
	case -ESTALE:
		error_set(reason, err, "has changed");
		break;
	case -EBADMSG:
		error_set(reason, err, "is damaged");
		break;
	default:
		error_set(reason, err, "cannot be copied: %s", strerror(-err));
	}
}

/* Afterwards whatever waits may find that it waits in vain. */
static void lose(struct memory_source *s, int err)
{
	struct error reason;

	explain(err, &reason);
	if (!s->is_lost)
		s->setup.lost(s->setup.context, reason.text);
	s->is_lost = true;
	atomic_store(&s->has_failed, true);
	(void)eventfd_write(s->ended_fd, 1);
}

/* Read a piece and verify it. Returns 0 or -errno. */
static int fetch(struct memory_source *s, const struct memory_extent *extent, size_t piece)
{
	int err = range_read(s->setup.fd, memory_index_position(&s->index, extent, piece), s->piece,
			     MEMORY_PIECE);

	if (!err && crc32c(0, s->piece, MEMORY_PIECE) != s->index.sums[piece])
		err = -EBADMSG;
	/* A mapping may have had other contents before. */
	if (!err && s->user_fault < 0)
		err = check_file(s);

	return err;
}

static void do_piece(struct memory_source *s, const struct memory_extent *extent, size_t piece)
{
	uint8_t *at = s->setup.host + memory_index_offset(extent, piece);
	int err;

	if (s->is_done[piece])
		return;
	err = fetch(s, extent, piece);
	if (!err && s->user_fault >= 0)
		err = user_fault_give(s->user_fault, at, s->piece);
	if (err)
		lose(s, err);
	if (err && s->user_fault >= 0)
		user_fault_refuse(s->user_fault, at, s->empty);
	s->is_done[piece] = true;
}

/* --- what is waited for --- */

/*
 * A page that was given, and is waited for all the same, was looked at just as the kernel was
 * moving it, or doing something else for which it empties an entry for a moment. Nothing else
 * would end that wait.
 */
static void serve_one(struct memory_source *s, const uint8_t *at)
{
	const uint64_t offset = (uint64_t)(at - s->setup.host);
	const struct memory_extent *extent = memory_index_find(&s->index, offset);
	size_t piece;

	if (!extent)
		return;
	piece = memory_index_piece(extent, offset);
	if (s->is_done[piece])
		user_fault_wake(s->user_fault, s->setup.host + memory_index_offset(extent, piece));
	else
		do_piece(s, extent, piece);
}

static void serve_waiting(struct memory_source *s)
{
	const uint8_t *at;

	while (s->user_fault >= 0 && (at = user_fault_next(s->user_fault)))
		serve_one(s, at);
}

/* --- the rest --- */

/* Whether there is more to do once it is time; if nothing else, to say that it is complete. */
static bool has_work(struct memory_source *s)
{
	s->fetches = s->fetches || atomic_load(&s->is_wanted);

	return !s->is_lost && s->fetches;
}

/* How long to wait for anything else, for poll(). */
static int find_timeout(struct memory_source *s)
{
	int64_t left;

	if (!has_work(s))
		return -1;
	if (atomic_load(&s->is_wanted))
		return 0;
	if (!atomic_load(&s->is_started))
		return -1;
	if (s->begin_ms == 0)
		s->begin_ms = now_ms() + DELAY_MS;
	left = s->begin_ms - now_ms();

	return left > 0 ? (int)left : 0;
}

static const struct memory_extent *extent_of(const struct memory_source *s, size_t piece)
{
	size_t first = 0;
	size_t end = s->index.extent_count;

	while (end - first > 1) {
		const size_t middle = first + (end - first) / 2;

		if (s->index.extents[middle].first <= piece)
			first = middle;
		else
			end = middle;
	}

	return &s->index.extents[first];
}

/* Nothing waits any more: all pages are there, and RAM is anonymous memory. */
static void release_user_fault(struct memory_source *s)
{
	if (s->user_fault >= 0)
		close(s->user_fault);
	s->user_fault = -1;
}

/*
 * Pages came singly. Have the host put some into a huge page, unless little of it
 * is in the file: it would take memory that nothing uses. Returns whether there
 * may be more. A thread that waits for all pages does not wait for this.
 */
static bool collapse_next(struct memory_source *s)
{
	const uint64_t size = s->setup.huge_page;
	uint64_t offset;

	if (s->setup.way != MEMORY_SOURCE_USERFAULTFD || size == 0 || atomic_load(&s->is_wanted))
		return false;
	do {
		offset = s->collapsed;
		if (s->index.memory - offset < size)
			return false;
		s->collapsed += size;
	} while (memory_index_count(&s->index, offset, size) * MEMORY_PIECE < size / 2);

	return user_fault_collapse(s->setup.host + offset, size);
}

static void complete(struct memory_source *s)
{
	release_user_fault(s);
	atomic_store(&s->is_complete, true);
	(void)eventfd_write(s->ended_fd, 1);
	s->setup.complete(s->setup.context);
}

/* Returns whether all is done. */
static bool do_next(struct memory_source *s)
{
	if (s->next < s->index.piece_count) {
		do_piece(s, extent_of(s, s->next), s->next);
		s->next++;
	}
	if (s->next < s->index.piece_count || s->is_lost)
		return false;
	release_user_fault(s);

	return !collapse_next(s);
}

static void *run_thread(void *argument)
{
	struct memory_source *s = argument;
	struct pollfd fds[] = {
		{ .fd = s->wake_fd, .events = POLLIN },
		{ .fd = s->user_fault, .events = POLLIN },
	};
	eventfd_t count;

	while (!atomic_load(&s->is_ended)) {
		const int timeout = find_timeout(s);
		int ready;

		fds[1].fd = s->user_fault;
		ready = poll(fds, 2, timeout);

		if (ready > 0 && fds[0].revents)
			(void)eventfd_read(s->wake_fd, &count);
		if (ready > 0 && fds[1].revents)
			serve_waiting(s);
		if (ready == 0 && has_work(s) && do_next(s)) {
			complete(s);
			return NULL;
		}
	}

	return NULL;
}

/* --- all of it --- */

static int start_thread(struct memory_source *s)
{
	sigset_t all;
	sigset_t before;
	int err;

	/* A thread inherits the mask: other threads handle signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&s->thread, NULL, run_thread, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	return -err;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void release(struct memory_source *s)
{
	close_open(s->setup.fd);
	close_open(s->user_fault);
	close_open(s->empty);
	close_open(s->wake_fd);
	close_open(s->ended_fd);
	if (s->piece)
		munmap(s->piece, MEMORY_PIECE);
	free(s->is_done);
	memory_index_free(&s->index);
	free(s);
}

/* The bytes of a guest are in no core dump. */
static uint8_t *make_buffer(size_t size)
{
	void *buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return NULL;
	(void)madvise(buffer, size, MADV_DONTDUMP);

	return buffer;
}

static int make(struct memory_source *s, const struct memory_source_setup *setup,
		const struct memory_index *index, struct error *error)
{
	s->setup.fd = fcntl(setup->fd, F_DUPFD_CLOEXEC, 0);
	s->empty = memfd_create("lost", MFD_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->setup.fd < 0 || s->empty < 0 || s->wake_fd < 0 || s->ended_fd < 0 ||
	    fstat(s->setup.fd, &s->status) < 0)
		return error_set(error, -errno, "%s", strerror(errno));
	s->piece = make_buffer(MEMORY_PIECE);
	s->is_done = calloc(index->piece_count + 1, sizeof(*s->is_done));

	return s->piece && s->is_done ? 0 : error_set(error, -ENOMEM, "out of memory");
}

/* From here on RAM has the file's contents. */
static int provide(struct memory_source *s, const struct memory_index *index, struct error *error)
{
	if (s->setup.way == MEMORY_SOURCE_MAPPING)
		return source_map(s->setup.fd, s->setup.host, index, error);
	s->user_fault = user_fault_open(error);

	return s->user_fault < 0 ? s->user_fault
				 : user_fault_register(s->user_fault, s->setup.host, index, error);
}

int memory_source_begin(struct memory_source **source, const struct memory_source_setup *setup,
			struct memory_index *index, struct error *error)
{
	struct memory_source *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return error_set(error, -ENOMEM, "out of memory");
	s->setup = *setup;
	s->user_fault = -1;
	/* What is mapped is verified in any case. */
	s->fetches = setup->prefetch || setup->way == MEMORY_SOURCE_MAPPING;
	err = make(s, setup, index, error);
	if (!err)
		err = provide(s, index, error);
	if (err) {
		release(s);

		return err;
	}
	s->index = *index;
	err = start_thread(s);
	if (err) {
		s->index = (struct memory_index){ 0 };
		release(s);

		return error_set(error, err, "cannot start a thread: %s", strerror(-err));
	}
	*index = (struct memory_index){ 0 };
	*source = s;

	return 0;
}

enum memory_source_way memory_source_way(const struct memory_source *s)
{
	return s->setup.way;
}

void memory_source_start(struct memory_source *s)
{
	atomic_store(&s->is_started, true);
	(void)eventfd_write(s->wake_fd, 1);
}

int memory_source_finish(struct memory_source *s)
{
	struct pollfd ended = { .fd = s->ended_fd, .events = POLLIN };

	atomic_store(&s->is_wanted, true);
	(void)eventfd_write(s->wake_fd, 1);
	while (!atomic_load(&s->is_complete) && !atomic_load(&s->has_failed)) {
		if (interrupt_wanted())
			return -ECANCELED;
		(void)poll(&ended, 1, LOOK_MS);
	}

	return atomic_load(&s->has_failed) ? -EIO : 0;
}

/* Before it lets others run, as in interrupt.h. */
#define DETACH_PIECES (INTERRUPT_PIECE / SOURCE_DETACH_MAX)

static int detach_some(struct memory_source *s, uint8_t *buffer)
{
	int err = 0;

	for (size_t i = 0; i < DETACH_PIECES && s->detached_extents < s->index.extent_count && !err;
	     i++) {
		const struct memory_extent *extent = &s->index.extents[s->detached_extents];
		const uint64_t left = extent->size - s->detached;
		uint8_t *at = s->setup.host + extent->offset + s->detached;
		/* Up to where a huge page would begin. */
		size_t size = SOURCE_DETACH_MAX - (uintptr_t)at % SOURCE_DETACH_MAX;

		size = left < size ? (size_t)left : size;
		err = source_detach(at, size, s->setup.huge_page > 0, buffer);
		s->detached += size;
		if (s->detached == extent->size) {
			s->detached = 0;
			s->detached_extents++;
		}
	}

	return err;
}

int memory_source_detach(struct memory_source *s)
{
	uint8_t *buffer;
	int err;

	if (s->setup.way != MEMORY_SOURCE_MAPPING)
		return 0;
	buffer = make_buffer(SOURCE_DETACH_MAX);
	if (!buffer)
		return -ENOMEM;
	err = detach_some(s, buffer);
	munmap(buffer, SOURCE_DETACH_MAX);
	/* What was copied is what was verified. */
	if (!err)
		err = check_file(s);

	return err ? err : s->detached_extents < s->index.extent_count;
}

void memory_source_end(struct memory_source *s)
{
	if (!s)
		return;
	atomic_store(&s->is_ended, true);
	(void)eventfd_write(s->wake_fd, 1);
	pthread_join(s->thread, NULL);
	release(s);
}
