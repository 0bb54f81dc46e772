/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of a machine: the wrong field is named, and callers that were
 * compiled with another version of host.h work.
 */
#include "psci-power.h"

#include <stdlib.h>
#include <string.h>

/* No version of a structure is larger. */
#define LARGEST 1024

/** A configuration that uses every field of both structures. */
struct full {
	struct power p;
	struct psci_idle_state states[3];
};

static int32_t vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	return PSCI_RET_DENIED;
}

static bool start_ok(void *ctx, void *vctx)
{
	return true;
}

static void trace(void *ctx, const struct psci_trace *call)
{
}

static void configure(struct full *full, uint32_t version)
{
	struct psci_config *config = &full->p.f.config;
	struct psci_host *host = &full->p.f.host;

	power_configure(&full->p, version);
	memcpy(full->states, power_ext_states, sizeof(full->states));
	config->idle_states = full->states;
	config->idle_state_count = ARRAY_SIZE(full->states);
	config->extended_state_id = true;
	config->disable_functions = power_bit(PSCI_FN32_SYSTEM_RESET2);
	config->hide_on_pending = true;
	config->fids_0_1 = (struct psci_fids_0_1){ 1, 2, 3, 4 };
	host->vendor_reset = vendor_reset;
	host->start_ok = start_ok;
	host->trace = trace;
}

/* --- which field is wrong --- */

/* Each makes one field wrong, in the order in which the library checks them. */
static void spoil(struct full *full, unsigned int how)
{
	static const struct psci_idle_state bad = { .power_state = 0, .depth = { 200 } };
	struct psci_config *config = &full->p.f.config;
	struct psci_host *host = &full->p.f.host;

	switch (how) {
	case 0:
		config->size = 0;
		break;
	case 1:
		config->host = NULL;
		break;
	case 2:
		host->size = 0;
		break;
	case 3:
		config->index = NULL;
		break;
	case 4:
		config->index_size = 12;
		break;
	case 5:
		host->kick = NULL;
		break;
	case 6:
		host->lock = NULL;
		break;
	case 7:
		host->unlock = NULL;
		break;
	case 8:
		config->version = 0x10004;
		break;
	case 9:
		config->version = PSCI_VERSION_0_1;
		config->enable_functions = 0;
		config->disable_functions = 0;
		config->fids_0_1.cpu_on = config->fids_0_1.cpu_off;
		break;
	case 10:
		config->enable_functions |= power_bit(PSCI_FN32_CPU_ON);
		break;
	case 11:
		config->disable_functions |= power_bit(PSCI_FN32_CPU_ON);
		break;
	case 12:
		config->idle_states = NULL;
		config->idle_state_count = 1;
		break;
	case 13:
		config->idle_states = full->states;
		config->idle_state_count = 0;
		break;
	case 14:
		config->idle_states = NULL;
		config->idle_state_count = 0;
		break;
	case 15:
		full->states[1] = bad;
		break;
	case 16:
		full->states[1] = full->states[0];
		break;
	case 17:
		full->states[0].depth[1] = 1;
		full->states[1].depth[1] = 200;
		break;
	case 18:
		config->stats = NULL;
		break;
	case 19:
		config->trusted_os = (enum psci_trusted_os)3;
		break;
	case 20:
		host->migrate = NULL;
		break;
	case 21:
		config->trusted_os_mpidr = UINT64_C(1) << 31;
		break;
	default:
		fail();
	}
}

static const char *const wrong_fields[] = {
	"psci_config.size is",
	"psci_config.host is",
	"psci_host.size is",
	"psci_config.index is",
	"psci_config.index_size is",
	"psci_host.kick is",
	"psci_host.lock is",
	"psci_host.unlock is",
	"psci_config.version is",
	"psci_config.fids_0_1 has",
	"psci_config.enable_functions has",
	"psci_config.disable_functions has",
	"psci_config.idle_states is NULL",
	"psci_config.idle_state_count is",
	"psci_config.extended_state_id needs",
	"psci_config.idle_states has a state that contradicts itself",
	"psci_config.idle_states has one power_state twice",
	"psci_config.idle_states has none for CPU_DEFAULT_SUSPEND",
	"psci_config.stat_count is",
	"psci_config.trusted_os is",
	"psci_host.migrate is",
	"psci_config.trusted_os_mpidr has",
};

static void check_problem(struct full *full, const char *field)
{
	const char *problem = psci_config_problem(&full->p.f.config);

	assert_non_null(problem);
	if (strncmp(problem, field, strlen(field)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", problem, field);
	assert_int_equal(psci_machine_init(&full->p.f.machine, &full->p.f.config),
			 PSCI_ERR_INVALID);
}

static void a_configuration_without_a_fault_has_no_problem(void **state)
{
	struct full full;

	configure(&full, 0);
	assert_null(psci_config_problem(&full.p.f.config));
	assert_int_equal(psci_machine_init(&full.p.f.machine, &full.p.f.config), PSCI_OK);
	fixture_configure(&full.p.f, 0);
	assert_null(psci_config_problem(&full.p.f.config));
}

static void each_wrong_field_of_a_configuration_is_named(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong_fields); i++) {
		struct full full;

		configure(&full, 0);
		spoil(&full, i);
		check_problem(&full, wrong_fields[i]);
	}
}

static void the_first_of_several_wrong_fields_is_named(void **state)
{
	struct full full;

	configure(&full, 0);
	for (unsigned int i = ARRAY_SIZE(wrong_fields); i-- > 0;) {
		/* Half a lock is one fault or the other. */
		if (i == 6)
			continue;
		spoil(&full, i);
		check_problem(&full, wrong_fields[i]);
	}
}

static void an_extended_format_needs_version_1_0(void **state)
{
	struct full full;

	configure(&full, 0);
	full.p.f.config.enable_functions = 0;
	full.p.f.config.disable_functions = 0;
	full.p.f.config.version = PSCI_VERSION_0_2;
	check_problem(&full, "psci_config.extended_state_id needs");
	full.p.f.config.version = PSCI_VERSION_1_0;
	assert_null(psci_config_problem(&full.p.f.config));
}

static void each_id_of_psci_0_1_alone_is_accepted_with_an_index_of_one_slot(void **state)
{
	static const struct psci_fids_0_1 fids[] = {
		{ .cpu_suspend = 1 },
		{ .cpu_off = 1 },
		{ .cpu_on = 1 },
		{ .migrate = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fids); i++) {
		struct fixture f;

		fixture_configure(&f, PSCI_VERSION_0_1);
		f.config.index_size = 1;
		f.config.fids_0_1 = fids[i];
		assert_null(psci_config_problem(&f.config));
		f.config.fids_0_1 = (struct psci_fids_0_1){ 0 };
		assert_non_null(psci_config_problem(&f.config));
	}
}

/* --- callers of another version --- */

/* A copy of a structure that ends where its caller's version does, with no memory behind. */
static void *cut(const void *structure, size_t size)
{
	const size_t word = sizeof(size);
	unsigned char *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, structure, size);
	memcpy(copy, &size, word);

	return copy;
}

/* A structure with @more bytes that the library does not know, and one behind its end. */
static unsigned char *extend(const void *structure, size_t known, size_t more)
{
	const size_t size = known + more;
	unsigned char *copy = calloc(1, size + 1);

	assert_non_null(copy);
	copy[size] = 0xff;
	memcpy(copy, structure, known);
	memcpy(copy, &size, sizeof(size));

	return copy;
}

static int init_with(const struct psci_config *config, struct psci_machine *machine)
{
	memset(machine, 0, sizeof(*machine));

	return psci_machine_init(machine, config);
}

static void check_same(const struct psci_machine *a, const struct psci_machine *b)
{
	assert_memory_equal(&a->host.kick, &b->host.kick,
			    sizeof(a->host) - offsetof(struct psci_host, kick));
	assert_ptr_equal(a->ctx, b->ctx);
	assert_ptr_equal(a->index, b->index);
	assert_int_equal(a->index_size, b->index_size);
	assert_int_equal(a->version, b->version);
	assert_memory_equal(&a->fids_0_1, &b->fids_0_1, sizeof(a->fids_0_1));
	assert_int_equal(a->offered, b->offered);
	assert_int_equal(a->possible, b->possible);
	assert_int_equal(a->hide_on_pending, b->hide_on_pending);
	assert_int_equal(a->trusted_os, b->trusted_os);
	assert_int_equal(a->trusted_os_home, b->trusted_os_home);
	assert_int_equal(a->idle_state_count, b->idle_state_count);
	assert_int_equal(a->extended_state_id, b->extended_state_id);
	assert_ptr_equal(a->stats, b->stats);
	assert_int_equal(a->stat_count, b->stat_count);
}

/* A field that a caller does not know is as if it were zero. */
static void an_older_configuration_is_filled_up_with_zeroes(void **state)
{
	const size_t least = offsetof(struct psci_config, ctx);
	unsigned int accepted = 0;

	for (size_t size = least; size <= sizeof(struct psci_config); size += sizeof(void *)) {
		struct full full;
		struct psci_machine machine;
		struct psci_machine expected;

		configure(&full, 0);

		struct psci_config *old = cut(&full.p.f.config, size);

		memset((unsigned char *)&full.p.f.config + size, 0, sizeof(full.p.f.config) - size);

		const int result = init_with(&full.p.f.config, &expected);

		assert_int_equal(init_with(old, &machine), result);
		assert_ptr_equal(psci_config_problem(old), psci_config_problem(&full.p.f.config));
		if (result == PSCI_OK) {
			check_same(&machine, &expected);
			accepted++;
		}
		free(old);
	}
	assert_in_range(accepted, 8, 16);
}

static void an_older_host_is_filled_up_with_zeroes(void **state)
{
	const size_t least = offsetof(struct psci_host, lock);
	unsigned int accepted = 0;

	for (size_t size = least; size <= sizeof(struct psci_host); size += sizeof(void *)) {
		struct full full;
		struct psci_machine machine;
		struct psci_machine expected;

		configure(&full, 0);
		full.p.f.config.trusted_os = PSCI_TRUSTED_OS_FIXED;

		struct psci_host *old = cut(&full.p.f.host, size);

		memset((unsigned char *)&full.p.f.host + size, 0, sizeof(full.p.f.host) - size);

		const int result = init_with(&full.p.f.config, &expected);

		full.p.f.config.host = old;
		assert_int_equal(init_with(&full.p.f.config, &machine), result);
		if (result == PSCI_OK) {
			check_same(&machine, &expected);
			accepted++;
		}
		free(old);
	}
	/* Only half a lock is refused. */
	assert_int_equal(accepted, (sizeof(struct psci_host) - least) / sizeof(void *));
}

static void a_newer_configuration_with_an_unknown_field_set_is_refused(void **state)
{
	const size_t known = sizeof(struct psci_config);

	for (size_t more = sizeof(void *); more <= 4 * sizeof(void *); more += sizeof(void *)) {
		struct full full;
		struct psci_machine machine;
		unsigned char *newer;

		configure(&full, 0);
		newer = extend(&full.p.f.config, known, more);
		assert_int_equal(init_with((const void *)newer, &machine), PSCI_OK);
		for (size_t i = known; i < known + more; i++) {
			newer[i] = 1;
			assert_int_equal(init_with((const void *)newer, &machine),
					 PSCI_ERR_INVALID);
			assert_string_equal(psci_config_problem((const void *)newer),
					    "psci_config.size is of a later version, of which a "
					    "field is not zero");
			newer[i] = 0;
		}
		free(newer);
	}
}

static void a_newer_host_with_an_unknown_field_set_is_refused(void **state)
{
	const size_t known = sizeof(struct psci_host);
	const size_t more = 2 * sizeof(void *);
	struct psci_machine machine;
	unsigned char *newer;
	struct full full;

	configure(&full, 0);
	newer = extend(&full.p.f.host, known, more);
	full.p.f.config.host = (const void *)newer;
	assert_int_equal(init_with(&full.p.f.config, &machine), PSCI_OK);
	for (size_t i = known; i < known + more; i++) {
		newer[i] = 1;
		assert_int_equal(init_with(&full.p.f.config, &machine), PSCI_ERR_INVALID);
		assert_string_equal(psci_config_problem(&full.p.f.config),
				    "psci_host.size is of a later version, of which a field is "
				    "not zero");
		newer[i] = 0;
	}
	free(newer);
}

static int init_with_sizes(struct full *full, size_t config_size, size_t host_size)
{
	unsigned char config[LARGEST + sizeof(void *)] = { 0 };
	unsigned char host[LARGEST + sizeof(void *)] = { 0 };
	struct psci_config *own = &full->p.f.config;
	struct psci_machine machine;

	configure(full, 0);
	memcpy(host, own->host, sizeof(*own->host));
	memcpy(host, &host_size, sizeof(host_size));
	own->host = (const void *)host;
	own->size = config_size;
	memcpy(config, own, sizeof(*own));

	return psci_machine_init(&machine, (const void *)config);
}

static void a_structure_of_an_impossible_size_is_refused(void **state)
{
	const size_t config = sizeof(struct psci_config);
	const size_t host = sizeof(struct psci_host);
	const size_t least_config = offsetof(struct psci_config, ctx);
	const size_t least_host = offsetof(struct psci_host, lock);
	const size_t word = sizeof(void *);
	struct full full;

	assert_int_equal(init_with_sizes(&full, config, host), PSCI_OK);
	assert_int_equal(init_with_sizes(&full, LARGEST, LARGEST), PSCI_OK);
	assert_int_equal(init_with_sizes(&full, LARGEST + word, host), PSCI_ERR_INVALID);
	assert_int_equal(init_with_sizes(&full, config, LARGEST + word), PSCI_ERR_INVALID);
	assert_int_equal(init_with_sizes(&full, least_config - word, host), PSCI_ERR_INVALID);
	assert_int_equal(init_with_sizes(&full, config, least_host - word), PSCI_ERR_INVALID);
	for (size_t i = 1; i < word; i++) {
		assert_int_equal(init_with_sizes(&full, config + i, host), PSCI_ERR_INVALID);
		assert_int_equal(init_with_sizes(&full, config, host - i), PSCI_ERR_INVALID);
	}
}

static void the_host_structure_is_read_only_once(void **state)
{
	struct psci_entry entry = { .pc = FIXTURE_BOOT_ENTRY };
	struct full full;

	configure(&full, 0);
	power_make(&full.p);
	memset(&full.p.f.host, 0xa5, sizeof(full.p.f.host));
	memset(&full.p.f.config, 0xa5, sizeof(full.p.f.config));
	assert_int_equal(psci_machine_boot(&full.p.f.vcpus[0], &entry), PSCI_OK);
	assert_int_equal(psci_vcpu_poll(&full.p.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(fixture_kicks(&full.p.f, 0), 1);
	assert_int_equal(fixture_affinity_info(&full.p.f, 0), PSCI_AFFINITY_INFO_ON);
}

/*
 * Memory that a caller has allocated, or receives, keeps its size while the library uses
 * what is reserved. A change here breaks every program that is compiled already.
 */
static void structures_that_a_caller_provides_keep_their_sizes(void **state)
{
	if (sizeof(void *) != 8)
		return;
	assert_int_equal(sizeof(struct psci_machine), 320);
	assert_int_equal(sizeof(struct psci_vcpu), 128);
	assert_int_equal(sizeof(struct psci_domain), 80);
	assert_int_equal(sizeof(struct psci_idle_state), 12);
	assert_int_equal(sizeof(struct psci_stat), 16);
	assert_int_equal(sizeof(struct psci_regs), 40);
	assert_int_equal(sizeof(struct psci_entry), 24);
	assert_int_equal(sizeof(struct psci_event), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_without_a_fault_has_no_problem),
		cmocka_unit_test(each_wrong_field_of_a_configuration_is_named),
		cmocka_unit_test(the_first_of_several_wrong_fields_is_named),
		cmocka_unit_test(an_extended_format_needs_version_1_0),
		cmocka_unit_test(each_id_of_psci_0_1_alone_is_accepted_with_an_index_of_one_slot),
		cmocka_unit_test(an_older_configuration_is_filled_up_with_zeroes),
		cmocka_unit_test(an_older_host_is_filled_up_with_zeroes),
		cmocka_unit_test(a_newer_configuration_with_an_unknown_field_set_is_refused),
		cmocka_unit_test(a_newer_host_with_an_unknown_field_set_is_refused),
		cmocka_unit_test(a_structure_of_an_impossible_size_is_refused),
		cmocka_unit_test(the_host_structure_is_read_only_once),
		cmocka_unit_test(structures_that_a_caller_provides_keep_their_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
