/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment/disks.h"

#include <string.h>

#include "environment/set.h"

/* What is known of a disk; NULL texts are not known. */
struct disk_text {
	struct part inode; /**< Only a file has one. */
	struct part size;
	struct part written;
	struct part generation;
	struct part path;
	struct part access;
};

static bool is_known(const struct part *part)
{
	return part->text != NULL;
}

/* The value behind @key, up to a space; the path, which is last, to the end. */
static struct part find(const struct part *text, const char *key)
{
	const size_t length = strlen(key);
	const char *at = text->text;
	const char *end = text->text + text->length;

	while (at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		const char *last = space && strcmp(key, "path:") != 0 ? space : end;

		if ((size_t)(end - at) >= length && memcmp(at, key, length) == 0)
			return (struct part){ (int)(last - at - (long)length), at + length };
		/* What is behind the path is the path. */
		if (!space || memcmp(at, "path:", strlen("path:")) == 0)
			break;
		at = space + 1;
	}

	return (struct part){ 0, NULL };
}

static struct disk_text parse(const struct part *text)
{
	return (struct disk_text){
		.inode = find(text, "inode:"),
		.size = find(text, "size:"),
		.written = find(text, "written:"),
		.generation = find(text, "generation:"),
		.path = find(text, "path:"),
		.access = find(text, "access:"),
	};
}

/* Both know it, and it is not the same. */
static bool differ(const struct part *a, const struct part *b)
{
	return is_known(a) && is_known(b) && !part_equals(a, b);
}

static bool agree(const struct part *a, const struct part *b)
{
	return is_known(a) && is_known(b) && part_equals(a, b);
}

/* One disk, by its name in the guest. */
struct pair {
	const struct part *name;
	struct disk_text before;
	struct disk_text after;
};

static bool size_differs(const struct pair *p, struct error *phrase)
{
	const struct part *had = &p->before.size;
	const struct part *has = &p->after.size;

	if (!differ(had, has))
		return false;
	error_set(phrase, 0, "the disk %.*s with %.*s bytes, not %.*s", p->name->length,
		  p->name->text, had->length, had->text, has->length, has->text);

	return true;
}

static bool access_differs(const struct pair *p, struct error *phrase)
{
	const struct part *had = &p->before.access;

	if (!differ(had, &p->after.access))
		return false;
	error_set(phrase, 0, "the disk %.*s being %.*s", p->name->length, p->name->text,
		  had->length, had->text);

	return true;
}

static bool says(const struct pair *p, const char *what, struct error *phrase)
{
	error_set(phrase, 0, "the disk %.*s as its guest left it (it %s)", p->name->length,
		  p->name->text, what);

	return true;
}

static bool differs_here(const struct pair *p, struct error *phrase)
{
	const struct disk_text *before = &p->before;
	const struct disk_text *after = &p->after;

	if (access_differs(p, phrase))
		return true;
	/* A record of an earlier dormouse has no more. */
	if (!is_known(&before->inode) && !is_known(&before->size)) {
		if (!differ(&before->path, &after->path))
			return false;
		error_set(phrase, 0, "disk %.*s as /dev/%.*s, not %.*s", before->path.length,
			  before->path.text, p->name->length, p->name->text, after->path.length,
			  after->path.text);

		return true;
	}
	if (is_known(&before->inode) != is_known(&after->inode))
		return says(p, "is another one", phrase);
	if (differ(&before->inode, &after->inode))
		return says(p,
			    agree(&before->generation, &after->generation) &&
					    strncmp(before->generation.text, "none", 4) != 0
				    ? "is a copy"
				    : "is another file",
			    phrase);
	if (size_differs(p, phrase))
		return true;
	if (differ(&before->generation, &after->generation))
		return says(p, "was used or rolled back since", phrase);

	return differ(&before->written, &after->written) && says(p, "was written since", phrase);
}

static bool has_generation(const struct disk_text *disk)
{
	return is_known(&disk->generation) && strncmp(disk->generation.text, "none", 4) != 0;
}

static bool differs_elsewhere(const struct pair *p, struct error *phrase)
{
	if (access_differs(p, phrase) || size_differs(p, phrase))
		return true;

	/* What copied it need not have copied its attributes. */
	return has_generation(&p->before) && has_generation(&p->after) &&
	       differ(&p->before.generation, &p->after.generation) &&
	       says(p, "is a copy of another time", phrase);
}

static bool compare(const char *before, const char *after,
		    bool (*differs)(const struct pair *p, struct error *phrase),
		    struct error *phrase)
{
	const char *rest = before;
	struct part name, had, has;

	while (set_next(&rest, &name, &had)) {
		struct pair p = { .name = &name };

		if (!set_find(after, &name, &has)) {
			error_set(phrase, 0, "a disk %.*s", name.length, name.text);

			return true;
		}
		p.before = parse(&had);
		p.after = parse(&has);
		if (differs(&p, phrase))
			return true;
	}
	while (set_next(&after, &name, &has)) {
		if (set_find(before, &name, &had))
			continue;
		error_set(phrase, 0, "no disk %.*s", name.length, name.text);

		return true;
	}

	return false;
}

bool environment_disks_differ(const char *before, const char *after, struct error *phrase)
{
	return compare(before, after, differs_here, phrase);
}

bool environment_disks_differ_elsewhere(const char *before, const char *after, struct error *phrase)
{
	return compare(before, after, differs_elsewhere, phrase);
}
