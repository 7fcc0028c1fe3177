// SPDX-License-Identifier: MIT
/*
 * The page is page/page.html. One of these functions replaces each {{NAME}} in
 * it. A policy in the page forbids the browser to load anything. The browser
 * may run and apply only our script and our styles.
 */
#include "picture/html.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "memory.h"
#include "picture/base64.h"
#include "picture/embedded.h"
#include "picture/markup.h"
#include "picture/svg.h"

/* --- the policy --- */

static unsigned int hex(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/*
 * Writes the output of sha256sum about a file in the form that a browser needs.
 */
static void put_sum(FILE *out, const char *name)
{
	struct base64 base64 = { .file = out };
	const char *at = memmem(_binary_sums_start, EMBEDDED_SIZE(sums), name,
				strlen(name));
	size_t i;

	/* 64 digits and two blanks are in front of the name. */
	at -= 66;
	fputs(" 'sha256-", out);
	for (i = 0; i < 64; i += 2)
		base64_put(&base64, hex(at[i]) << 4 | hex(at[i + 1]));
	base64_end(&base64);
	fputc('\'', out);
}

static void put_policy(const struct picture *picture, FILE *out)
{
	(void)picture;
	fputs("default-src 'none'; base-uri 'none'; form-action 'none'; script-src",
	      out);
	put_sum(out, "page.js");
	fputs("; style-src", out);
	put_sum(out, "page.css");
	put_sum(out, "svg.css");
}

/* --- the run --- */

static void put_title(const struct picture *picture, FILE *out)
{
	markup_text(out, picture->command);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *list_notes(const struct picture *picture)
{
	json_t *array = json_array();
	char *notes[NOTES_MAX];
	size_t count = picture_notes(picture, notes), i;

	for (i = 0; i < count; i++) {
		json_array_append_new(array, json_string(notes[i]));
		free(notes[i]);
	}
	return array;
}

static json_t *list_names(const struct tally *tally)
{
	json_t *array = json_array();
	char name[NAME_SIZE];
	size_t i;

	for (i = 0; i < tally->count; i++)
		json_array_append_new(array, json_string(
			format_name(name, tally->names[i]->comm)));
	return array;
}

static json_t *list_signals(void)
{
	json_t *array = json_array();
	char name[STATUS_SIZE];
	int i;

	for (i = 0; i <= SIGRTMAX; i++)
		json_array_append_new(array,
				      json_string(format_signal(name, i)));
	return array;
}

static json_t *facts(const struct picture *picture)
{
	char status[STATUS_SIZE + sizeof("exit ")], date[DATE_SIZE];
	const struct summary *summary = picture->summary;
	const struct sum *total = &picture->tally->total;
	json_t *json = json_object();

	json_object_set_new(json, "command", json_string(picture->command));
	json_object_set_new(json, "status", json_string(
		picture_status(picture, status)));
	json_object_set_new(json, "failed", json_boolean(summary->status > 0));
	json_object_set_new(json, "date", json_string(
		picture_date(picture, date)));
	json_object_set_new(json, "place", json_string(picture->place));
	json_object_set_new(json, "cpus", number(summary->cpus));
	json_object_set_new(json, "real_ns", number(summary->real_ns));
	json_object_set_new(json, "end_ns", number(picture->end_ns));
	json_object_set_new(json, "user_ns", number(total->utime_ns));
	json_object_set_new(json, "sys_ns", number(total->stime_ns));
	json_object_set_new(json, "processes", number(total->count));
	json_object_set_new(json, "notes", list_notes(picture));
	json_object_set_new(json, "names", list_names(picture->tally));
	json_object_set_new(json, "signals", list_signals());
	json_object_set_new(json, "count", number(picture->count));
	json_object_set_new(json, "lanes", number(picture->lanes));
	return json;
}

/* "<" could begin a tag that ends the script around this text. */
void html_facts(const struct picture *picture, FILE *out)
{
	json_t *json = facts(picture);
	char *text = json_dumps(json, JSON_COMPACT), *c;

	if (!text)
		memory_exhausted();
	for (c = text; *c; c++) {
		if (*c == '<')
			fputs("\\u003c", out);
		else
			fputc(*c, out);
	}
	free(text);
	json_decref(json);
}

/* --- the page --- */

static void put_page_css(const struct picture *picture, FILE *out)
{
	(void)picture;
	EMBEDDED_WRITE(page_css, out);
}

static void put_svg_css(const struct picture *picture, FILE *out)
{
	(void)picture;
	EMBEDDED_WRITE(svg_css, out);
}

static void put_script(const struct picture *picture, FILE *out)
{
	(void)picture;
	EMBEDDED_WRITE(page_js, out);
}

static const struct part {
	const char *name;
	void (*put)(const struct picture *picture, FILE *out);
} parts[] = {
	{ "{{POLICY}}", put_policy },
	{ "{{TITLE}}", put_title },
	{ "{{PAGE_CSS}}", put_page_css },
	{ "{{SVG_CSS}}", put_svg_css },
	{ "{{STILL}}", svg_write_inline },
	{ "{{FACTS}}", html_facts },
	{ "{{ROWS}}", html_rows },
	{ "{{SCRIPT}}", put_script },
};

void html_write(const struct picture *picture, FILE *out)
{
	const char *at = _binary_page_html_start, *end = _binary_page_html_end;
	const char *mark;
	size_t i;

	while ((mark = memmem(at, end - at, "{{", 2))) {
		fwrite(at, 1, mark - at, out);
		for (i = 0; strncmp(mark, parts[i].name,
				    strlen(parts[i].name)); )
			i++;
		parts[i].put(picture, out);
		at = mark + strlen(parts[i].name);
	}
	fwrite(at, 1, end - at, out);
}
