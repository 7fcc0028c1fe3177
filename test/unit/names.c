// SPDX-License-Identifier: MIT
/* Tests the form of names: format.c by itself. TAP. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "command.h"
#include "format.h"
#include "table.h"
#include "tap.h"

int cmd_exit_failed = 1;
static int wrong;

static void same(const char *what, const char *is, const char *want)
{
	if (!strcmp(is, want))
		return;
	printf("# %s: '%s', not '%s'\n", what, is, want);
	wrong = 1;
}

static const struct {
	const char *comm, *shown;
	size_t width;
} names[] = {
	{ "make", "make", 4 },
	{ "Web Content", "Web Content", 11 },
	{ "größe", "größe", 5 },
	{ "進程", "進程", 4 },
	{ "\U0001f600", "\U0001f600", 2 },
	/* Turned around, invisible, or a blank other than a space. */
	{ "\u202egpj\u202c", "\\342\\200\\256gpj\\342\\200\\254", 27 },
	{ "a\u2066b\u2069", "a\\342\\201\\246b\\342\\201\\251", 26 },
	{ "a\u200eb", "a\\342\\200\\216b", 14 },
	{ "a\u200bb", "a\\342\\200\\213b", 14 },
	{ "a\u200db", "a\\342\\200\\215b", 14 },
	{ "\ufeff", "\\357\\273\\277", 12 },
	{ "\u00ad", "\\302\\255", 8 },
	{ "\u00a0", "\\302\\240", 8 },
	{ "\u3000", "\\343\\200\\200", 12 },
	{ "\u2800", "\\342\\240\\200", 12 },
	{ "\u3164", "\\343\\205\\244", 12 },
	{ "\u2028", "\\342\\200\\250", 12 },
	{ "a\ufe0f", "a\\357\\270\\217", 13 },
	{ "\U000e0041", "\\363\\240\\201\\201", 16 },
	/* Combining characters, with and without a base. */
	{ "e\u0301", "e\u0301", 1 },
	{ "\u0301e", "\\314\\201e", 9 },
	{ "a \u0301", "a \\314\\201", 10 },
	{ "a\u0301\u0302", "a\u0301\u0302", 1 },
	{ "\\\u0301", "\\134\\314\\201", 12 },
	/* Invisible blanks. */
	{ "", "\\000", 4 },
	{ " ", "\\040", 4 },
	{ " a", "\\040a", 5 },
	{ "a ", "a\\040", 5 },
	{ "a  b", "a\\040\\040b", 10 },
	{ "\t", "\\011", 4 },
	{ "\033[2J", "\\033[2J", 7 },
	{ "\377", "\\377", 4 },
};

static void check_names(void)
{
	char shown[NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		same(names[i].shown, format_name(shown, names[i].comm),
		     names[i].shown);
		if (format_width(shown) == names[i].width)
			continue;
		printf("# %s: %zu columns, not %zu\n", shown,
		       format_width(shown), names[i].width);
		wrong = 1;
	}
}

/* Undoes what format_name() does. */
static void unescape(char *out, const char *shown)
{
	unsigned int c;

	if (!strcmp(shown, "\\000"))
		shown = "";
	for (; *shown; shown += *shown == '\\' ? 4 : 1) {
		c = (unsigned char)*shown;
		if (c == '\\' && sscanf(shown + 1, "%3o", &c) != 1)
			wrong = 1;
		*out++ = (char)c;
	}
	*out = '\0';
}

/* Whether each character takes columns, or belongs to a character that does. */
static int is_visible(const char *shown)
{
	mbstate_t state = { 0 };
	int based = 0;
	wchar_t c;

	if (!*shown || *shown == ' ' || shown[strlen(shown) - 1] == ' ')
		return 0;
	while (*shown) {
		size_t length = mbrtowc(&c, shown, MB_CUR_MAX, &state);

		if (length > 4 || (wcwidth(c) < 1 && !based))
			return 0;
		based = c != ' ';
		shown += length;
	}
	return 1;
}

/* Random numbers, in an order that is always the same. */
static unsigned int some(unsigned int below)
{
	static unsigned int state = 1;

	state = state * 1103515245 + 12345;
	return (state >> 16) % below;
}

/* Each piece is a trap. */
static void random_name(char *comm)
{
	static const char *const pieces[] = {
		" ", "a", "\\", "\u0301", "\u202e\u202c", "\u200b", "é", "進", "\377",
		"\xe9\x80", "\001", "000", "\"", "\u05b0", "\u1160",
	};
	size_t room = 40;	/* of 63 bytes */

	*comm = '\0';
	while (some(6) && room > 6) {
		comm = stpcpy(comm, pieces[some(sizeof(pieces) /
						sizeof(*pieces))]);
		room -= 6;
	}
}

static void check_random(void)
{
	char comm[64], shown[NAME_SIZE], back[NAME_SIZE];
	int i;

	for (i = 0; i < 200000 && !wrong; i++) {
		random_name(comm);
		format_name(shown, comm);
		unescape(back, shown);
		same(shown, back, comm);
		if (is_visible(shown))
			continue;
		printf("# not to be seen: '%s'\n", shown);
		wrong = 1;
	}
}

static void check_words(void)
{
	char *words[] = { "a", "\u202eb\u202c", "\u0301", "e\u0301", " ", NULL };
	char *line = format_words(words);

	same("words", line,
	     "a '\\342\\200\\256b\\342\\200\\254' '\\314\\201' 'e\u0301' ' '");
	free(line);
}

static void check_table(void)
{
	static const struct column columns[] = {
		{ "name", "name", COLUMN_TEXT, 0 },
		{ "count", "count", COLUMN_COUNT, 0 },
	};
	struct table *table = table_new(columns, 2);
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	table_row(table, (struct cell[]){ cell_text("進程"), cell_number(1) });
	table_row(table, (struct cell[]){ cell_text("e\u0301"), cell_number(2) });
	table_print(table, file, false);
	fclose(file);
	same("table", text, "name  count\n進程      1\ne\u0301         2\n");
	free(text);
	table_free(table);
}

static void check_fit(void)
{
	static const struct { const char *text; size_t columns, bytes; } cases[] = {
		{ "make", 3, 3 }, { "make", 4, 4 }, { "make", 9, 4 },
		{ "進程", 3, 3 }, { "進程", 4, 6 }, { "進程", 1, 0 },
		{ "e\u0301f", 1, 3 }, { "", 1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (format_fit(cases[i].text, cases[i].columns) ==
		    cases[i].bytes)
			continue;
		printf("# %s in %zu columns: %zu bytes\n", cases[i].text,
		       cases[i].columns,
		       format_fit(cases[i].text, cases[i].columns));
		wrong = 1;
	}
}

static char *print_narrow(size_t columns, const char *name)
{
	static const struct column narrow[] = {
		{ "time", "time", COLUMN_TEXT, 8 },
		{ "pid", "PID", COLUMN_COUNT, 7 },
		{ "hidden", NULL, COLUMN_COUNT, 0 },
		{ "user", "user s", COLUMN_SECONDS, 9 },
		{ "threads", "thr", COLUMN_COUNT, 4 },
		{ "name", "name", COLUMN_TEXT, 0 },
		{ "later", NULL, COLUMN_COUNT, 0 },
	};
	struct table *table = table_new(narrow, 7);
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	table_row(table, (struct cell[]){
		cell_text("12:34:56"), cell_number(1234), cell_number(7),
		cell_number(1500000000), cell_number(1), cell_text(name),
		cell_number(8),
	});
	table_print_in(table, file, false, columns);
	fclose(file);
	table_free(table);
	return text;
}

static void check_narrow(void)
{
	static const struct {
		size_t columns;
		const char *name, *text;
	} cases[] = {
		{ 0, "a-name-of-twenty-char", "time          PID     user s   thr  name\n"
			"12:34:56     1234      1.500     1  a-name-of-twenty-char\n" },
		{ 80, "a-name-of-twenty-char", "time          PID     user s   thr  name\n"
			"12:34:56     1234      1.500     1  a-name-of-twenty-char\n" },
		{ 40, "a-name-of-twenty-char", "time       PID  user s  thr  name\n"
			"12:34:56  1234   1.500    1  a-name-of-…\n" },
		{ 40, "進程進程進程進程進程", "time       PID  user s  thr  name\n"
			"12:34:56  1234   1.500    1  進程進程進…\n" },
		{ 40, "a-name-of-twenty-char*", "time       PID  user s  thr  name\n"
			"12:34:56  1234   1.500    1  a-name-of…*\n" },
		{ 30, "a-name-of-twenty-char", " PID  user s  name\n"
			"1234   1.500  a-name-of-twent…\n"
			"no room for: time, thr\n" },
		{ 12, "short", " PID  name\n1234  short\n"
			"no room for: time, user s, thr\n" },
		{ 3, "short", "na…\nsh…\n"
			"no room for: time, PID, user s, thr\n" },
		{ 1, "short", "…\n…\nno room for: time, PID, user s, thr\n" },
	};
	char *text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text = print_narrow(cases[i].columns, cases[i].name);
		same("narrow", text, cases[i].text);
		free(text);
	}
}

static void check(void (*fn)(void), const char *claim)
{
	wrong = 0;
	fn();
	tap(!wrong, claim, NULL);
}

int main(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	check(check_names, "names are shown so that they can be told apart");
	check(check_random, "random names are shown, and shown in one way only");
	check(check_words, "words of a command are shown as a shell takes them");
	check(check_table, "columns are as wide as what stands in them");
	check(check_fit, "a text is cut between characters");
	check(check_narrow, "a narrow terminal has the columns that fit");
	return tap_done();
}
