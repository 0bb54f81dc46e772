/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU of the fake machine: the registers that the payload reads and writes, its
 * timer, its interrupts.
 */
#include <time.h>
#include <unistd.h>

#include "../../payload/runtime/smp.h"
#include "fake-machine.h"
#include "fake-sysreg.h"

/* Its time goes so much faster: what only waits for a failure waits less. */
#define HASTE 4
#define NANOSECONDS UINT64_C(1000000000)
#define RELAX_MICROSECONDS 2

_Thread_local struct vcpu *self;

/* exception.c */
void irq(void);

uint64_t fake_count(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return ((uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec) * HASTE;
}

static bool timer_is_due(void)
{
	return self->registers[FAKE_cntv_ctl_el0] & CNT_CTL_ENABLE &&
	       fake_count() >= self->registers[FAKE_cntv_cval_el0];
}

uint64_t fake_affinity(unsigned int cpu)
{
	return (cpu & 0xf) | (uint64_t)(cpu >> 4) << 8;
}

uint64_t fake_read(enum fake_register name)
{
	switch (name) {
	case FAKE_CurrentEL:
		return CURRENT_EL_EL1;
	case FAKE_mpidr_el1:
		return MPIDR_EL1_RES1 | fake_affinity(self->index);
	case FAKE_id_aa64mmfr0_el1:
		return 0x100; /* Data may be big-endian. */
	case FAKE_cntvct_el0:
		return fake_count();
	case FAKE_cntfrq_el0:
		return NANOSECONDS;
	case FAKE_cntv_ctl_el0:
		return self->registers[name] | (timer_is_due() ? CNT_CTL_ISTATUS : 0);
	case FAKE_cntv_cval_el0:
	case FAKE_tpidr_el1:
	case FAKE_tpidr_el2:
	case FAKE_REGISTER_COUNT:
		break;
	}

	return self->registers[name];
}

void take_interrupts_unmasked(void)
{
	while (!self->masked && interrupts_pending()) {
		self->masked = true;
		irq();
		self->masked = false;
	}
}

void fake_write(enum fake_register name, uint64_t value)
{
	self->registers[name] = value;
}

void fake_mask(bool masked)
{
	self->masked = masked;
	take_interrupts_unmasked();
}

void fake_relax(void)
{
	usleep(RELAX_MICROSECONDS);
	take_interrupts_unmasked();
}

void fake_wait(void)
{
	usleep(10 * RELAX_MICROSECONDS);
	fake_kick();
	take_interrupts_unmasked();
}

/* --- its interrupts --- */

void interrupts_enable(uint32_t mask)
{
	pthread_mutex_lock(&self->lock);
	self->enabled = mask;
	pthread_mutex_unlock(&self->lock);
}

/* With its lock held. */
static uint32_t pending_here(void)
{
	const uint32_t timer = timer_is_due() ? UINT32_C(1) << TIMER_INTID : 0;

	return (self->pending | timer) & self->enabled;
}

uint32_t interrupts_pending(void)
{
	uint32_t pending;

	pthread_mutex_lock(&self->lock);
	pending = pending_here();
	pthread_mutex_unlock(&self->lock);

	return pending;
}

uint32_t interrupt_acknowledge(void)
{
	const uint32_t pending = interrupts_pending();
	uint32_t intid = 0;

	while (intid < 32 && !(pending >> intid & 1))
		intid++;
	if (intid == 32)
		return intid;
	pthread_mutex_lock(&self->lock);
	self->pending &= ~(UINT32_C(1) << intid);
	pthread_mutex_unlock(&self->lock);

	return intid;
}

void interrupt_send(unsigned int cpu, unsigned int sgi)
{
	pthread_mutex_lock(&vcpus[cpu].lock);
	vcpus[cpu].pending |= UINT32_C(1) << sgi;
	pthread_cond_broadcast(&vcpus[cpu].changed);
	pthread_mutex_unlock(&vcpus[cpu].lock);
}

/* With its lock held: until something changes; if it is asleep, or its timer is due. */
static void wait_once(bool asleep)
{
	/* A nanosecond later than the timer, whatever the division drops. */
	const uint64_t due = self->registers[FAKE_cntv_cval_el0] / HASTE + 1;
	const struct timespec until = { (time_t)(due / NANOSECONDS), (long)(due % NANOSECONDS) };

	if (asleep && self->registers[FAKE_cntv_ctl_el0] & CNT_CTL_ENABLE)
		pthread_cond_timedwait(&self->changed, &self->lock, &until);
	else
		pthread_cond_wait(&self->changed, &self->lock);
}

bool wait_for_change(bool asleep)
{
	bool interrupted;

	pthread_mutex_lock(&self->lock);
	while (!(interrupted = asleep && pending_here()) && !self->kicked)
		wait_once(asleep);
	self->kicked = false;
	pthread_mutex_unlock(&self->lock);

	return interrupted;
}
