/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * saved-registers - print the registers of the vCPU that sleeps in a saved file
 *
 *	saved-registers FILE
 *
 * They are those that KVM_GET_ONE_REG gave when the file was saved. A line for each is
 * KVM's id and the value, of as many bytes as it has, both in hexadecimal. The counters,
 * which have gone on at every other time, are left out.
 *
 * Exit status 1: FILE cannot be read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kvm/registers.h"
#include "save/file.h"

#define BYTES_MAX 256

/* The first memory of the guest that is in the file. */
#define MEMORY_POSITION 0x10000

/* Up to the vCPU: the index of RAM, the time, and how it sleeps. */
static void skip(struct save_file *file)
{
	uint64_t number;
	uint32_t sleeper;
	bool big_endian;

	memory_index_init(&file->index, file->record.config.memory, MEMORY_POSITION);
	memory_index_serialize(&file->index, file->stream);
	stream_serialize_u64(file->stream, &number);
	stream_serialize_u32(file->stream, &sleeper);
	stream_serialize_u64(file->stream, &number);
	stream_serialize_u64(file->stream, &number);
	stream_serialize_bool(file->stream, &big_endian);
}

static void print(struct stream *stream)
{
	uint8_t bytes[BYTES_MAX];
	uint64_t id;
	size_t size;

	stream_serialize_u64(stream, &id);
	size = (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
	if (size > sizeof(bytes)) {
		stream_fail(stream);
		return;
	}
	stream_serialize(stream, bytes, size);
	if (stream_error(stream) || kvm_register_is_counter(id))
		return;
	printf("%#" PRIx64 " ", id);
	while (size > 0)
		printf("%02x", bytes[--size]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct error error = { "" };
	struct save_file file;
	uint64_t frequency;
	uint32_t count;
	int err;

	if (argc != 2) {
		fputs("Usage: saved-registers FILE\n", stderr);
		return 2;
	}
	if (save_file_open(argv[1], &file, &error) != 0) {
		fprintf(stderr, "saved-registers: %s\n", error.text);
		return 1;
	}
	skip(&file);
	stream_serialize_u64(file.stream, &frequency);
	stream_serialize_u32(file.stream, &count);
	for (uint32_t i = 0; i < count && !stream_error(file.stream); i++)
		print(file.stream);
	err = stream_drain(file.stream);
	save_file_close(&file);
	if (err)
		fprintf(stderr, "saved-registers: %s cannot be read\n", argv[1]);

	return err ? 1 : 0;
}
