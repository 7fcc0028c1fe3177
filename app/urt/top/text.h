/* SPDX-License-Identifier: MIT */
/* The pieces of urt top's screen as text: what fits where, and how it looks. */
#ifndef TOP_TEXT_H
#define TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top/model.h"

/* Room for a line of the widest terminal that is used in full. */
#define TOP_WIDTH_MAX	512
#define TOP_LINE_SIZE	(TOP_WIDTH_MAX * 6 + 1)	/* bytes; a character has 6 */

struct top_layout {
	unsigned int width[TOP_COLUMNS];	/* 0: not shown */
};

extern const char *const top_headings[TOP_COLUMNS];
bool top_is_left_aligned(enum top_column column);

/* Which columns a terminal so wide shows; the name has what they leave. */
void top_layout(struct top_layout *layout, unsigned int width, bool tree,
		unsigned int pid_digits);

/*
 * Copies what fits in so many columns of the terminal; what cannot be shown is a
 * question mark each. Return: the columns taken.
 */
unsigned int top_fit(char *out, size_t size, const char *text,
		     unsigned int width);

/* Minutes, seconds and thousandths; then hours, then days. At most 8 columns. */
void top_time(char *out, size_t size, uint64_t ns);
/* One decimal as long as it fits in five columns. */
void top_percent(char *out, size_t size, double percent);

/*
 * The last intervals, oldest first, as bars: full is 100 % of a CPU, or the
 * highest that is remembered, if that is more. Always so many columns.
 */
void top_spark(char *out, size_t size, const struct top_history *history,
	       unsigned int width, bool unicode);

/* The lines that lead from a row's parent to it, in that many columns. */
void top_branch(char *out, size_t size, const struct top_row *row,
		unsigned int width, bool unicode);

#endif
