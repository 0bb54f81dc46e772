/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/restored-memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "host/memory-error.h"
#include "machine/vm.h"

/* How long a thread waits for the machine to stop, before it gets wrong bytes. */
#define STOP_MS 1000

void restored_memory_explain(const struct vm *vm, struct error *reason)
{
	if (!vm->restored.source)
		error_set(reason, -EFAULT,
			  "KVM_RUN: Bad address: the host cannot give the guest a page, perhaps of "
			  "a firmware file that has become shorter");
	else
		error_set(
			reason, -EIO,
			"the file that it was restored from has become shorter or cannot be read: %s",
			vm->restored.path);
}

/* By the source's thread. */
static void on_source_lost(void *context, const char *reason)
{
	struct vm *vm = context;

	vm_crash(vm, CAUSE_VCPU_NONE, "the file that it was restored from %s: %s", reason,
		 vm->restored.path);
}

static void on_complete(void *context)
{
	struct vm *vm = context;

	atomic_store(&vm->restored.is_complete, true);
	gate_notify(&vm->gate);
}

/* By any thread, also in a handler: async-signal-safe. */
static void on_lost(void *context, const void *at)
{
	const struct timespec a_little = { .tv_nsec = 1000000 };
	struct vm *vm = context;

	atomic_store(&vm->restored.lost, (uintptr_t)at);
	gate_notify(&vm->gate);
	/* It is the main thread that stops it. */
	if (gettid() == getpid())
		return;
	for (int i = 0; i < STOP_MS && !atomic_load(&vm->stopping); i++)
		(void)nanosleep(&a_little, NULL);
}

static int begin(struct vm *vm, const struct memory_source_setup *setup, struct memory_index *index,
		 struct error *error)
{
	const int err = memory_source_begin(&vm->restored.source, setup, index, error);

	/* It may be mapped in part. */
	if (err && memory_renew(&vm->memory) < 0)
		return error_set(error, -ENOMEM, "the guest's memory cannot be mapped");

	return err;
}

int restored_memory_begin(struct vm *vm, int fd, const char *path, struct memory_index *index,
			  bool prefetch, struct error *error)
{
	const struct memory_error_watch watch = {
		.host = vm->memory.host,
		.size = vm->memory.size,
		.lost = on_lost,
		.context = vm,
	};
	struct memory_source_setup setup = {
		.way = MEMORY_SOURCE_USERFAULTFD,
		.host = vm->memory.host,
		.fd = fd,
		.huge_page = memory_huge_page(&vm->memory),
		.prefetch = prefetch,
		.lost = on_source_lost,
		.complete = on_complete,
		.context = vm,
	};
	int err;

	vm->restored.prefetch = prefetch;
	vm->restored.path = strdup(path);
	if (!vm->restored.path)
		return error_set(error, -ENOMEM, "out of memory");
	memory_error_watch(&watch);
	err = begin(vm, &setup, index, error);
	if (err) {
		setup.way = MEMORY_SOURCE_MAPPING;
		err = begin(vm, &setup, index, error);
	}
	if (err)
		restored_memory_end(vm);

	return err;
}

bool restored_memory_needs_file(const struct vm *vm, enum memory_source_way *way)
{
	if (!vm->restored.source)
		return false;
	*way = memory_source_way(vm->restored.source);

	return true;
}

int restored_memory_check(const struct vm *vm, struct error *error)
{
	if (atomic_load(&vm->stopping))
		return error_set(error, -EIO, "%s", vm->cause.what);
	if (!atomic_load(&vm->restored.lost))
		return 0;
	restored_memory_explain(vm, error);

	return -EIO;
}

void restored_memory_start(struct vm *vm)
{
	if (vm->restored.source)
		memory_source_start(vm->restored.source);
}

int restored_memory_finish(struct vm *vm, struct error *error)
{
	struct memory_source *source = vm->restored.source;
	int err;

	if (!source)
		return 0;
	err = memory_source_finish(source);
	while (!err) {
		err = memory_source_detach(source);
		if (err <= 0)
			break;
		err = interrupt_wanted() ? -ECANCELED : 0;
	}
	if (err == -ECANCELED)
		return error_set(error, err,
				 "its memory is not all read from %s: it was interrupted, and "
				 "dormouse is about to end",
				 vm->restored.path);
	if (err || atomic_load(&vm->restored.lost))
		return error_set(error, -EIO, "its memory cannot be read from %s",
				 vm->restored.path);
	restored_memory_end(vm);

	return 0;
}

static void crash(struct vm *vm)
{
	struct error reason;

	restored_memory_explain(vm, &reason);
	vm_crash(vm, CAUSE_VCPU_NONE, "%s", reason.text);
}

bool restored_memory_serve(struct vm *vm)
{
	if (atomic_exchange(&vm->restored.lost, 0))
		crash(vm);

	return atomic_exchange(&vm->restored.is_complete, false) && vm->restored.source &&
	       (vm->restored.prefetch ||
		memory_source_way(vm->restored.source) == MEMORY_SOURCE_USERFAULTFD);
}

bool restored_memory_detach(struct vm *vm)
{
	const int more = memory_source_detach(vm->restored.source);

	/* A page may have been lost while it was copied. */
	if (more < 0 || atomic_load(&vm->restored.lost))
		crash(vm);
	else if (more > 0)
		on_complete(vm);

	return more == 0 && !atomic_load(&vm->restored.lost);
}

int restored_memory_drop(struct vm *vm)
{
	if (!vm->restored.source)
		return memory_drop(&vm->memory);
	restored_memory_end(vm);

	return memory_renew(&vm->memory);
}

void restored_memory_end(struct vm *vm)
{
	if (!vm->restored.path)
		return;
	memory_source_end(vm->restored.source);
	memory_error_watch(NULL);
	free(vm->restored.path);
	vm->restored.source = NULL;
	vm->restored.path = NULL;
	atomic_store(&vm->restored.lost, 0);
	atomic_store(&vm->restored.is_complete, false);
}
