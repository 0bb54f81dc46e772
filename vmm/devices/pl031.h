/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL031, the real-time clock (Arm DDI 0224): the host's time plus the offset
 * that the guest set, in seconds, and one alarm.
 *
 * It behaves as if it had a battery: it runs from the start, and a reset of the
 * machine keeps the guest's setting of the time but clears the alarm.
 */
#ifndef VMM_DEVICES_PL031_H
#define VMM_DEVICES_PL031_H

#include "base/stream.h"
#include "board/device.h"
#include "board/irq.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** Private. */
struct pl031 {
	pthread_mutex_t lock; /**< Guards all below but timer_fd, which is constant. */
	struct irq_line irq;
	bool level; /**< The level to which the interrupt line was last set. */
	int timer_fd;
	int64_t alarm; /**< Host time, in seconds since 1970, at which the counter is RTCMR. */
	bool alarm_due; /**< The alarm has not come yet. */
	uint32_t offset; /**< RTCDR minus the host's time. */
	uint32_t match, load;
	bool mask, raw;
	/**
	 * The guest was woken for the alarm that is raised. Not saved: a guest
	 * that left it raised is woken once more when it is restored.
	 */
	bool taken;
};

/** The board's device. */
extern const struct device_ops pl031_ops;

/**
 * Make a clock that shows the host's time. Returns 0 or -errno. Before any vCPU
 * runs.
 */
int pl031_create(struct pl031 *pl031, struct irq_line irq);

/** Free what pl031_create() took. No thread may use it any more. */
void pl031_destroy(struct pl031 *pl031);

/**
 * The descriptor that becomes readable when pl031_expired() must be called. It
 * never changes.
 */
int pl031_fd(const struct pl031 *pl031);

/** Raise the alarm if it is due; harmless if it is not. From any thread. */
void pl031_expired(struct pl031 *pl031);

/**
 * When the clock will interrupt the guest next. From any thread.
 *
 * @seconds: host time since 1970; untouched if there is no such moment
 *
 * Returns whether an alarm is to come and its interrupt is not masked.
 */
bool pl031_next_alarm(struct pl031 *pl031, int64_t *seconds);

/**
 * Serialize its state. Time passes meanwhile, and an alarm that was due before
 * the state is loaded is raised at once then. Before any vCPU runs, or while
 * all are paused.
 */
void pl031_serialize(struct pl031 *pl031, struct stream *stream);

/**
 * Whether its interrupt line is high and pl031_take() was not called since it
 * rose. From any thread.
 */
bool pl031_is_raised(struct pl031 *pl031);

/** Have pl031_is_raised() return false until the alarm comes again. From any thread. */
void pl031_take(struct pl031 *pl031);

#endif
