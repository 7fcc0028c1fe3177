// SPDX-License-Identifier: MIT
/*
 * The still picture: the command, the totals, the load, the processes, and the
 * names that used most. Its contents are written to memory first, because the
 * head says how high the picture is.
 */
#include "picture/svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "picture/embedded.h"
#include "picture/markup.h"
#include "picture/svg_parts.h"

#define NAMES_MAX	10
#define COMMAND_MAX	110	/* columns of the command that have room */

/* --- head --- */

static void put_command(const struct svg *svg, double y)
{
	char *command = memory_strdup(svg->picture->command);
	char *at = command + format_fit(command, COMMAND_MAX);
	bool cut = *at;

	fprintf(svg->file, "<text class=\"command\" x=\"%d\" y=\"%g\">",
		SVG_LEFT, y);
	*at = '\0';
	markup_text(svg->file, command);
	fprintf(svg->file, "%s</text>\n", cut ? "…" : "");
	free(command);
}

static void put_seconds(FILE *file, const char *what, uint64_t ns)
{
	char text[STATUS_SIZE];

	fprintf(file, "<tspan class=\"dim\">%s</tspan> %s s  ", what,
		format_seconds(text, ns));
}

static void put_totals(const struct svg *svg, double y)
{
	const struct picture *picture = svg->picture;
	const struct sum *total = &picture->tally->total;
	char text[STATUS_SIZE + sizeof("exit ")], date[DATE_SIZE];
	FILE *file = svg->file;

	fprintf(file, "<text class=\"totals\" x=\"%d\" y=\"%g\">", SVG_LEFT, y);
	put_seconds(file, "real", picture->summary->real_ns);
	put_seconds(file, "CPU", sum_cpu(total));
	put_seconds(file, "user", total->utime_ns);
	put_seconds(file, "sys", total->stime_ns);
	fprintf(file, "<tspan class=\"dim\">processes</tspan> %" PRIu64 "  ",
		total->count);
	if (picture->failed)
		fprintf(file, "<tspan class=\"dim\">status not 0</tspan> %zu  ",
			picture->failed);
	fprintf(file, "<tspan class=\"dim\">%s  %s</tspan></text>\n",
		picture_status(picture, text),
		picture_date(picture, date));
}

/* Return: where the next part may begin. */
static double put_place(const struct svg *svg, double y)
{
	if (!*svg->picture->place)
		return y;
	fprintf(svg->file, "<text class=\"dim\" x=\"%d\" y=\"%g\">", SVG_LEFT, y);
	markup_text(svg->file, svg->picture->place);
	fputs("</text>\n", svg->file);
	return y + 20;
}

static double put_notes(const struct svg *svg, double y)
{
	char *notes[NOTES_MAX];
	size_t count = picture_notes(svg->picture, notes), i;

	for (i = 0; i < count; i++) {
		fprintf(svg->file, "<text class=\"note\" x=\"%d\" y=\"%g\">",
			SVG_LEFT, y);
		markup_text(svg->file, notes[i]);
		fputs("</text>\n", svg->file);
		free(notes[i]);
		y += 18;
	}
	return y;
}

/* --- foot --- */

static double put_legend(const struct svg *svg, double y)
{
	FILE *file = svg->file;
	unsigned int heat;
	int x = SVG_LEFT;

	fprintf(file, "<text class=\"dim\" x=\"%d\" y=\"%g\">waits</text>\n", x,
		y + 10);
	for (heat = 0, x += 42; heat <= HEAT_FULL; heat++, x += 18)
		fprintf(file, "<rect class=\"k%u\" x=\"%d\" y=\"%g\" width=\"18\" height=\"12\"/>\n",
			heat, x, y);
	fprintf(file, "<text class=\"dim\" x=\"%d\" y=\"%g\">one CPU busy</text>\n",
		x + 6, y + 10);
	x += 106;
	fprintf(file, "<rect class=\"k%d\" x=\"%d\" y=\"%g\" width=\"18\" height=\"12\"/>\n",
		HEAT_MORE, x, y);
	fprintf(file, "<text class=\"dim\" x=\"%d\" y=\"%g\">more than one</text>\n",
		x + 24, y + 10);
	x += 130;
	fprintf(file, "<path class=\"chain\" d=\"M%d %gh18\"/><text class=\"dim\" x=\"%d\" y=\"%g\">critical chain: what the run waited for</text>\n",
		x, y + 8, x + 24, y + 10);
	x += 290;
	fprintf(file, "<path class=\"failed\" d=\"M%d %gv12\"/><text class=\"dim\" x=\"%d\" y=\"%g\">status not 0</text>\n",
		x, y, x + 8, y + 10);
	x += 110;
	fprintf(file, "<path class=\"open\" d=\"M%d %gv12\"/><text class=\"dim\" x=\"%d\" y=\"%g\">still running</text>\n",
		x, y, x + 8, y + 10);
	if (svg->lanes_per_row > 1)
		fprintf(file, "<text class=\"dim\" x=\"%d\" y=\"%g\">%zu lanes to a row</text>\n",
			x + 110, y + 10, svg->lanes_per_row);
	return y + 24;
}

static void put_name(const struct svg *svg, double y, const struct sum *sum)
{
	double cpu = (double)sum_cpu(&svg->picture->tally->total);
	double share = cpu > 0 ? (double)sum_cpu(sum) / cpu : 0;
	char text[STATUS_SIZE], name[NAME_SIZE];
	FILE *file = svg->file;

	fprintf(file, "<text class=\"number\" x=\"%d\" y=\"%g\">%" PRIu64 "</text>",
		SVG_LEFT + 60, y, sum->count);
	fprintf(file, "<text class=\"number\" x=\"%d\" y=\"%g\">%s</text>",
		SVG_LEFT + 160, y, format_seconds(text, sum->utime_ns));
	fprintf(file, "<text class=\"number\" x=\"%d\" y=\"%g\">%s</text>",
		SVG_LEFT + 260, y, format_seconds(text, sum->stime_ns));
	fprintf(file, "<text class=\"number\" x=\"%d\" y=\"%g\">%.1f %%</text>",
		SVG_LEFT + 340, y, 100 * share);
	fprintf(file, "<rect class=\"load\" x=\"%d\" y=\"%g\" width=\"%.4g\" height=\"10\"/>",
		SVG_LEFT + 352, y - 9, fmax(1, 200 * share));
	fprintf(file, "<text x=\"%d\" y=\"%g\">", SVG_LEFT + 566, y);
	markup_text(file, format_name(name, sum->comm));
	fputs("</text>\n", file);
}

static double put_names(const struct svg *svg, double y)
{
	static const struct {
		const char *text;
		int x;
	} heads[] = {
		{ "count", 60 }, { "user s", 160 }, { "sys s", 260 },
		{ "share", 340 },
	};
	const struct tally *tally = svg->picture->tally;
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		fprintf(svg->file, "<text class=\"number dim\" x=\"%d\" y=\"%g\">%s</text>",
			SVG_LEFT + heads[i].x, y, heads[i].text);
	fprintf(svg->file, "<text class=\"dim\" x=\"%d\" y=\"%g\">name</text>\n",
		SVG_LEFT + 566, y);
	for (i = 0; i < tally->count && i < NAMES_MAX; i++) {
		y += 17;
		put_name(svg, y, tally->names[i]);
	}
	if (tally->count > i)
		fprintf(svg->file, "<text class=\"dim\" x=\"%d\" y=\"%g\">and %zu other name%s</text>\n",
			SVG_LEFT + 566, y += 17, tally->count - i,
			tally->count - i == 1 ? "" : "s");
	return y + 12;
}

/* --- the whole picture --- */

static double put_parts(struct svg *svg)
{
	double y, height;

	svg_choose_rows(svg);
	put_command(svg, 34);
	put_totals(svg, 60);
	y = put_place(svg, 80);
	y = put_notes(svg, y + 2) + 8;
	height = (double)svg->rows * svg->lane_height;
	y = svg_load(svg, y + 6);
	y = svg_axis(svg, y, height + 18);
	y = svg_bars(svg, y) + 14;
	y = put_legend(svg, y) + 10;
	return put_names(svg, y + 6);
}

static void write_svg(const struct picture *picture, FILE *file,
		      const char *head)
{
	struct svg svg = { .picture = picture };
	char *text = NULL;
	size_t size;
	double height;

	svg.scale = SVG_PLOT / (double)picture->end_ns;
	svg.file = open_memstream(&text, &size);
	if (!svg.file)
		memory_exhausted();
	height = put_parts(&svg);
	if (fclose(svg.file))
		memory_exhausted();
	/* In a page, the style says how large the picture is. */
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"urt\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\">\n%s",
		SVG_WIDTH, height, SVG_WIDTH, height, head);
	fwrite(text, 1, size, file);
	fputs("</svg>\n", file);
	free(text);
}

void svg_write_inline(const struct picture *picture, FILE *file)
{
	write_svg(picture, file, "");
}

void svg_write(const struct picture *picture, FILE *file)
{
	char *head = NULL;
	size_t size;
	FILE *out = open_memstream(&head, &size);

	if (!out)
		memory_exhausted();
	fputs("<style>", out);
	EMBEDDED_WRITE(svg_css, out);
	fputs("</style>\n<title>", out);
	markup_text(out, picture->command);
	fputs("</title>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
	      out);
	if (fclose(out))
		memory_exhausted();
	write_svg(picture, file, head);
	free(head);
}
