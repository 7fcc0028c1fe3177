// SPDX-License-Identifier: MIT
/* What keys do; htop's and top's, where they have one for it. */
#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wctype.h>

#include "format.h"
#include "parse.h"
#include "top/top.h"

#define ESCAPE	27
#define CTRL(c)	((c) & 0x1f)

__attribute__((format(printf, 2, 3)))
static void say(struct top_view *view, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(view->message, sizeof(view->message), format, args);
	va_end(args);
}

/* --- the cursor --- */

static const struct top_row *row_at_cursor(const struct top_view *view,
					   const struct top_model *model)
{
	return view->cursor < model->shown_count ? model->shown[view->cursor] :
						   NULL;
}

/* Stays with the process there; at the top, with whatever is at the top. */
static void put_cursor(struct top_view *view, const struct top_model *model,
		       size_t at)
{
	const struct top_row *row;

	if (at >= model->shown_count)
		at = model->shown_count ? model->shown_count - 1 : 0;
	view->cursor = at;
	row = row_at_cursor(view, model);
	view->follow = at && row;
	if (row) {
		view->pid = row->pid;
		view->start_ns = row->start_ns;
	}
}

static void move_cursor(struct top_view *view, const struct top_model *model,
			size_t steps, bool up)
{
	if (up)
		steps = steps > view->cursor ? 0 : view->cursor - steps;
	else
		steps += view->cursor;
	put_cursor(view, model, steps);
}

void top_settle(struct top_view *view, struct top_model *model)
{
	size_t at;

	view->order.filter = view->filter;
	top_model_arrange(model, &view->order);
	if (view->follow) {
		at = top_model_find(model, view->pid, view->start_ns);
		if (at != (size_t)-1)
			view->cursor = at;
		else
			view->follow = false;
	}
	if (view->cursor >= model->shown_count)
		view->cursor = model->shown_count ? model->shown_count - 1 : 0;
}

/* From the cursor on, around the end; the row at the cursor last, or first. */
static void search(struct top_view *view, const struct top_model *model,
		   bool next)
{
	size_t i, at;

	if (!*view->search)
		return;
	for (i = 0; i < model->shown_count; i++) {
		at = (view->cursor + i + next) % model->shown_count;
		if (top_row_matches(model->shown[at], view->search)) {
			put_cursor(view, model, at);
			return;
		}
	}
	say(view, "Not found: %s", view->search);
}

/* --- menus --- */

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

static void open_sort_menu(struct top_view *view)
{
	view->mode = TOP_MENU;
	view->purpose = TOP_SORT;
	view->choice = sort_position(view);
}

static void open_signal_menu(struct top_view *view,
			     const struct top_model *model)
{
	const struct top_row *row = row_at_cursor(view, model);
	char name[NAME_SIZE];

	if (!row)
		return;
	if (row->exited) {
		say(view, "Process %d has exited", row->pid);
		return;
	}
	view->target = top_target_open(row->pid, row->start_ns);
	if (view->target < 0) {
		say(view, "Process %d: %s", row->pid, strerror(errno));
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
		view->order.key = sort_keys[view->choice];
		view->order.reverse = false;
	} else if (top_target_signal(view->target, signals[view->choice])) {
		say(view, "%s: %s", view->target_name, strerror(errno));
	} else {
		say(view, "%s sent to %s",
		    format_signal(name, signals[view->choice]),
		    view->target_name);
	}
	close_menu(view);
}

static void press_in_menu(struct top_view *view, wint_t c, bool key)
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

/* --- prompts --- */

static void open_prompt(struct top_view *view, enum top_purpose purpose,
			const char *text)
{
	view->mode = TOP_PROMPT;
	view->purpose = purpose;
	if (mbstowcs(view->input, text, TOP_INPUT_MAX) == (size_t)-1)
		view->input[0] = L'\0';
	view->input[TOP_INPUT_MAX] = L'\0';
}

static void input_to(const struct top_view *view, char *text, size_t size)
{
	if (wcstombs(text, view->input, size) >= size)
		*text = '\0';
}

static void open_delay_prompt(struct top_view *view)
{
	if (view->system)
		say(view, "The system registry has the module's interval_ms");
	else
		open_prompt(view, TOP_DELAY, "");
}

/* What is typed takes effect at once, except a number. */
static void typed(struct top_view *view, struct top_model *model)
{
	if (view->purpose == TOP_SEARCH) {
		input_to(view, view->search, sizeof(view->search));
		search(view, model, false);
	} else if (view->purpose == TOP_FILTER) {
		input_to(view, view->filter, sizeof(view->filter));
	}
}

static enum top_action finish_prompt(struct top_view *view)
{
	char text[TOP_INPUT_MAX * 6 + 1];

	view->mode = TOP_LIST;
	if (view->purpose != TOP_DELAY || !view->input[0])
		return TOP_GO_ON;
	input_to(view, text, sizeof(text));
	if (parse_seconds(text, &view->wanted_ms))
		return TOP_INTERVAL;
	say(view, "Not a number of seconds: %s", text);
	return TOP_GO_ON;
}

static void cancel_prompt(struct top_view *view)
{
	view->mode = TOP_LIST;
	if (view->purpose == TOP_FILTER)
		view->filter[0] = '\0';
}

static enum top_action press_in_prompt(struct top_view *view,
				       struct top_model *model, wint_t c,
				       bool key)
{
	size_t length = wcslen(view->input);

	if (key ? c == KEY_ENTER : c == '\n' || c == '\r')
		return finish_prompt(view);
	if (!key && c == ESCAPE) {
		cancel_prompt(view);
	} else if (key && c == KEY_F(3) && view->purpose == TOP_SEARCH) {
		search(view, model, true);
	} else if (key ? c == KEY_BACKSPACE : c == 127 || c == CTRL('h')) {
		if (length)
			view->input[length - 1] = L'\0';
		typed(view, model);
	} else if (!key && c == CTRL('u')) {
		view->input[0] = L'\0';
		typed(view, model);
	} else if (!key && iswprint(c) && length < TOP_INPUT_MAX) {
		view->input[length] = (wchar_t)c;
		view->input[length + 1] = L'\0';
		typed(view, model);
	}
	return TOP_GO_ON;
}

/* --- the list --- */

static void sort_by(struct top_view *view, enum top_column key)
{
	view->order.key = key;
	view->order.reverse = false;
}

/* The column to the left or to the right. */
static void shift_sort(struct top_view *view, bool right)
{
	size_t at = sort_position(view);

	if (right ? at + 1 < COUNT(sort_keys) : at > 0)
		sort_by(view, sort_keys[right ? at + 1 : at - 1]);
}

/* The next longer or shorter one of 1, 2 and 5 times powers of ten. */
static enum top_action step_interval(struct top_view *view, bool longer)
{
	static const unsigned int steps[] = {
		10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000,
		60000, 300000, 600000, 3600000,
	};
	size_t i;

	if (view->system) {
		open_delay_prompt(view);
		return TOP_GO_ON;
	}
	view->wanted_ms = 0;
	for (i = 0; i < COUNT(steps); i++) {
		if (longer && steps[i] > view->interval_ms) {
			view->wanted_ms = steps[i];
			break;
		}
		if (!longer && steps[i] < view->interval_ms)
			view->wanted_ms = steps[i];
	}
	return view->wanted_ms ? TOP_INTERVAL : TOP_GO_ON;
}

static void toggle_tree(struct top_view *view, const struct top_model *model)
{
	view->order.tree = !view->order.tree;
	put_cursor(view, model, view->cursor);
}

/* Moves the cursor, if that is what the key is for. */
static bool press_to_move(struct top_view *view, const struct top_model *model,
			  wint_t c)
{
	switch (c) {
	case KEY_UP:
		move_cursor(view, model, 1, true);
		return true;
	case KEY_DOWN:
		move_cursor(view, model, 1, false);
		return true;
	case KEY_PPAGE:
		move_cursor(view, model, view->page, true);
		return true;
	case KEY_NPAGE:
		move_cursor(view, model, view->page, false);
		return true;
	case KEY_HOME:
		put_cursor(view, model, 0);
		return true;
	case KEY_END:
		put_cursor(view, model, model->shown_count);
		return true;
	default:
		return false;
	}
}

/* The character that does the same. */
static wint_t key_letter(wint_t c)
{
	switch (c) {
	case KEY_F(1):
		return 'h';
	case KEY_F(3):
		return '/';
	case KEY_F(4):
		return '\\';
	case KEY_F(5):
		return 't';
	case KEY_F(6):
		return '.';
	case KEY_F(9):
		return 'k';
	case KEY_F(10):
		return 'q';
	default:
		return 0;
	}
}

static bool press_to_sort(struct top_view *view, wint_t c)
{
	switch (c) {
	case 'P':
		sort_by(view, TOP_CPU);
		return true;
	case 'T':
		sort_by(view, TOP_TIME);
		return true;
	case 'N':
		sort_by(view, TOP_PID);
		return true;
	case 'I':
	case 'R':
		view->order.reverse = !view->order.reverse;
		return true;
	case '<':
	case '>':
		shift_sort(view, c == '>');
		return true;
	case '.':
	case ',':
		open_sort_menu(view);
		return true;
	default:
		return false;
	}
}

static enum top_action press_in_list(struct top_view *view,
				     struct top_model *model, wint_t c)
{
	if (press_to_sort(view, c))
		return TOP_GO_ON;
	switch (c) {
	case 'q':
		return TOP_QUIT;
	case 'h':
	case '?':
		view->mode = TOP_HELP;
		view->help_first = 0;
		break;
	case 't':
		toggle_tree(view, model);
		break;
	case 'x':
		view->order.hide_exited = !view->order.hide_exited;
		break;
	case '/':
		open_prompt(view, TOP_SEARCH, "");
		break;
	case 'n':
		search(view, model, true);
		break;
	case '\\':
		open_prompt(view, TOP_FILTER, view->filter);
		break;
	case 'k':
		open_signal_menu(view, model);
		break;
	case 'd':
	case 's':
		open_delay_prompt(view);
		break;
	case '+':
	case '-':
		return step_interval(view, c == '+');
	case CTRL('l'):
		top_screen_resume();
		break;
	}
	return TOP_GO_ON;
}

/* Scrolls; any other key leaves. */
static void press_in_help(struct top_view *view, wint_t c, bool key)
{
	if (key && (c == KEY_DOWN || c == KEY_NPAGE))
		view->help_first++;
	else if (key && (c == KEY_UP || c == KEY_PPAGE))
		view->help_first -= view->help_first > 0;
	else
		view->mode = TOP_LIST;
}

enum top_action top_press(struct top_view *view, struct top_model *model,
			  wint_t c, bool key)
{
	if (key && c == KEY_RESIZE)
		return TOP_GO_ON;
	view->message[0] = '\0';
	switch (view->mode) {
	case TOP_HELP:
		press_in_help(view, c, key);
		return TOP_GO_ON;
	case TOP_MENU:
		press_in_menu(view, c, key);
		return TOP_GO_ON;
	case TOP_PROMPT:
		return press_in_prompt(view, model, c, key);
	default:
		break;
	}
	if (key && press_to_move(view, model, c))
		return TOP_GO_ON;
	return press_in_list(view, model, key ? key_letter(c) : c);
}
