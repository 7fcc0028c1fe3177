// SPDX-License-Identifier: MIT
#include "exporter/text.h"

#include <string.h>

#include "clock.h"
#include "format.h"
#include "memory.h"

/* --- memory and numbers --- */

/* Return: where length more bytes fit, behind the text so far. */
static char *reserve(struct exporter_text *text, size_t length)
{
	if (text->size - text->length < length) {
		text->size = text->size ? text->size : 256;
		while (text->size - text->length < length)
			text->size *= 2;
		text->at = memory_realloc(text->at, text->size, 1);
	}
	return text->at + text->length;
}

void exporter_text_put(struct exporter_text *text, const char *words)
{
	size_t length = strlen(words);

	memcpy(reserve(text, length), words, length);
	text->length += length;
}

/* Return: the beginning of the number that ends at end. */
static char *digits(char *end, uint64_t number, int least)
{
	for (; number || least > 0; least--) {
		*--end = (char)('0' + number % 10);
		number /= 10;
	}
	return end;
}

#define NUMBER_SIZE	32

/* printf() would take most of the time for a thousand series. */
static char *put_number(char *out, enum exporter_unit unit, uint64_t value)
{
	char buffer[NUMBER_SIZE], *end = buffer + sizeof(buffer), *at = end;

	if (unit == SECONDS) {
		at = digits(at, value % NSEC_PER_SEC, 9);
		*--at = '.';
		value /= NSEC_PER_SEC;
	}
	at = digits(at, value, 1);
	return mempcpy(out, at, (size_t)(end - at));
}

void exporter_text_number(struct exporter_text *text, enum exporter_unit unit,
			  uint64_t value)
{
	char *out = reserve(text, NUMBER_SIZE);

	text->length += (size_t)(put_number(out, unit, value) - out);
}

/* --- names --- */

/*
 * Copies a name, whose backslashes begin octal forms. Return: the end of the
 * text.
 */
static char *put_doubled(char *out, const char *name)
{
	for (; *name; name++) {
		if (*name == '\\')
			*out++ = '\\';
		*out++ = *name;
	}
	return out;
}

/*
 * The format escapes quotes and newlines. Other control characters, and bytes
 * that are not UTF-8, appear as urt shows them, \ooo. Backslashes do so as
 * well, because otherwise two names could look the same.
 */
const char *exporter_text_label(char buffer[EXPORTER_LABEL_SIZE],
				const char *comm)
{
	char part[EXPORTER_NAME_MAX + 1], name[NAME_SIZE];
	char *out = buffer;
	size_t length;

	while (*comm) {
		length = strcspn(comm, "\"\n");
		memcpy(part, comm, length);
		part[length] = '\0';
		if (length)
			out = put_doubled(out, format_name(name, part));
		comm += length;
		if (*comm) {
			*out++ = '\\';
			*out++ = (char)(*comm == '\n' ? 'n' : *comm);
			comm++;
		}
	}
	*out = '\0';
	return buffer;
}

/* --- samples --- */

void exporter_text_family(struct exporter_text *text, const char *name,
			  const char *type, const char *help)
{
	exporter_text_put(text, "# HELP ");
	exporter_text_put(text, name);
	exporter_text_put(text, " ");
	exporter_text_put(text, help);
	exporter_text_put(text, "\n# TYPE ");
	exporter_text_put(text, name);
	exporter_text_put(text, " ");
	exporter_text_put(text, type);
	exporter_text_put(text, "\n");
}

void exporter_text_sample(struct exporter_text *text, const char *name,
			  const struct exporter_text *labels,
			  enum exporter_unit unit, uint64_t value)
{
	size_t length = strlen(name);
	size_t labels_length = labels ? labels->length : 0;
	char *begin = reserve(text, length + labels_length + NUMBER_SIZE + 2);
	char *out = mempcpy(begin, name, length);

	if (labels)
		out = mempcpy(out, labels->at, labels_length);
	*out++ = ' ';
	out = put_number(out, unit, value);
	*out++ = '\n';
	text->length += (size_t)(out - begin);
}

void exporter_text_single(struct exporter_text *text, const char *name,
			  const char *type, enum exporter_unit unit,
			  uint64_t value, const char *help)
{
	exporter_text_family(text, name, type, help);
	exporter_text_sample(text, name, NULL, unit, value);
}
