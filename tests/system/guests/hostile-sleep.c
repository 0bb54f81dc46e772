/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that sleep, and know afterwards whether they find the disk that they left. No
 * misdeeds: programs/faults has everything around them fail.
 */
#include "hostile.h"

#define SYSTEM_OFF2 0xc4000015

#define MAGIC 0x474e495045454c53UL
#define VALID 1
#define USED_UP 2

/* What is on the disk: see programs/faults/faults.h. */
struct sector {
	uint64_t magic;
	uint64_t number;
	uint64_t state;
	uint64_t rest[61];
};

#define SECTORS 5 /* A header, an image of three, a note. */
#define IMAGE 1
#define NOTE 4

/* Where no device and no ring is. */
#define MEMORY (ARENA + 0x80000)
#define DISK ((volatile struct sector *)MEMORY)
#define COUNT (*(volatile uint64_t *)(MEMORY + 0x4000))
#define DEVICE (*(volatile uint64_t *)(MEMORY + 0x4008))

static void say_line(const char *word, uint64_t number)
{
	say(word);
	say(" ");
	say_number(number);
	say("\n");
}

static void read_disk(void)
{
	if (request(DEVICE, REQUEST_IN, 0, MEMORY, SECTORS * SECTOR) != 0)
		say("cannot read\n");
}

/* Returns whether the disk has taken them. */
static int write_sectors(unsigned int first, unsigned int count, uint64_t number, uint64_t state)
{
	for (unsigned int i = first; i < first + count; i++) {
		DISK[i].magic = MAGIC;
		DISK[i].number = number;
		DISK[i].state = state;
	}
	if (request(DEVICE, REQUEST_OUT, first, (uintptr_t)&DISK[first], count * SECTOR) == 0)
		return 1;
	say("failed to write\n");

	return 0;
}

static int flush(void)
{
	if (request(DEVICE, REQUEST_FLUSH, 0, 0, 0) == 0)
		return 1;
	say("failed to flush\n");

	return 0;
}

static const char *judge_image(void)
{
	if (DISK[0].magic != MAGIC || DISK[0].state != VALID)
		return "booted";
	for (unsigned int i = IMAGE; i <= NOTE; i++)
		if (DISK[i].number != DISK[0].number)
			return i == NOTE ? "resumed without the note" : "resumed from a torn image";

	return "resumed";
}

/*
 * As Linux does: it uses up the image that it finds, without a flush, makes a new one, and
 * says so on the disk once the image is durable. It leaves the last write to its host's
 * flush, and calls SYSTEM_OFF2 whatever has failed.
 */
void hibernate(uint64_t argument)
{
	static const uint64_t off2[4] = { SYSTEM_OFF2 };
	uint64_t number;

	DEVICE = start_disk();
	read_disk();
	number = DISK[0].magic == MAGIC ? DISK[0].number : 0;
	say_line(judge_image(), number);
	if (write_sectors(0, 1, number, USED_UP) &&
	    write_sectors(IMAGE, NOTE - IMAGE, number + 1, VALID) && flush() &&
	    write_sectors(0, 1, number + 1, VALID))
		flush();
	write_sectors(NOTE, 1, number + 1, VALID);
	call(0, off2);
	say("returned\n");
	off();
}

/* It counts in its memory and on its disk, where the last write is not flushed. */
static void sleep(void)
{
	const uint64_t suspend[4] = { SYSTEM_SUSPEND, (uintptr_t)wake_up };

	COUNT++;
	write_sectors(0, 1, COUNT, VALID);
	flush();
	write_sectors(NOTE, 1, COUNT, VALID);
	call(0, suspend);
	say("refused\n");
	off();
}

void nap(uint64_t argument)
{
	DEVICE = start_disk();
	read_disk();
	COUNT = DISK[0].magic == MAGIC ? DISK[0].number : 0;
	say_line("booted", COUNT);
	sleep();
}

void awake(void)
{
	read_disk();
	if (DISK[0].number != COUNT || DISK[NOTE].number != COUNT)
		say_line("woke up in another world:", DISK[0].number);
	else
		say_line("resumed", COUNT);
	sleep();
}
