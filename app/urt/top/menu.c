// SPDX-License-Identifier: MIT
#include "top/menu.h"

#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "top/kill.h"

#define ESCAPE	27

static const int signals[] = {
	SIGTERM, SIGKILL, SIGINT, SIGHUP, SIGQUIT, SIGSTOP, SIGCONT, SIGTSTP,
	SIGUSR1, SIGUSR2, SIGALRM, SIGABRT,
};

static const enum top_column sort_keys[] = {
	TOP_PID, TOP_PPID, TOP_USER, TOP_STATE, TOP_THREADS, TOP_CPU, TOP_USR,
	TOP_SYS, TOP_TIME, TOP_NAME,
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const sort_labels[TOP_COLUMNS] = {
	[TOP_PID] = "PID", [TOP_PPID] = "PPID, of the parent",
	[TOP_USER] = "USER, by number", [TOP_STATE] = "S, state",
	[TOP_THREADS] = "THR, threads", [TOP_CPU] = "%CPU",
	[TOP_USR] = "%USR", [TOP_SYS] = "%SYS", [TOP_TIME] = "TIME+",
	[TOP_NAME] = "NAME",
};

size_t top_menu_count(const struct top_view *view)
{
	return view->purpose == TOP_SORT ? COUNT(sort_keys) : COUNT(signals);
}

void top_menu_label(const struct top_view *view, size_t i, char *label,
		    size_t size)
{
	char name[STATUS_SIZE];

	if (view->purpose == TOP_SORT)
		snprintf(label, size, "%s", sort_labels[sort_keys[i]]);
	else
		snprintf(label, size, "%2d %s", signals[i],
			 format_signal(name, signals[i]));
}

static size_t sort_position(const struct top_view *view)
{
	size_t i = 0;

	while (i < COUNT(sort_keys) - 1 && sort_keys[i] != view->order.key)
		i++;
	return i;
}

void top_menu_shift_sort(struct top_view *view, bool right)
{
	size_t at = sort_position(view);

	if (right ? at + 1 < COUNT(sort_keys) : at > 0)
		top_sort_by(view, sort_keys[right ? at + 1 : at - 1]);
}

void top_menu_open_sort(struct top_view *view)
{
	view->mode = TOP_MENU;
	view->purpose = TOP_SORT;
	view->choice = sort_position(view);
}

void top_menu_open_signal(struct top_view *view, const struct top_model *model)
{
	const struct top_row *row = top_row_at_cursor(view, model);
	char name[NAME_SIZE];

	if (!row)
		return;
	if (row->exited) {
		top_say(view, "Process %d has exited", row->pid);
		return;
	}
	view->target = top_target_open(row->pid, row->start_ns);
	if (view->target < 0) {
		top_say(view, "Process %d: %s", row->pid, strerror(errno));
		return;
	}
	snprintf(view->target_name, sizeof(view->target_name), "%d (%.40s)",
		 row->pid, format_name(name, row->comm));
	view->mode = TOP_MENU;
	view->purpose = TOP_SIGNAL;
	view->choice = 0;
}

static void close_menu(struct top_view *view)
{
	view->mode = TOP_LIST;
	if (view->target >= 0)
		close(view->target);
	view->target = -1;
}

static void choose(struct top_view *view)
{
	char name[STATUS_SIZE];

	if (view->purpose == TOP_SORT) {
		top_sort_by(view, sort_keys[view->choice]);
	} else if (top_target_signal(view->target, signals[view->choice])) {
		top_say(view, "%s: %s", view->target_name, strerror(errno));
	} else {
		top_say(view, "%s sent to %s",
			format_signal(name, signals[view->choice]),
			view->target_name);
	}
	close_menu(view);
}

void top_menu_press(struct top_view *view, wint_t c, bool key)
{
	size_t last = top_menu_count(view) - 1;

	if ((key && c == KEY_UP) || (!key && c == 'k'))
		view->choice -= view->choice > 0;
	else if ((key && c == KEY_DOWN) || (!key && c == 'j'))
		view->choice += view->choice < last;
	else if (key && (c == KEY_HOME || c == KEY_PPAGE))
		view->choice = 0;
	else if (key && (c == KEY_END || c == KEY_NPAGE))
		view->choice = last;
	else if (key ? c == KEY_ENTER : c == '\n' || c == '\r')
		choose(view);
	else if (key ? c == KEY_F(10) : c == ESCAPE || c == 'q')
		close_menu(view);
}
