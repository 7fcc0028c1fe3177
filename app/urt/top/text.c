// SPDX-License-Identifier: MIT
#include "top/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

const char *const top_headings[TOP_COLUMNS] = {
	[TOP_PID] = "PID", [TOP_PPID] = "PPID", [TOP_USER] = "USER",
	[TOP_STATE] = "S", [TOP_THREADS] = "THR", [TOP_CPU] = "%CPU",
	[TOP_USR] = "%USR", [TOP_SYS] = "%SYS", [TOP_TIME] = "TIME+",
	[TOP_SPARK] = "HISTORY", [TOP_NAME] = "NAME",
};

bool top_is_left_aligned(enum top_column column)
{
	return column == TOP_USER || column == TOP_STATE ||
	       column == TOP_SPARK || column == TOP_NAME;
}

/* --- columns --- */

#define SPARK_MIN	8
#define NAME_MIN	15	/* the kernel cuts longer names */
#define NAME_MIN_TREE	24
#define NAME_MAX	40

/* The columns of all cells, with a blank behind each, but without the name. */
static unsigned int taken(const struct top_layout *layout)
{
	unsigned int i, sum = 0;

	for (i = 0; i < TOP_NAME; i++)
		sum += layout->width[i] ? layout->width[i] + 1 : 0;
	return sum;
}

void top_layout(struct top_layout *layout, unsigned int width, bool tree,
		unsigned int pid_digits)
{
	/* Columns that a narrow terminal leaves out, the first one first. */
	static const enum top_column spare[] = {
		TOP_PPID, TOP_USER, TOP_THREADS, TOP_SPARK, TOP_USR, TOP_SYS,
		TOP_STATE, TOP_TIME, TOP_PID, TOP_CPU,
	};
	unsigned int name = tree ? NAME_MIN_TREE : NAME_MIN, i, rest;

	if (name > width * 2 / 5)
		name = width * 2 / 5;
	*layout = (struct top_layout) {
		.width = {
			[TOP_PID] = pid_digits, [TOP_PPID] = pid_digits,
			[TOP_USER] = 8, [TOP_STATE] = 1, [TOP_THREADS] = 4,
			[TOP_CPU] = 5, [TOP_USR] = 5, [TOP_SYS] = 5,
			[TOP_TIME] = 8, [TOP_SPARK] = SPARK_MIN,
		},
	};
	for (i = 0; i < sizeof(spare) / sizeof(*spare); i++) {
		if (taken(layout) + name <= width)
			break;
		layout->width[spare[i]] = 0;
	}
	rest = width > taken(layout) ? width - taken(layout) : 0;
	/*
	 * The history gets half of the rest, or all of it if the name has
	 * plenty.
	 */
	if (layout->width[TOP_SPARK] && rest > name) {
		unsigned int more = (rest - name) / 2;

		if (rest - more > NAME_MAX)
			more = rest - NAME_MAX;
		if (more > TOP_HISTORY - SPARK_MIN)
			more = TOP_HISTORY - SPARK_MIN;
		layout->width[TOP_SPARK] += more;
		rest -= more;
	}
	layout->width[TOP_NAME] = rest;
}

/* --- text --- */

unsigned int top_fit(char *out, size_t size, const char *text,
		     unsigned int width)
{
	char *end = out + size - 1;
	unsigned int used = 0;
	mbstate_t state = { 0 };
	wchar_t c;

	while (*text) {
		size_t length = mbrtowc(&c, text, MB_CUR_MAX, &state);
		int columns;

		if (length == (size_t)-1 || length == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			length = 1;
			columns = 0;
		} else {
			columns = wcwidth(c);
		}
		/*
		 * Characters of no width count, because they may turn the text
		 * around.
		 */
		if (used + (columns > 0 ? columns : 1) > width ||
		    out + length > end)
			break;
		if (columns > 0)
			out = mempcpy(out, text, length);
		else
			*out++ = '?';
		used += columns > 0 ? columns : 1;
		text += length;
	}
	*out = '\0';
	return used;
}

void top_time(char *out, size_t size, uint64_t ns)
{
	unsigned long long ms = ns / 1000000, s = ms / 1000, min = s / 60,
			   h = min / 60;

	if (min < 10)
		snprintf(out, size, "%llu:%02llu.%03llu", min, s % 60,
			 ms % 1000);
	else if (min < 100)
		snprintf(out, size, "%llu:%02llu.%02llu", min, s % 60,
			 ms % 1000 / 10);
	else if (h < 100)
		snprintf(out, size, "%lluh%02llu:%02llu", h, min % 60, s % 60);
	else
		snprintf(out, size, "%llud%02lluh", h / 24, h % 24);
}

void top_percent(char *out, size_t size, double percent)
{
	if (percent < 999.95)
		snprintf(out, size, "%.1f", percent);
	else
		snprintf(out, size, "%.0f", percent);
}

/* --- bars and branches --- */

/* Returns 0 for nothing, else 1 to 8. */
static unsigned int height(unsigned int share, unsigned int full)
{
	unsigned int step = share * 8 / full;

	return !share ? 0 : step < 8 ? step + 1 : 8;
}

/* The highest share that is still remembered. */
static unsigned int highest(const struct top_history *history)
{
	unsigned int i, max = 0;

	for (i = 0; i < TOP_HISTORY && i < history->count; i++) {
		if (history->share[i] > max)
			max = history->share[i];
	}
	return max;
}

void top_spark(char *out, size_t size, const struct top_history *history,
	       unsigned int width, bool unicode)
{
	static const char *const blocks[] = {
		"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const ascii[] = {
		".", "_", "-", ":", "=", "+", "*", "%", "#",
	};
	unsigned int full = highest(history), have = history->count, i, share;
	const char *bar;

	if (full < 100)
		full = 100;
	if (have > TOP_HISTORY)
		have = TOP_HISTORY;
	for (i = width; i > 0 && size > 3; i--) {
		if (i > have) {
			bar = " ";
		} else {
			share = history->share[(history->count - i) %
					       TOP_HISTORY];
			bar = (unicode ? blocks : ascii)[height(share, full)];
		}
		size -= strlen(bar);
		out = stpcpy(out, bar);
	}
	*out = '\0';
}

static const char *branch_piece(const struct top_row *at, bool last,
				bool unicode)
{
	static const char *const pieces[2][2][2] = {
		{ { "   ", "   " }, { "|  ", "│  " } },
		{ { "`- ", "└─ " }, { "|- ", "├─ " } },
	};

	return pieces[last][at->sibling != NULL][unicode];
}

void top_branch(char *out, size_t size, const struct top_row *row,
		unsigned int width, bool unicode)
{
	const char *pieces[TOP_WIDTH_MAX / 3];
	const struct top_row *at = row;
	unsigned int levels = width / 3, i;

	if (levels > row->depth)
		levels = row->depth;
	if (levels > TOP_WIDTH_MAX / 3)
		levels = TOP_WIDTH_MAX / 3;
	for (i = levels; i-- > 0; at = at->parent)
		pieces[i] = branch_piece(at, at == row, unicode);
	/* The row is deeper than there is room for. */
	if (levels && row->depth > levels)
		pieces[0] = unicode ? "…  " : "~  ";
	*out = '\0';
	for (i = 0; i < levels && strlen(pieces[i]) < size; i++) {
		size -= strlen(pieces[i]);
		out = stpcpy(out, pieces[i]);
	}
}
