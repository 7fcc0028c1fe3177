/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_VIEW_H
#define URT_VIEW_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct urt_entry;
struct urt_opener;
struct urt_registry;
struct urt_user;

/*
 * The format of a file that shows a registry: a header, and one line for each
 * process. Both functions print backwards from @end, and return where they
 * begin; see print.c.
 */
struct urt_format {
	size_t line_guess;	/* enough bytes for most lines */
	size_t line_max;	/* enough bytes for every line */
	size_t header_max;
	char *(*header)(char *end, const struct urt_registry *reg,
			const struct urt_opener *who, unsigned int lines);
	char *(*line)(char *end, struct urt_entry *entry,
		      const struct urt_opener *who, pid_t nr);
};

/* A rendered snapshot. It never changes, and lives until its last reference. */
struct urt_text {
	refcount_t ref;
	struct urt_user *user;	/* is charged; holds a reference */
	u64 version;
	u64 generation;
	size_t size;		/* of the allocation, which is charged */
	const char *begin;	/* of the text in data */
	size_t len;
	char data[];
};

struct urt_view;

struct urt_view *urt_view_get(struct urt_registry *reg,
			      const struct urt_format *format,
			      const struct urt_opener *who);
void urt_view_put(struct urt_view *view);

struct urt_text *urt_view_read(struct urt_view *view,
			       const struct urt_opener *who);
struct urt_text *urt_text_get(struct urt_text *text);
void urt_text_put(struct urt_text *text);

#endif
