// SPDX-License-Identifier: MIT
/* The screen of urt top: it opens and closes the terminal, and draws. */
#include "top/screen.h"

#include <langinfo.h>
#include <ncurses.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "format.h"
#include "top/menu.h"
#include "top/text.h"

#define ESCAPE_DELAY_MS	25	/* between an escape and the rest of a key */

/* Looks of text. Without colours, only other attributes distinguish them. */
enum look { PLAIN, STRONG, TITLE, SORTED, SELECTED, FAINT, FADED, ALARM, LOOKS };

static attr_t looks[LOOKS];
static SCREEN *screen;
static bool active;

/* --- in and out --- */

static void set_looks(bool colours)
{
	static const struct {
		enum look look;
		short foreground, background;
		attr_t attributes;
	} coloured[] = {
		{ TITLE, COLOR_BLACK, COLOR_GREEN, A_NORMAL },
		{ SORTED, COLOR_BLACK, COLOR_CYAN, A_NORMAL },
		{ SELECTED, COLOR_BLACK, COLOR_CYAN, A_NORMAL },
		{ STRONG, COLOR_CYAN, -1, A_BOLD },
		{ ALARM, COLOR_RED, -1, A_BOLD },
	};
	size_t i;

	looks[PLAIN] = A_NORMAL;
	looks[STRONG] = A_BOLD;
	looks[TITLE] = A_REVERSE;
	looks[SORTED] = A_REVERSE | A_BOLD;
	looks[SELECTED] = A_REVERSE;
	looks[FAINT] = A_DIM;
	looks[FADED] = A_DIM;
	looks[ALARM] = A_BOLD;
	if (!colours)
		return;
	for (i = 0; i < sizeof(coloured) / sizeof(*coloured); i++) {
		init_pair((short)(i + 1), coloured[i].foreground,
			  coloured[i].background);
		looks[coloured[i].look] = COLOR_PAIR(i + 1) |
					  coloured[i].attributes;
	}
	if (COLORS >= 16) {
		init_pair((short)(i + 1), 8, -1);	/* dark grey */
		looks[FADED] = COLOR_PAIR(i + 1);
	}
}

/* Whether terminfo has this capability. */
static bool can(const char *name)
{
	const char *text = tigetstr(name);

	/* (char *)-1 is no string. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return text && text != (char *)-1;
}

static const char *refuse(const char *why)
{
	top_screen_close();
	return why;
}

const char *top_screen_open(struct top_view *view)
{
	const char *no_color = getenv("NO_COLOR");

	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return "the type of this terminal (TERM) is unknown";
	active = true;
	if (!can("cup") || !can("clear"))
		return refuse("this type of terminal (TERM) cannot place its cursor");
	atexit(top_screen_close);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	view->colours = !(no_color && *no_color) && has_colors() &&
			start_color() == OK && use_default_colors() == OK;
	view->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	set_looks(view->colours);
	top_screen_resize();
	return NULL;
}

void top_screen_close(void)
{
	if (active)
		endwin();
	active = false;
}

void top_screen_resume(void)
{
	active = true;
	reset_prog_mode();
	clearok(curscr, TRUE);
	top_screen_resize();
	refresh();
}

void top_screen_resize(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row &&
	    size.ws_col && is_term_resized(size.ws_row, size.ws_col))
		resizeterm(size.ws_row, size.ws_col);
}

/* --- lines made of pieces --- */

struct line {
	int y;
	unsigned int x;
	unsigned int width;
};

static struct line line_at(int y)
{
	return (struct line) { .y = y, .width = COLS < TOP_WIDTH_MAX ?
			       (unsigned int)COLS : TOP_WIDTH_MAX };
}

static void put(struct line *line, attr_t attributes, const char *text)
{
	char out[TOP_LINE_SIZE];
	unsigned int used = top_fit(out, sizeof(out), text,
				    line->width - line->x);

	attrset(attributes);
	mvaddstr(line->y, (int)line->x, out);
	attrset(A_NORMAL);
	line->x += used;
}

/* Adds two blanks and the piece, if all of it fits. */
__attribute__((format(printf, 3, 4)))
static void piece(struct line *line, enum look look, const char *format, ...)
{
	unsigned int gap = line->x ? 2 : 0;
	char text[256], out[TOP_LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (line->x + gap + top_fit(out, sizeof(out), text, TOP_WIDTH_MAX) >
	    line->width)
		return;
	line->x += gap;
	put(line, looks[look], text);
}

/* Adds blanks up to a column. */
static void pad(struct line *line, attr_t attributes, unsigned int end)
{
	attrset(attributes);
	while (line->x < end && line->x < line->width)
		mvaddch(line->y, (int)line->x++, ' ');
	attrset(A_NORMAL);
}

/* Adds a cell of a table, and a blank. */
static void cell(struct line *line, attr_t attributes, const char *text,
		 unsigned int width, bool left)
{
	unsigned int end = line->x + width, used;
	char out[TOP_LINE_SIZE];

	used = top_fit(out, sizeof(out), text, width);
	if (!left)
		pad(line, attributes, end - used);
	put(line, attributes, out);
	pad(line, attributes, end + 1);
}

/* --- the header --- */

static void draw_title(const struct top_view *view)
{
	struct line line = line_at(0);
	char name[16];

	piece(&line, STRONG, "urt top");
	if (line.x + 2 < line.width) {
		line.x += 2;
		put(&line, looks[PLAIN], view->title);
	}
	snprintf(name, sizeof(name), "%g", view->interval_ms / 1000.0);
	piece(&line, PLAIN, "every %s s", name);
	if (*view->filter)
		piece(&line, ALARM, "only: %s", view->filter);
	piece(&line, PLAIN, "by %s%s%s", top_headings[view->order.key],
	      view->order.reverse ? ", inverted" : "",
	      view->order.tree ? ", tree" : "");
	if (view->order.hide_exited)
		piece(&line, PLAIN, "exited ones hidden");
}

static void draw_cpu(const struct top_view *view,
		     const struct top_totals *totals)
{
	struct line line = line_at(1);
	char time[32], spark[TOP_LINE_SIZE];
	unsigned int width;

	if (totals->measured) {
		piece(&line, STRONG, "CPU %.1f %%", totals->user + totals->system);
		piece(&line, PLAIN, "user %.1f %%", totals->user);
		piece(&line, PLAIN, "system %.1f %%", totals->system);
	} else {
		piece(&line, STRONG, "CPU -");
	}
	top_time(time, sizeof(time),
		 totals->cpu.user_ns + totals->cpu.system_ns);
	piece(&line, PLAIN, "time %s", time);
	if (line.x + 2 + 8 > line.width)
		return;
	line.x += 2;
	width = line.width - line.x;
	top_spark(spark, sizeof(spark), &totals->history,
		  width < TOP_HISTORY ? width : TOP_HISTORY, view->unicode);
	put(&line, looks[PLAIN], spark);
}

static void draw_counts(const struct top_totals *totals)
{
	struct line line = line_at(2);

	piece(&line, STRONG, "%zu process%s", totals->processes,
	      totals->processes == 1 ? "" : "es");
	piece(&line, PLAIN, "%zu running", totals->running);
	piece(&line, PLAIN, "%llu exited", (unsigned long long)totals->exited);
	if (totals->lost)
		piece(&line, ALARM, "%llu lost",
		      (unsigned long long)totals->lost);
	if (totals->missed)
		piece(&line, ALARM, "%llu missed",
		      (unsigned long long)totals->missed);
	if (totals->unlisted)
		piece(&line, ALARM, "%zu not listed", totals->unlisted);
	if (!totals->lost && !totals->missed)
		piece(&line, PLAIN, "none lost or missed");
}

/* The lines of the header on a terminal of this height. */
static int header_height(int lines)
{
	return lines >= 10 ? 3 : lines >= 8 ? 2 : lines >= 6 ? 1 : 0;
}

/* --- the table --- */

/* Names are looked up once. Only the last few are remembered. */
static const char *user_name(uid_t uid)
{
	static struct {
		uid_t uid;
		bool known;
		char name[33];
	} names[64], *slot;
	struct passwd *user;

	slot = &names[uid % (sizeof(names) / sizeof(*names))];
	if (slot->known && slot->uid == uid)
		return slot->name;
	user = getpwuid(uid);
	if (user)
		snprintf(slot->name, sizeof(slot->name), "%s", user->pw_name);
	else
		snprintf(slot->name, sizeof(slot->name), "%u", uid);
	slot->known = true;
	slot->uid = uid;
	return slot->name;
}

static void format_share(const struct top_row *row, double share, char *text,
			 size_t size)
{
	if (row->history.count)
		top_percent(text, size, share);
	else
		snprintf(text, size, "-");
}

/* Says how the process ended, if the end is remarkable. */
static void format_end(const struct top_row *row, char *text, size_t size)
{
	char status[STATUS_SIZE];

	*text = '\0';
	if (!row->exited || row->status <= 0)
		return;
	format_status(status, row->status);
	snprintf(text, size, *status == 'S' ? " [%s]" : " [exit %s]", status);
}

#define NAME_LEFT 4	/* columns of a name that its end leaves, at least */

/* Prints branches, as much of the name as fits, and how the process ended. */
static void put_name(const struct top_view *view, const struct top_row *row,
		     unsigned int width, char *text, size_t size)
{
	char name[NAME_SIZE], fitting[NAME_SIZE], end[STATUS_SIZE + 16];
	char branch[TOP_LINE_SIZE] = "", scratch[TOP_LINE_SIZE];
	unsigned int room = width > 24 ? width - 12 : width / 2;

	if (view->order.tree)
		top_branch(branch, sizeof(branch), row, room, view->unicode);
	room = width - top_fit(scratch, sizeof(scratch), branch, width);
	format_end(row, end, sizeof(end));
	if (room < strlen(end) + NAME_LEFT)
		*end = '\0';
	top_fit(fitting, sizeof(fitting), format_name(name, row->comm),
		room - (unsigned int)strlen(end));
	snprintf(text, size, "%s%s%s", branch, fitting, end);
}

static void format_column(const struct top_view *view,
			  const struct top_row *row, enum top_column column,
			  unsigned int width, char *text, size_t size)
{
	switch (column) {
	case TOP_PID:
		snprintf(text, size, "%d", row->pid);
		break;
	case TOP_PPID:
		snprintf(text, size, "%d", row->ppid);
		break;
	case TOP_USER:
		snprintf(text, size, "%s", user_name(row->uid));
		break;
	case TOP_STATE:
		snprintf(text, size, "%c", row->state);
		break;
	case TOP_THREADS:
		snprintf(text, size, "%u", row->threads);
		break;
	case TOP_CPU:
		format_share(row, row->user + row->system, text, size);
		break;
	case TOP_USR:
		format_share(row, row->user, text, size);
		break;
	case TOP_SYS:
		format_share(row, row->system, text, size);
		break;
	case TOP_TIME:
		top_time(text, size, row->cpu.user_ns + row->cpu.system_ns);
		break;
	case TOP_SPARK:
		top_spark(text, size, &row->history, width, view->unicode);
		break;
	default:
		put_name(view, row, width, text, size);
		break;
	}
}

static enum look row_look(const struct top_row *row)
{
	if (!row->exited)
		return PLAIN;
	return row->age <= TOP_FADE / 2 ? FAINT : FADED;
}

static void draw_row(const struct top_view *view, const struct top_row *row,
		     const struct top_layout *layout, int y, bool selected)
{
	attr_t attributes = looks[selected ? SELECTED : row_look(row)];
	struct line line = line_at(y);
	char text[TOP_LINE_SIZE];
	enum top_column i;

	for (i = 0; i < TOP_COLUMNS; i++) {
		if (!layout->width[i])
			continue;
		format_column(view, row, i, layout->width[i], text,
			      sizeof(text));
		cell(&line, attributes, text, layout->width[i],
		     top_is_left_aligned(i));
	}
	pad(&line, attributes, line.width);
}

static bool largest_first(const struct top_order *order)
{
	enum top_column key = order->key;

	return (key == TOP_THREADS || key == TOP_CPU || key == TOP_USR ||
		key == TOP_SYS || key == TOP_TIME) != order->reverse;
}

static void draw_headings(const struct top_view *view,
			  const struct top_layout *layout, int y)
{
	const char *arrows[2][2] = { { "^", "▴" }, { "v", "▾" } };
	struct line line = line_at(y);
	char text[32];
	enum top_column i;

	for (i = 0; i < TOP_COLUMNS; i++) {
		bool sorted = view->order.key == i;

		if (!layout->width[i])
			continue;
		snprintf(text, sizeof(text), "%s%s", top_headings[i], !sorted ?
			 "" : arrows[largest_first(&view->order)][view->unicode]);
		cell(&line, looks[sorted ? SORTED : TITLE], text,
		     layout->width[i], top_is_left_aligned(i));
	}
	pad(&line, looks[TITLE], line.width);
}

static unsigned int pid_digits(const struct top_model *model)
{
	unsigned int digits = 5;
	pid_t limit = 100000;
	size_t i;

	for (i = 0; i < model->shown_count; i++) {
		while (digits < 10 && model->shown[i]->pid >= limit) {
			digits++;
			limit = digits < 10 ? limit * 10 : limit;
		}
	}
	return digits;
}

static void scroll_to_cursor(struct top_view *view,
			     const struct top_model *model)
{
	size_t last = model->shown_count > view->page ?
		      model->shown_count - view->page : 0;

	if (view->first > view->cursor)
		view->first = view->cursor;
	if (view->cursor >= view->first + view->page)
		view->first = view->cursor + 1 - view->page;
	if (view->first > last)
		view->first = last;
}

static void draw_empty(const struct top_view *view, int y)
{
	struct line line = line_at(y);

	if (*view->filter)
		piece(&line, PLAIN, "Nothing matches. F4 and Esc show all.");
	else if (view->system)
		piece(&line, PLAIN, "Nothing is registered: see 'urt add --help'");
}

static void draw_table(struct top_view *view, const struct top_model *model,
		       int y, int height)
{
	struct top_layout layout;
	size_t i;

	if (height <= 0)
		return;
	top_layout(&layout, line_at(0).width, view->order.tree,
		   pid_digits(model));
	if (height > 1) {
		draw_headings(view, &layout, y++);
		height--;
	}
	view->page = (size_t)height;
	scroll_to_cursor(view, model);
	for (i = 0; i < view->page && view->first + i < model->shown_count; i++)
		draw_row(view, model->shown[view->first + i], &layout,
			 y + (int)i, view->first + i == view->cursor);
	if (!model->shown_count)
		draw_empty(view, y);
}

/* --- the last line --- */

static const char *const key_labels[][2] = {
	{ "F1", "Help" }, { "F3", "Search" }, { "F4", "Filter" },
	{ "F5", "Tree" }, { "F6", "Sort" }, { "F9", "Kill" },
	{ "F10", "Quit" },
};

#define KEY_LABELS (sizeof(key_labels) / sizeof(*key_labels))

/* Shows the first keys and the last one, as many as fit. */
static void draw_keys(struct line *line)
{
	unsigned int total = 0, i, dropped = 0;

	for (i = 0; i < KEY_LABELS; i++)
		total += (unsigned int)(strlen(key_labels[i][0]) +
					strlen(key_labels[i][1]) + 1);
	for (i = KEY_LABELS - 1; i-- > 0 && line->x + total > line->width; ) {
		total -= (unsigned int)(strlen(key_labels[i][0]) +
					strlen(key_labels[i][1]) + 1);
		dropped++;
	}
	for (i = 0; i < KEY_LABELS; i++) {
		if (i + 1 + dropped >= KEY_LABELS && i + 1 < KEY_LABELS)
			continue;
		put(line, looks[PLAIN], key_labels[i][0]);
		put(line, looks[TITLE], key_labels[i][1]);
		put(line, looks[PLAIN], " ");
	}
}

static void draw_prompt(const struct top_view *view, struct line *line)
{
	char input[sizeof(view->search)], label[64];
	const char *cursor = view->unicode ? "█" : "_";

	if (wcstombs(input, view->input, sizeof(input)) >= sizeof(input))
		input[0] = '\0';
	if (view->purpose == TOP_DELAY)
		snprintf(label, sizeof(label), "Seconds between updates (now %g): ",
			 view->interval_ms / 1000.0);
	else
		snprintf(label, sizeof(label), "%s",
			 view->purpose == TOP_SEARCH ? "Search: " : "Filter: ");
	put(line, looks[STRONG], label);
	put(line, looks[PLAIN], input);
	put(line, looks[PLAIN], cursor);
	if (*view->message)
		piece(line, ALARM, "%s", view->message);
	else if (view->purpose == TOP_SEARCH)
		piece(line, FAINT, "Enter done  F3 next  Esc cancel");
	else
		piece(line, FAINT, "Enter done  Esc %s",
		      view->purpose == TOP_FILTER ? "clear" : "cancel");
}

static void draw_footer(const struct top_view *view)
{
	struct line line = line_at(LINES - 1);

	if (view->mode == TOP_PROMPT) {
		draw_prompt(view, &line);
	} else if (*view->message) {
		put(&line, looks[ALARM], view->message);
	} else {
		if (view->ended)
			put(&line, looks[ALARM], "All have exited. ");
		draw_keys(&line);
	}
}

/* --- windows above the table --- */

static void draw_menu(const struct top_view *view, int y, int height)
{
	size_t count = top_menu_count(view), first = 0, i;
	struct line line = line_at(y);
	char text[96];

	if (view->purpose == TOP_SORT)
		snprintf(text, sizeof(text), " Sort by");
	else
		snprintf(text, sizeof(text), " Signal for %s",
			 view->target_name);
	put(&line, looks[TITLE], text);
	put(&line, looks[TITLE], "   Enter does it, Esc does not");
	pad(&line, looks[TITLE], line.width);
	height--;
	if (height > 0 && view->choice >= (size_t)height)
		first = view->choice + 1 - (size_t)height;
	for (i = 0; first + i < count && (int)i < height; i++) {
		char label[STATUS_SIZE + 32];

		top_menu_label(view, first + i, label, sizeof(label));
		snprintf(text, sizeof(text), " %-24s", label);
		line = line_at(y + 1 + (int)i);
		put(&line, looks[first + i == view->choice ? SELECTED : PLAIN],
		    text);
		put(&line, looks[PLAIN], view->unicode ? "│ " : "| ");
	}
}

static const char *const help[] = {
	"urt top: CPU time of processes, exact, those that have exited included",
	"",
	"  Up Down PgUp PgDn    move; below the top, the cursor stays with its",
	"  Home End             process",
	"  F3 /   n             search by name or PID; the next one",
	"  F4 \\                 show only names that contain a text, or a PID",
	"  F5 t                 tree",
	"  F6 . ,   < >         choose what to sort by; column to the left, right",
	"  P T N   I            sort by %CPU, TIME+, PID; invert",
	"  x                    hide and show what has exited",
	"  F9 k                 send a signal; asks for which",
	"  d s   + -            seconds between updates; longer, shorter",
	"  Ctrl-L               draw again",
	"  F10 q                quit",
	"",
	"%CPU %USR %SYS  in the last interval, of one CPU",
	"TIME+           minutes:seconds, all threads, from the start on",
	"HISTORY         one interval each; full is 100 %, or the highest if more",
	"S X             has exited: final values; shown for a few intervals",
	"lost, missed    exits without a record: their sums are in the total;",
	"                children that could not be registered, as a quota was full",
	"not listed      registered, but the map has no room for them",
	"-               not known yet",
};

static void draw_help(struct top_view *view)
{
	size_t count = sizeof(help) / sizeof(*help), i;
	size_t page = LINES > 3 ? (size_t)LINES - 1 : (size_t)LINES;
	size_t last = count > page ? count - page : 0;
	struct line foot = line_at(LINES - 1);

	if (view->help_first > last)
		view->help_first = last;
	for (i = 0; i < page && view->help_first + i < count; i++) {
		struct line line = line_at((int)i);

		put(&line, looks[i || view->help_first ? PLAIN : STRONG],
		    help[view->help_first + i]);
	}
	if (LINES > 3)
		put(&foot, looks[TITLE], last ?
		    "Arrows scroll, any other key leaves." :
		    "Any key leaves.");
}

static void draw_list(struct top_view *view, const struct top_model *model)
{
	int head = header_height(LINES), foot = LINES >= 4 ||
		   (view->mode == TOP_PROMPT && LINES > 1);

	if (head > 0)
		draw_title(view);
	if (head > 1)
		draw_cpu(view, &model->totals);
	if (head > 2)
		draw_counts(&model->totals);
	draw_table(view, model, head, LINES - head - foot);
	if (view->mode == TOP_MENU)
		draw_menu(view, head, LINES - head - foot);
	if (foot || view->mode == TOP_PROMPT)
		draw_footer(view);
}

void top_screen_draw(struct top_view *view, const struct top_model *model)
{
	erase();
	if (view->mode == TOP_HELP)
		draw_help(view);
	else
		draw_list(view, model);
	refresh();
}
