// SPDX-License-Identifier: MIT
/* The effect of keys. They are those of htop and top, if these have one. */
#include "top/keys.h"

#include <ncurses.h>
#include <stdlib.h>
#include <unistd.h>
#include <wctype.h>

#include "parse.h"
#include "top/menu.h"

#define ESCAPE	27
#define CTRL(c)	((c) & 0x1f)

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
		top_say(view, "The system registry has the module's interval_ms");
	else
		open_prompt(view, TOP_DELAY, "");
}

/* The typed text takes effect at once, except a number. */
static void typed(struct top_view *view, struct top_model *model)
{
	if (view->purpose == TOP_SEARCH) {
		input_to(view, view->search, sizeof(view->search));
		top_search(view, model, false);
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
	top_say(view, "Not a number of seconds: %s", text);
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
		top_search(view, model, true);
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

/* Steps to the next longer or shorter one of 1, 2 and 5 times powers of ten. */
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
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
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
	top_put_cursor(view, model, view->cursor);
}

/* Moves the cursor, if the key is for moving. */
static bool press_to_move(struct top_view *view, const struct top_model *model,
			  wint_t c)
{
	switch (c) {
	case KEY_UP:
		top_move_cursor(view, model, 1, true);
		return true;
	case KEY_DOWN:
		top_move_cursor(view, model, 1, false);
		return true;
	case KEY_PPAGE:
		top_move_cursor(view, model, view->page, true);
		return true;
	case KEY_NPAGE:
		top_move_cursor(view, model, view->page, false);
		return true;
	case KEY_HOME:
		top_put_cursor(view, model, 0);
		return true;
	case KEY_END:
		top_put_cursor(view, model, model->shown_count);
		return true;
	default:
		return false;
	}
}

/* The letter with the effect of the key. */
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
		top_sort_by(view, TOP_CPU);
		return true;
	case 'T':
		top_sort_by(view, TOP_TIME);
		return true;
	case 'N':
		top_sort_by(view, TOP_PID);
		return true;
	case 'I':
	case 'R':
		view->order.reverse = !view->order.reverse;
		return true;
	case '<':
	case '>':
		top_menu_shift_sort(view, c == '>');
		return true;
	case '.':
	case ',':
		top_menu_open_sort(view);
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
		top_search(view, model, true);
		break;
	case '\\':
		open_prompt(view, TOP_FILTER, view->filter);
		break;
	case 'k':
		top_menu_open_signal(view, model);
		break;
	case 'd':
	case 's':
		open_delay_prompt(view);
		break;
	case '+':
	case '-':
		return step_interval(view, c == '+');
	case CTRL('l'):
		return TOP_REDRAW;
	}
	return TOP_GO_ON;
}

/* The keys for moving scroll. Any other key closes the help. */
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
		top_menu_press(view, c, key);
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
