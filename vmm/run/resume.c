/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/resume.h"

#include <errno.h>
#include <string.h>

#include "base/random.h"

/*
 * What all guests with ACPI were given by earlier dormice, whose records have
 * no signature.
 */
#define FORMER_SIGNATURE 0x444f524dU

static bool was_given(const struct record *record, uint32_t signature)
{
	for (size_t i = 0; i < record->signature_count; i++)
		if (record->signatures[i] == signature)
			return true;

	return false;
}

static void give(struct record *record, uint32_t signature)
{
	if (record->signature_count == RECORD_SIGNATURES_MAX)
		memmove(&record->signatures[0], &record->signatures[1],
			--record->signature_count * sizeof(record->signatures[0]));
	record->signatures[record->signature_count++] = signature;
}

int resume_begin_generation(struct record *record, struct error *error)
{
	uint32_t signature;

	do {
		const int err = random_fill(&record->generation, sizeof(record->generation));

		if (err)
			return error_set(error, err, "cannot make a generation: %s",
					 strerror(-err));
		signature = environment_signature(&record->environment, record->generation);
	} while (was_given(record, signature));
	give(record, signature);

	return 0;
}

uint32_t resume_kept_signature(const struct record *last)
{
	if (!config_has_acpi(&last->config))
		return 0;

	return last->signature_count ? record_signature(last) : FORMER_SIGNATURE;
}

static void keep(const struct record *last, struct record *record)
{
	record->generation = last->generation;
	memcpy(record->signatures, last->signatures, sizeof(record->signatures));
	record->signature_count = last->signature_count;
	if (record->signature_count == 0)
		give(record, FORMER_SIGNATURE);
}

static int refuse(const struct resume *resume, const struct error *phrases, struct error *error)
{
	return error_set(
		error, -EPERM,
		"%s %s needs %s: start it as it was, or with %s--force and the risk of losing the "
		"image",
		resume->name,
		resume->died ? "was killed, perhaps while its guest hibernated, whose image then"
			     : "is hibernated, and its image",
		phrases->text,
		resume->strict ? "" : "--discard, which boots it without its image, or with ");
}

int resume_settle(const struct resume *resume, struct record *record, struct error *differences,
		  struct error *error)
{
	const struct record *last = resume->last;
	struct error phrases;

	differences->text[0] = '\0';
	record->signature_count = 0;
	/* Where there is no image, nothing refers to a former signature. */
	if (!last || (last->signature_count == 0 && !resume->may_have_image))
		return resume_begin_generation(record, error);
	keep(last, record);
	if (resume->discard)
		return resume_begin_generation(record, error);
	if ((resume->force && resume->may_have_image) ||
	    environment_compare(&last->environment, &record->environment, &phrases) == 0)
		return 0;
	if (resume->may_have_image && (resume->strict || !resume->reads_signature(resume->context)))
		return refuse(resume, &phrases, error);
	if (resume->may_have_image)
		*differences = phrases;

	return resume_begin_generation(record, error);
}
