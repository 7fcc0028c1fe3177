/* SPDX-License-Identifier: MIT */
/*
 * The view of the model, and the effect of keys on it: the order of the rows,
 * the cursor, the prompt. It knows nothing of terminals.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <wchar.h>

#include "top/model.h"

#define TOP_INPUT_MAX	32	/* characters that a prompt takes */

enum top_mode { TOP_LIST, TOP_HELP, TOP_PROMPT, TOP_MENU };

/* The purpose of a prompt or a menu. */
enum top_purpose { TOP_SEARCH, TOP_FILTER, TOP_DELAY, TOP_SORT, TOP_SIGNAL };

struct top_view {
	struct top_order order;	/* its filter is the one below */
	char filter[TOP_INPUT_MAX * 6 + 1];	/* a character has 6 bytes */
	char search[TOP_INPUT_MAX * 6 + 1];

	size_t cursor;		/* in the model's shown */
	size_t first;		/* the topmost row on the screen */
	size_t page;		/* rows on the screen */
	bool follow;		/* the cursor stays with this process: */
	pid_t pid;
	uint64_t start_ns;

	enum top_mode mode;
	enum top_purpose purpose;
	wchar_t input[TOP_INPUT_MAX + 1];
	size_t choice;		/* in the menu */
	size_t help_first;
	int target;		/* pidfd of the process to signal, or -1 */
	char target_name[64];

	char message[128];	/* shown until the next key */
	char title[96];
	unsigned int interval_ms;
	unsigned int wanted_ms;	/* goes with TOP_INTERVAL */
	bool system;		/* the system registry: fixed interval */
	bool ended;		/* all processes have exited */
	bool unicode;
	bool colours;
};

/* Shows a message until the next key. */
void top_say(struct top_view *view, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sorts the rows, and puts the cursor in its place. Call it before drawing. */
void top_settle(struct top_view *view, struct top_model *model);

void top_sort_by(struct top_view *view, enum top_column key);

/* Return: NULL if there are no rows. */
const struct top_row *top_row_at_cursor(const struct top_view *view,
					const struct top_model *model);
/*
 * Keeps the cursor with the process there. At the top, the cursor stays at the
 * top.
 */
void top_put_cursor(struct top_view *view, const struct top_model *model,
		    size_t at);
void top_move_cursor(struct top_view *view, const struct top_model *model,
		     size_t steps, bool up);
/*
 * Goes to a row that view->search matches, from the cursor on and around the
 * end. With next, the row at the cursor comes last, not first.
 */
void top_search(struct top_view *view, const struct top_model *model,
		bool next);

#endif
