/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/pl031.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "acpi/aml.h"
#include "base/error.h"
#include "base/main-loop.h"
#include "board/board.h"
#include "boot/tree-writer.h"
#include "devices/pl031.asl.h"

/* Registers, by their names in the manual. */
enum {
	RTCDR = 0x000,
	RTCMR = 0x004,
	RTCLR = 0x008,
	RTCCR = 0x00c,
	RTCIMSC = 0x010,
	RTCRIS = 0x014,
	RTCMIS = 0x018,
	RTCICR = 0x01c,
	RTCPERIPHID0 = 0xfe0,
	RTCPCELLID3 = 0xffc,
};

/* RTCPeriphID0 to 3, RTCPCellID0 to 3: Arm's part 0x031, revision 1. */
static const uint8_t identification[] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static int64_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);

	return now.tv_sec;
}

static void update_line(struct pl031 *pl031)
{
	bool level = pl031->raw && pl031->mask;

	if (level != pl031->level) {
		pl031->level = level;
		irq_line_set(&pl031->irq, level);
	}
}

/*
 * Set the timer to the alarm. CANCEL_ON_SET makes it readable too when the
 * host's clock is set, since the moment of the alarm has then moved.
 */
static void set_timer(const struct pl031 *pl031)
{
	struct itimerspec when = { .it_value.tv_sec = pl031->alarm_due ? pl031->alarm : 0 };

	/*
	 * This cannot fail: the descriptor is a timer's, the time is in range.
	 */
	(void)timerfd_settime(pl031->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
			      NULL);
}

static void check_alarm(struct pl031 *pl031)
{
	if (pl031->alarm_due && host_time() >= pl031->alarm) {
		pl031->alarm_due = false;
		pl031->raw = true;
		pl031->taken = false;
	}
	set_timer(pl031);
}

/*
 * The interrupt is raised when the counter comes to equal RTCMR. Counting
 * wraps, so a match in the past is one in the far future.
 */
static void plan_alarm(struct pl031 *pl031)
{
	int64_t now = host_time();

	/* Modulo 2^32, as the counter is. */
	const uint32_t seconds = pl031->match - ((uint32_t)now + pl031->offset);

	pl031->alarm = now + seconds;
	pl031->alarm_due = true;
	check_alarm(pl031);
}

static uint32_t read_register(const struct pl031 *pl031, uint64_t offset)
{
	switch (offset) {
	case RTCDR:
		return (uint32_t)host_time() + pl031->offset;
	case RTCMR:
		return pl031->match;
	case RTCLR:
		return pl031->load;
	case RTCCR:
		/* The clock runs, and only a loss of power could stop it. */
		return 1;
	case RTCIMSC:
		return pl031->mask;
	case RTCRIS:
		return pl031->raw;
	case RTCMIS:
		return pl031->raw && pl031->mask;
	default:
		if (offset >= RTCPERIPHID0 && offset <= RTCPCELLID3)
			return identification[(offset - RTCPERIPHID0) / 4];
		return 0;
	}
}

static void write_register(struct pl031 *pl031, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case RTCMR:
		pl031->match = value;
		plan_alarm(pl031);
		break;
	case RTCLR:
		pl031->load = value;
		pl031->offset = value - (uint32_t)host_time();
		plan_alarm(pl031);
		break;
	case RTCIMSC:
		pl031->mask = value & 1;
		break;
	case RTCICR:
		/* It does so whatever is written, as on QEMU. */
		pl031->raw = false;
		break;
	default:
		break;
	}
}

static uint64_t pl031_read(void *self, uint64_t offset, unsigned int size)
{
	struct pl031 *pl031 = self;
	uint32_t value;

	if (offset % 4 != 0)
		return 0;

	pthread_mutex_lock(&pl031->lock);
	value = read_register(pl031, offset);
	pthread_mutex_unlock(&pl031->lock);

	return value;
}

static void pl031_write(void *self, uint64_t offset, uint64_t value, unsigned int size)
{
	struct pl031 *pl031 = self;

	if (offset % 4 != 0)
		return;

	pthread_mutex_lock(&pl031->lock);
	write_register(pl031, offset, (uint32_t)value);
	update_line(pl031);
	pthread_mutex_unlock(&pl031->lock);
}

static void pl031_reset(void *self)
{
	struct pl031 *pl031 = self;

	pthread_mutex_lock(&pl031->lock);
	pl031->match = 0;
	pl031->load = 0;
	pl031->mask = false;
	pl031->raw = false;
	plan_alarm(pl031);
	update_line(pl031);
	pthread_mutex_unlock(&pl031->lock);
}

int pl031_create(struct pl031 *pl031, struct irq_line irq)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		return -errno;

	*pl031 = (struct pl031){ .irq = irq, .timer_fd = fd };
	pthread_mutex_init(&pl031->lock, NULL);
	plan_alarm(pl031);

	return 0;
}

void pl031_destroy(struct pl031 *pl031)
{
	close(pl031->timer_fd);
	pthread_mutex_destroy(&pl031->lock);
}

int pl031_fd(const struct pl031 *pl031)
{
	return pl031->timer_fd;
}

void pl031_expired(struct pl031 *pl031)
{
	uint64_t count;

	pthread_mutex_lock(&pl031->lock);
	/*
	 * ECANCELED if the clock was set, EAGAIN if nothing happened: the time
	 * decides.
	 */
	(void)!read(pl031->timer_fd, &count, sizeof(count));
	check_alarm(pl031);
	update_line(pl031);
	pthread_mutex_unlock(&pl031->lock);
}

bool pl031_next_alarm(struct pl031 *pl031, int64_t *seconds)
{
	bool found;

	pthread_mutex_lock(&pl031->lock);
	found = pl031->alarm_due && pl031->mask;
	if (found)
		*seconds = pl031->alarm;
	pthread_mutex_unlock(&pl031->lock);

	return found;
}

bool pl031_is_raised(struct pl031 *pl031)
{
	bool raised;

	pthread_mutex_lock(&pl031->lock);
	raised = pl031->level && !pl031->taken;
	pthread_mutex_unlock(&pl031->lock);

	return raised;
}

void pl031_take(struct pl031 *pl031)
{
	pthread_mutex_lock(&pl031->lock);
	pl031->taken = true;
	pthread_mutex_unlock(&pl031->lock);
}

void pl031_serialize(struct pl031 *pl031, struct stream *stream)
{
	uint64_t alarm = (uint64_t)pl031->alarm;

	pthread_mutex_lock(&pl031->lock);
	stream_serialize_u64(stream, &alarm);
	stream_serialize_bool(stream, &pl031->alarm_due);
	stream_serialize_u32(stream, &pl031->offset);
	stream_serialize_u32(stream, &pl031->match);
	stream_serialize_u32(stream, &pl031->load);
	stream_serialize_bool(stream, &pl031->mask);
	stream_serialize_bool(stream, &pl031->raw);
	if (stream_is_loading(stream)) {
		/*
		 * The counter wraps before that: this host's clock is behind
		 * the one by which it was set, as if that had been set back.
		 */
		if (pl031->alarm_due && alarm > (uint64_t)host_time() + UINT32_MAX)
			plan_alarm(pl031);
		else
			pl031->alarm = (int64_t)alarm;
		check_alarm(pl031);
		update_line(pl031);
	}
	pthread_mutex_unlock(&pl031->lock);
}

/* --- as a device of the machine --- */

static int create(struct device *device, size_t number, const struct device_setup *setup,
		  struct error *error)
{
	struct pl031 *pl031 = malloc(sizeof(*pl031));
	int err;

	if (!pl031)
		return error_set(error, -ENOMEM, "out of memory");
	err = pl031_create(pl031, (struct irq_line){ .vm_fd = setup->vm_fd, .spi = BOARD_RTC_SPI });
	if (err) {
		free(pl031);

		return error_set(error, err, "cannot make the real-time clock: %s", strerror(-err));
	}
	device->self = pl031;
	device->base = BOARD_RTC_BASE;
	device->size = BOARD_RTC_SIZE;
	device->spi = BOARD_RTC_SPI;

	return 0;
}

static void destroy(void *self)
{
	pl031_destroy(self);
	free(self);
}

static void describe(const struct device *device, struct tree_writer *tree)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	tree_begin_at(tree, "pl031", device->base);
	tree_texts(tree, "compatible", compatible, sizeof(compatible));
	tree_place(tree, device, TREE_IRQ_LEVEL_HIGH);
	TREE_CELLS(tree, "clocks", TREE_PHANDLE_CLOCK);
	tree_text(tree, "clock-names", "apb_pclk");
	tree_end(tree);
}

static void describe_acpi(const struct device *device, struct aml *aml)
{
	uint8_t terms[sizeof(pl031_aml)];

	memcpy(terms, pl031_aml, sizeof(terms));
	aml_set_dword(terms + PL031_TAD0_BASE_DWORD, (uint32_t)device->base);
	aml_add(aml, terms, sizeof(terms));
}

static void on_timer(void *self)
{
	pl031_expired(self);
}

static int watch(void *self, struct main_loop *loop)
{
	return main_loop_add(loop, MAIN_LOOP_USUAL, pl031_fd(self), on_timer, self);
}

static bool is_raised(void *self)
{
	return pl031_is_raised(self);
}

static void take(void *self)
{
	pl031_take(self);
}

static bool next_alarm(void *self, int64_t *seconds)
{
	return pl031_next_alarm(self, seconds);
}

static int serialize(void *self, struct stream *stream, struct error *error)
{
	pl031_serialize(self, stream);

	return 0;
}

const struct device_ops pl031_ops = {
	.name = "pl031",
	.read = pl031_read,
	.write = pl031_write,
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.describe_acpi = describe_acpi,
	.watch = watch,
	.wakes = "the clock's alarm",
	.is_raised = is_raised,
	.take = take,
	.next_alarm = next_alarm,
	.reset = pl031_reset,
	.serialize = serialize,
};
