/* SPDX-License-Identifier: MIT */
/* The pieces of urt top's screen as text: what fits, and how it looks. */
#ifndef TOP_TEXT_H
#define TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top/model.h"

/* The widest terminal that is used in full. */
#define TOP_WIDTH_MAX	512
#define TOP_LINE_SIZE	(TOP_WIDTH_MAX * 6 + 1)	/* bytes; a character has 6 */

struct top_layout {
	unsigned int width[TOP_COLUMNS];	/* 0: not shown */
};

extern const char *const top_headings[TOP_COLUMNS];
bool top_is_left_aligned(enum top_column column);

/* Chooses the columns for a terminal of this width. The name gets the rest. */
void top_layout(struct top_layout *layout, unsigned int width, bool tree,
		unsigned int pid_digits);

/*
 * Copies as much as fits in the columns of the terminal. Each character that
 * cannot be shown becomes a question mark. Return: the columns used.
 */
unsigned int top_fit(char *out, size_t size, const char *text,
		     unsigned int width);

/*
 * Formats minutes, seconds and thousandths, or hours, or days. At most 8
 * columns.
 */
void top_time(char *out, size_t size, uint64_t ns);
/* Formats one decimal if it fits in five columns. */
void top_percent(char *out, size_t size, double percent);

/*
 * Draws the last intervals as bars, oldest first. A full bar is 100 % of a CPU,
 * or the highest remembered value if that is more. It always takes so many
 * columns.
 */
void top_spark(char *out, size_t size, const struct top_history *history,
	       unsigned int width, bool unicode);

/* Draws the lines from a row's parent to the row, in so many columns. */
void top_branch(char *out, size_t size, const struct top_row *row,
		unsigned int width, bool unicode);

#endif
