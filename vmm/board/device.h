/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device of the machine: a table of constants, struct device_ops, which its
 * own file has, and a struct device for each one that there is.
 * machine/devices.c lists the tables; no other file names them.
 *
 * How devices come to rest, in the words of Linux's block layer:
 *
 *	quiesce	 It begins no request; the one in flight may be dropped. Until
 *		 it is unquiesced or reset. vCPUs may run.
 *	drain	 Quiesce; then no request is in flight, and what was ever
 *		 written is durable. Until it is unquiesced or reset.
 *	freeze	 No request is in flight, and its state does not change. Until
 *		 it is thawed.
 *	flush	 What was written so far is durable.
 *
 * Only the main thread calls these, and all but quiesce only while no vCPU
 * runs.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aml;
struct channel;
struct config;
struct device;
struct device_setup;
struct disk;
struct error;
struct main_loop;
struct memory;
struct stream;
struct terminal;
struct tree_writer;

/** Room for the words of take_call(). */
#define DEVICE_CALL_SIZE 128

/**
 * A kind of device. @self is the object that create() made; a virtio device's
 * begins with the transport, struct virtio_mmio. Every table has read, write,
 * create, destroy and reset; another function is NULL if the device has nothing
 * to do there.
 */
struct device_ops {
	const char *name;

	/* --- the guest's accesses; on a vCPU's thread --- */

	/** Of @size 1, 2, 4 or 8 bytes, at @offset of the device's window. */
	uint64_t (*read)(void *self, uint64_t offset, unsigned int size);
	void (*write)(void *self, uint64_t offset, uint64_t value, unsigned int size);

	/* --- creation --- */

	/**
	 * The first version of the machine that has it (board.h); 0: all have
	 * it.
	 */
	uint32_t since;

	/** How many a machine has. NULL: one. */
	size_t (*count)(const struct config *config);

	/**
	 * Make one, the @number'th of its kind, and fill in @device, which has
	 * ops set and no descriptors. Returns 0, or -errno with @error set.
	 */
	int (*create)(struct device *device, size_t number, const struct device_setup *setup,
		      struct error *error);
	void (*destroy)(void *self);

	/**
	 * Write its node of the device tree. The order of nodes is that of
	 * addresses.
	 */
	void (*describe)(const struct device *device, struct tree_writer *tree);

	/** Add its terms to the DSDT. NULL: ACPI does not have it. */
	void (*describe_acpi)(const struct device *device, struct aml *aml);

	/* --- from the main thread, while vCPUs run --- */

	/**
	 * Register the descriptors that it is served by, for life. Returns 0 or
	 * -errno.
	 */
	int (*watch)(void *self, struct main_loop *loop);

	/**
	 * A device that may be the console's: connect it with @terminal, both
	 * ways. Before vCPUs run.
	 */
	void (*connect)(void *self, struct terminal *terminal);

	/**
	 * The name of its interrupt as a reason to wake, as "the clock's
	 * alarm"; or NULL.
	 */
	const char *wakes;
	/** Whether its line is high, and not taken; with @wakes. */
	bool (*is_raised)(void *self);

	/**
	 * The host has woken the guest for its interrupt, which is no reason to
	 * wake any more until it is raised again. Only a device that wakes a
	 * guest with ACPI by itself has this: see control_on_alarm().
	 */
	void (*take)(void *self);

	/**
	 * The moment when it will interrupt the guest by itself, in seconds
	 * since 1970. Returns false if there is none.
	 */
	bool (*next_alarm)(void *self, int64_t *seconds);

	/**
	 * For a device whose peer may call a sleeping guest, as a network. The
	 * guest is about to sleep, or is awake; a repetition has no effect.
	 */
	void (*sleep)(void *self, bool asleep);
	/** Whether it is called: the guest, if it sleeps, is to be woken for it. */
	bool (*is_called)(void *self);
	/**
	 * The guest is woken for that call, which waits no longer. Returns false
	 * if there is none; else true, with what called in words in @text.
	 */
	bool (*take_call)(void *self, char text[DEVICE_CALL_SIZE]);

	/**
	 * How often something has come that is for the guest, or the guest has
	 * used the device, so far: for a guest that may be idle.
	 */
	uint64_t (*uses)(const void *self);

	/**
	 * How many buffers it has given back to the driver so far; it is frozen. While that
	 * stays as it is and no vCPU runs, it has not written to the guest's memory.
	 */
	uint64_t (*given)(const void *self);

	/** The features that it offers to drivers, if it is of virtio. */
	uint64_t (*features)(const void *self);

	/** Its address in a network, MAC_SIZE bytes, as it is after power-on. */
	const uint8_t *(*mac)(const void *self);

	/**
	 * A hash of what it keeps between runs besides disk images. No vCPU
	 * runs, and it may be frozen.
	 */
	uint64_t (*contents)(const void *self);

	/** Its channel to an agent in the guest: see host/channel.h. */
	struct channel *(*channel)(void *self);

	/** Its disk image, for lists of disks. */
	struct disk *(*disk)(const void *self);

	/* --- at rest: see the table above --- */

	/** Back to the state after power-on, not quiesced. No vCPU runs. */
	void (*reset)(void *self);

	void (*quiesce)(void *self);
	void (*unquiesce)(void *self);
	/** 0, or -errno with @error set. */
	int (*drain)(void *self, struct error *error);
	void (*freeze)(void *self);
	void (*thaw)(void *self);
	int (*flush)(void *self, struct error *error); /**< As drain. */

	/**
	 * Save its state, or load it into one that is as after power-on, but
	 * quiesced. It is frozen. Returns 0, or -ENODEV with @error set if it
	 * is not the device that was saved; errors of the stream are the
	 * stream's.
	 */
	int (*serialize)(void *self, struct stream *stream, struct error *error);
};

/** One of a machine's devices, and where it is. Constant once it is made. */
struct device {
	const struct device_ops *ops;
	void *self; /**< What the functions of @ops are given. */
	uint64_t base; /**< Of its window in the guest's address space. */
	uint64_t size;
	uint32_t spi; /**< Its shared peripheral interrupt. */
	/**
	 * KVM makes an interrupt of each write to it; -1 if the device sets a
	 * line.
	 */
	int irq_fd;
	/** KVM writes it when the guest writes 32 bits at @doorbell; or -1. */
	int doorbell_fd;
	uint64_t doorbell; /**< In the window. */
	/**
	 * Memory that the guest reads and runs in the window from the beginning
	 * of each power cycle, see rom.h; or NULL.
	 */
	void *rom;
};

/** What devices are made with. All that it points to outlives them. */
struct device_setup {
	const struct config *config;
	const char *vm_name; /**< For messages. */
	const struct memory *memory; /**< The guest's RAM. */
	const int *vm_fd; /**< As in struct irq_line. */
	/** As in struct virtio_mmio_config. */
	void (*report)(void *context, const char *message);
	/** The guest says that it has panicked. From any vCPU's thread. */
	void (*panicked)(void *context);
	/** Make the main loop go round: a device is called. From any thread. */
	void (*called)(void *context);
	/**
	 * The network device @id is connected to the Unix socket @path, or no
	 * longer. On the main thread. NULL: not of interest.
	 */
	void (*linked)(void *context, const char *id, const char *path, bool connected);
	void *context; /**< Of all of them. */
};

#endif
