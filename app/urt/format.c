// SPDX-License-Identifier: MIT
#include <errno.h>
#include <error.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "format.h"
#include "memory.h"

/* --- from the command line --- */

bool urt_parse_number(const char *text, unsigned long max, unsigned long *value)
{
	/* Digits only; too many of them give ULONG_MAX, which is too large. */
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	*value = strtoul(text, NULL, 10);
	return !errno && *value >= 1 && *value <= max;
}

bool urt_parse_pid(const char *text, pid_t *pid)
{
	unsigned long value;

	if (!urt_parse_number(text, INT_MAX, &value))
		return false;
	*pid = (pid_t)value;
	return true;
}

bool urt_parse_timeout(const char *text, unsigned int *ms)
{
	double value;
	char *end;

	/* strtod() alone would take blanks, signs, hex, "inf" and "nan". */
	if (!*text || text[strspn(text, "0123456789.")])
		return false;
	value = strtod(text, &end);
	if (*end || !(value <= 0 || value >= 0.001) || value > UINT_MAX / 1000)
		return false;
	*ms = (unsigned int)(value * 1000 + 0.5);
	return true;
}

bool urt_parse_seconds(const char *text, unsigned int *ms)
{
	return urt_parse_timeout(text, ms) && *ms;
}

/* --- names --- */

/*
 * Return: the length of the UTF-8 character that text begins with, 0 if it is
 * none that can be shown as it is.
 */
static size_t character_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	unsigned int code;
	size_t length, i;

	if (c[0] < 0x80)
		return c[0] >= ' ' && c[0] != 0x7f && c[0] != '\\';
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	length = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	code = c[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	/* C1 controls, overlong forms, surrogates, beyond Unicode. */
	if (code < 0xa0 || (length == 3 && code < 0x800) ||
	    (length == 4 && code < 0x10000) || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

const char *urt_format_name(char buffer[NAME_SIZE], const char *comm)
{
	char *out = buffer;
	size_t length;

	while (*comm && out + 4 < buffer + NAME_SIZE) {
		length = character_length(comm);
		if (length) {
			memcpy(out, comm, length);
			out += length;
			comm += length;
		} else {
			out += sprintf(out, "\\%03o", (unsigned char)*comm++);
		}
	}
	*out = '\0';
	return buffer;
}

static void put_word(FILE *out, const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789%+,-./:=@_^";
	bool quoted = !*word || word[strspn(word, plain)];
	size_t length;

	if (quoted)
		fputc('\'', out);
	while (*word) {
		length = *word == '\\' ? 1 : character_length(word);
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

char *urt_format_words(char **words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char **word;

	if (!out)
		urt_no_memory();
	for (word = words; *word; word++) {
		if (word > words)
			fputc(' ', out);
		put_word(out, *word);
	}
	if (fclose(out))
		urt_no_memory();
	return text;
}

size_t urt_format_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* --- statuses and times --- */

const char *urt_format_signal(char buffer[STATUS_SIZE], int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(buffer, STATUS_SIZE, "SIG%s", name);
	else
		snprintf(buffer, STATUS_SIZE, "signal %d", number);
	return buffer;
}

const char *urt_format_status(char buffer[STATUS_SIZE], int status)
{
	if (status < 0)
		snprintf(buffer, STATUS_SIZE, "-");
	else if (WIFSIGNALED(status))
		urt_format_signal(buffer, WTERMSIG(status));
	else
		snprintf(buffer, STATUS_SIZE, "%d", WEXITSTATUS(status));
	return buffer;
}

const char *urt_format_seconds(char buffer[STATUS_SIZE], uint64_t ns)
{
	uint64_t ms = (ns + NSEC_PER_MSEC / 2) / NSEC_PER_MSEC;

	snprintf(buffer, STATUS_SIZE, "%llu.%03llu",
		 (unsigned long long)(ms / 1000),
		 (unsigned long long)(ms % 1000));
	return buffer;
}

bool urt_format_colours(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(file)) && !(no && *no) && term && *term &&
	       strcmp(term, "dumb");
}

/* --- memory --- */
