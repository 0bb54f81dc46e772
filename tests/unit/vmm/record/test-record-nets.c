/* SPDX-License-Identifier: BSD-3-Clause */
/* Network devices in a record. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "record-fixture.h"
#include "support/scratch.h"

/* A tap and a socket. */
static struct record example(void)
{
	struct record record = record_example();
	struct config *config = &record.config;

	config->machine_version = BOARD_VERSION_4;
	config->nets[0] = (struct net_config){
		.kind = NET_KIND_TAP,
		.target = strdup("tap0"),
		.mac = { 2, 0, 0, 0, 0, 1 },
		.features = config_net_features(NET_KIND_TAP),
	};
	config->nets[1] = (struct net_config){
		.kind = NET_KIND_UNIX,
		.target = strdup("/run/a \xff socket"),
		.mac = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef },
		.features = 1 << 5,
	};
	config->net_count = 2;

	return record;
}

static void network_devices_and_their_absence_are_kept(void **state)
{
	for (size_t count = 0; count <= 2; count++) {
		struct record record = example();
		struct record loaded;
		const size_t all = record.config.net_count;

		record.config.net_count = count;
		record_must_save(record_dir_fd, &record);
		loaded = record_must_load(record_dir_fd);
		assert_int_equal(loaded.config.net_count, count);
		for (size_t i = 0; i < count; i++) {
			const struct net_config *net = &loaded.config.nets[i];

			assert_int_equal(net->kind, record.config.nets[i].kind);
			assert_string_equal(net->target, record.config.nets[i].target);
			assert_memory_equal(net->mac, record.config.nets[i].mac, sizeof(net->mac));
			assert_int_equal(net->features, record.config.nets[i].features);
		}
		record_free(&loaded);
		record.config.net_count = all;
		record_free(&record);
	}
}

static void network_devices_that_are_damaged_are_refused(void **state)
{
	static const char *const damages[] = {
		"null",
		"{}",
		"[{}]",
		"[1]",
		"[{\"kind\": \"bridge\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", "
		"\"features\": \"0x20\"}]",
		"[{\"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", \"features\": \"0x20\"}]",
		"[{\"kind\": \"tap\", \"target\": 1, \"mac\": \"02:00:00:00:00:01\", \"features\": "
		"\"0x20\"}]",
		"[{\"kind\": \"tap\", \"mac\": \"02:00:00:00:00:01\", \"features\": \"0x20\"}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"02:00:00:00:00\", \"features\": "
		"\"0x20\"}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"01:00:00:00:00:01\", "
		"\"features\": \"0x20\"}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"features\": \"0x20\"}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\"}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", "
		"\"features\": 32}]",
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", "
		"\"features\": \"0\"}]",
		/* That no tap, or no socket, has. */
		"[{\"kind\": \"tap\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", "
		"\"features\": \"0x100000000000\"}]",
		"[{\"kind\": \"unix\", \"target\": \"a\", \"mac\": \"02:00:00:00:00:01\", "
		"\"features\": \"0x21\"}]",
	};
	struct record record = example();

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		record_must_save(record_dir_fd, &record);
		record_damage(record_dir_fd, "machine.nets", damages[i]);
		record_refused(record_dir_fd, -EINVAL, "a value is missing or outside its range");
	}
	/* Which has none. */
	record_must_save(record_dir_fd, &record);
	record_damage(record_dir_fd, "machine.version", "3");
	record_refused(record_dir_fd, -EINVAL, "a value is missing or outside its range");
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(network_devices_and_their_absence_are_kept),
		RECORD_TEST(network_devices_that_are_damaged_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
