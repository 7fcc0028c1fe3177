// SPDX-License-Identifier: MIT
#include "format.h"

#include <errno.h>
#include <error.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "clock.h"
#include "command.h"
#include "memory.h"

/* --- names --- */

/*
 * Characters that look like nothing or like a blank, or that turn the direction
 * of the text. Fonts and C libraries differ in some of these, but urt shows a
 * name in one way everywhere.
 */
static bool is_invisible(wchar_t code)
{
	static const struct { wchar_t first, last; } ranges[] = {
		{ 0x00a0, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f },
		{ 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
		{ 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x2800, 0x2800 },
		{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0xfffe, 0xffff }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/*
 * Return: the length of the UTF-8 character that text begins with; 0 if there
 * is no character that can be shown as it is.
 */
static size_t character_length(const char *text, wchar_t *code)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length, i;

	*code = c[0];
	if (c[0] < 0x80)
		return c[0] >= ' ' && c[0] != 0x7f && c[0] != '\\';
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	length = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	*code = c[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (c[i] & 0x3f);
	}
	/* C1 controls, overlong forms, surrogates, beyond Unicode. */
	if (*code < 0xa0 || (length == 3 && *code < 0x800) ||
	    (length == 4 && *code < 0x10000) || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000) || is_invisible(*code))
		return 0;
	return length;
}

/*
 * A character that the C library does not know takes one column, as without a
 * locale.
 */
static size_t width_of(wchar_t code)
{
	int width = wcwidth(code);

	return width < 0 ? 1 : (size_t)width;
}

/*
 * Does the same, but a combining character needs a character before it. *based
 * says whether there is one, and is for the next call.
 */
static size_t shown_length(const char *text, bool *based)
{
	wchar_t code;
	size_t length = character_length(text, &code);

	if (length && !width_of(code) && !*based)
		length = 0;
	*based = length && code != ' ';
	return length;
}

/* A blank at an end or beside another blank could not be seen. */
static bool is_hidden_blank(const char *name, const char *at)
{
	return *at == ' ' && (at == name || at[-1] == ' ' || at[1] == ' ' ||
			      !at[1]);
}

const char *format_name(char buffer[NAME_SIZE], const char *comm)
{
	const char *at = comm;
	char *out = buffer;
	bool based = false;
	size_t length;

	if (!*comm)
		return memcpy(buffer, "\\000", sizeof("\\000"));
	while (*at && out + 4 < buffer + NAME_SIZE) {
		length = is_hidden_blank(comm, at) ? 0 :
			 shown_length(at, &based);
		if (length) {
			memcpy(out, at, length);
			out += length;
			at += length;
		} else {
			out += sprintf(out, "\\%03o", (unsigned char)*at++);
			based = false;
		}
	}
	*out = '\0';
	return buffer;
}

static void put_word(FILE *out, const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789%+,-./:=@_^";
	bool quoted = !*word || word[strspn(word, plain)], based = false;
	size_t length;

	if (quoted)
		fputc('\'', out);
	while (*word) {
		length = *word == '\\' ? 1 : shown_length(word, &based);
		if (*word == '\'')
			fputs("'\\''", out);
		else if (length)
			fwrite(word, 1, length, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*word);
		word += length ? length : 1;
	}
	if (quoted)
		fputc('\'', out);
}

char *format_words(char **words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char **word;

	if (!out)
		memory_exhausted();
	for (word = words; *word; word++) {
		if (word > words)
			fputc(' ', out);
		put_word(out, *word);
	}
	if (fclose(out))
		memory_exhausted();
	return text;
}

/* Return: the columns of one character. *length is set to its bytes. */
static size_t next_width(const char *text, size_t *length)
{
	wchar_t code;

	*length = character_length(text, &code);
	if (*length)
		return width_of(code);
	*length = 1;
	return 1;
}

size_t format_width(const char *text)
{
	size_t width = 0, length;

	for (; *text; text += length)
		width += next_width(text, &length);
	return width;
}

size_t format_fit(const char *text, size_t columns)
{
	size_t width = 0, at = 0, length;

	for (; text[at]; at += length) {
		width += next_width(text + at, &length);
		if (width > columns)
			break;
	}
	return at;
}

size_t format_terminal(FILE *file)
{
	struct winsize size;

	return ioctl(fileno(file), TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

/* --- statuses and times --- */

const char *format_signal(char buffer[STATUS_SIZE], int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(buffer, STATUS_SIZE, "SIG%s", name);
	else
		snprintf(buffer, STATUS_SIZE, "signal %d", number);
	return buffer;
}

const char *format_status(char buffer[STATUS_SIZE], int status)
{
	if (status < 0)
		snprintf(buffer, STATUS_SIZE, "-");
	else if (WIFSIGNALED(status))
		format_signal(buffer, WTERMSIG(status));
	else
		snprintf(buffer, STATUS_SIZE, "%d", WEXITSTATUS(status));
	return buffer;
}

const char *format_seconds(char buffer[STATUS_SIZE], uint64_t ns)
{
	uint64_t ms = (ns + NSEC_PER_MSEC / 2) / NSEC_PER_MSEC;

	snprintf(buffer, STATUS_SIZE, "%llu.%03llu",
		 (unsigned long long)(ms / 1000),
		 (unsigned long long)(ms % 1000));
	return buffer;
}

bool format_colours(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(file)) && !(no && *no) && term && *term &&
	       strcmp(term, "dumb");
}

/* --- memory --- */
