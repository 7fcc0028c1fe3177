// SPDX-License-Identifier: MIT
/* The still picture's plot: CPUs busy, time axis, processes. */
#include "picture/svg_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "memory.h"
#include "picture/markup.h"

/* --- CPUs busy --- */

#define LOAD_HEIGHT	46
#define LOAD_BINS	(SVG_PLOT / 2)

/*
 * Spreads the CPU time of a process evenly over its life. Whole bins go into
 * changes, whose sum is made at the end.
 */
static void spread(const struct svg *svg, const struct bar *bar, double *bins,
		   double *changes)
{
	double bin_ns = 2 / svg->scale, begin = (double)bar->start_ns / bin_ns;
	double end = (double)bar->end_ns / bin_ns, cpu = (double)bar_cpu(bar);
	size_t first = (size_t)begin, last = (size_t)end;
	double each = end > begin ? cpu / (end - begin) : 0;

	if (last >= LOAD_BINS)
		last = LOAD_BINS - 1;
	if (first >= last) {
		bins[last] += cpu / bin_ns;
		return;
	}
	bins[first] += each * ((double)first + 1 - begin) / bin_ns;
	bins[last] += each * (end - (double)last) / bin_ns;
	changes[first + 1] += each / bin_ns;
	changes[last] -= each / bin_ns;
}

static double fill_load(const struct svg *svg, double *bins)
{
	double changes[LOAD_BINS + 1] = { 0 }, level = 0, most = 0;
	size_t i;

	for (i = 0; i < svg->picture->count; i++)
		spread(svg, &svg->picture->bars[i], bins, changes);
	for (i = 0; i < LOAD_BINS; i++) {
		level += changes[i];
		bins[i] += level;
		if (bins[i] > most)
			most = bins[i];
	}
	return most;
}

double svg_load(struct svg *svg, double y)
{
	double bins[LOAD_BINS] = { 0 }, most = fill_load(svg, bins), top;
	unsigned int cpus = svg->picture->summary->cpus;
	size_t i;

	top = ceil(most > 1 ? most : 1);
	if (cpus && top > cpus)
		top = cpus;	/* the even spread may exceed this */
	fprintf(svg->file, "<path class=\"load\" d=\"M%d %.5g", SVG_LEFT,
		y + LOAD_HEIGHT);
	for (i = 0; i < LOAD_BINS; i++)
		fprintf(svg->file, "V%.5gh2",
			y + LOAD_HEIGHT - LOAD_HEIGHT * fmin(bins[i] / top, 1));
	fprintf(svg->file, "V%.5gz\"/>\n", y + LOAD_HEIGHT);
	fprintf(svg->file, "<path class=\"line\" d=\"M%d %.5gh%d\"/>\n",
		SVG_LEFT, y + LOAD_HEIGHT, SVG_PLOT);
	fprintf(svg->file, "<text class=\"dim\" x=\"%d\" y=\"%.5g\">%g CPU%s</text>\n",
		SVG_LEFT, y - 3, top, top > 1 ? "s" : "");
	return y + LOAD_HEIGHT;
}

/* --- the axis --- */

/* A step of 1, 2 or 5 times a power of ten, for about ten steps at most. */
static double choose_step(double ns)
{
	double step = pow(10, floor(log10(ns / 10)));

	if (step * 10 >= ns)
		return step;
	return ns / (step * 2) <= 12 ? step * 2 :
	       ns / (step * 5) <= 12 ? step * 5 : step * 10;
}

/* A moment of a run that ends at end, with as many digits as a step needs. */
static void moment(char text[STATUS_SIZE], double ns, double step, double end)
{
	int decimals = step >= 1e9 ? 0 : (int)ceil(9 - log10(step) - 1e-9);
	uint64_t s = (uint64_t)(ns / 1e9 + 0.5);

	if (step >= 1e9 && end >= 120e9)
		snprintf(text, STATUS_SIZE, "%" PRIu64 ":%02u", s / 60,
			 (unsigned int)(s % 60));
	else
		snprintf(text, STATUS_SIZE, "%.*f s", decimals, ns / 1e9);
}

double svg_axis(struct svg *svg, double y, double height)
{
	double end = (double)svg->picture->end_ns, step = choose_step(end), ns;
	char text[STATUS_SIZE];
	int i;

	for (i = 0; (ns = i * step) <= end; i++) {
		fprintf(svg->file, "<path class=\"tick\" d=\"M%.6g %.5gv%.5g\"/>\n",
			SVG_LEFT + ns * svg->scale, y, height);
		moment(text, ns, step, end);
		if (SVG_LEFT + ns * svg->scale < SVG_WIDTH - 70)
			fprintf(svg->file,
				"<text class=\"dim\" x=\"%.6g\" y=\"%.5g\">%s</text>\n",
				SVG_LEFT + ns * svg->scale + 3, y + 11, text);
	}
	return y + 18;
}

/* --- the processes --- */

#define LANE_HEIGHT	20
#define LANE_LEAST	4
#define ROWS_MAX	160	/* of the least height */
#define BARS_MAX	3000	/* drawn one by one */
#define BESIDE_MAX	300	/* with labels beside them */
#define CHAIN_LEAST	6	/* narrowest bar with a mark on the chain */
#define LETTERS_LEAST	4	/* of a cut label, with its mark */

void svg_choose_rows(struct svg *svg)
{
	size_t lanes = svg->picture->lanes;

	svg->lanes_per_row = 1 + (lanes ? lanes - 1 : 0) / ROWS_MAX;
	svg->rows = (lanes + svg->lanes_per_row - 1) / svg->lanes_per_row;
	svg->lane_height = fmax(LANE_LEAST,
				fmin(LANE_HEIGHT, floor(ROWS_MAX * LANE_LEAST /
							fmax(1, (double)lanes))));
}

static int by_lane(const void *a, const void *b)
{
	const struct bar *x = *(const struct bar *const *)a;
	const struct bar *y = *(const struct bar *const *)b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x > y) - (x < y);
}

static double width_of(const struct svg *svg, const struct bar *bar)
{
	return (double)(bar->end_ns - bar->start_ns) * svg->scale;
}

/*
 * The width from which a bar is drawn by itself. Return: INFINITY for no bar.
 */
static double least_width(const struct svg *svg)
{
	unsigned int least = 2;
	size_t count, i;

	if (svg->lanes_per_row > 1)
		return INFINITY;
	if (svg->picture->count <= BARS_MAX / 10)
		return 0;
	for (;; least *= 2) {
		count = 0;
		for (i = 0; i < svg->picture->count; i++)
			count += width_of(svg, &svg->picture->bars[i]) >=
				 (double)least;
		if (count <= BARS_MAX)
			return least;
	}
}

static unsigned int bar_heat(const struct bar *bar)
{
	return picture_heat((double)bar_cpu(bar),
			    (double)bar->process->runtime_ns);
}

/* Cuts the name for the bar. Return: whether enough of it is left. */
static bool cut_label(char name[NAME_SIZE + sizeof("…")], double width)
{
	size_t columns = width > 8 ? (size_t)((width - 8) / SVG_LETTER) : 0, at;

	if (columns < LETTERS_LEAST)
		return false;
	at = format_fit(name, columns - 1);
	memcpy(name + at, "…", sizeof("…"));
	return true;
}

/*
 * Puts the label inside the bar, or beside it if no bar follows soon; or cuts
 * it.
 */
static void draw_label(const struct svg *svg, const struct bar *bar, double y,
		       double room)
{
	double x = svg_x(svg, bar->start_ns), width = width_of(svg, bar), needed;
	char name[NAME_SIZE + sizeof("…")], seconds[STATUS_SIZE];
	bool inside;

	format_name(name, bar->process->comm);
	needed = (double)format_width(name) * SVG_LETTER + 8;
	inside = needed <= width;
	/* Among many bars, it would seem to belong to another bar. */
	if (!inside && (needed > room - width ||
			svg->picture->count > BESIDE_MAX)) {
		if (!cut_label(name, width))
			return;
		inside = true;
	}
	if (!inside)
		x += fmax(width, 1);
	fputs("<text class=\"label", svg->file);
	if (inside)
		fprintf(svg->file, " on%u", bar_heat(bar));
	fprintf(svg->file, "\" x=\"%.6g\" y=\"%.5g\">", x + 4, y + 13);
	markup_text(svg->file, name);
	format_seconds(seconds, bar->process->runtime_ns);
	if (needed + 60 <= (inside ? width : room - width))
		fprintf(svg->file, "<tspan class=\"time\"> %s s</tspan>", seconds);
	fputs("</text>\n", svg->file);
}

static void draw_line(FILE *out, const char *class, double x, double y,
		      char way, double length)
{
	fprintf(out, "<path class=\"%s\" d=\"M%.6g %.5g%c%.6g\"/>\n", class, x, y,
		way, length);
}

/* Each mark has some ground beside it, because bars have all colours. */
static void draw_marks(const struct svg *svg, const struct bar *bar, double y,
		       double width, double height)
{
	double x = svg_x(svg, bar->start_ns), end = round(x + width);
	FILE *out = svg->file;

	if (bar->chain && svg->lane_height >= 6 &&
	    (width >= CHAIN_LEAST || svg->picture->count <= BARS_MAX)) {
		draw_line(out, "beside", x, y + height - 2.5, 'h', width);
		draw_line(out, "chain", x, y + height - 1, 'h', width);
	}
	if (bar->process->running)
		draw_line(out, "open", end - 1, y, 'v', height);
	if (bar_failed(bar)) {
		if (width > 5)
			draw_line(out, "gap", end - 4, y, 'v', height);
		draw_line(out, "failed", end - 1.5, y, 'v', height);
	}
}

static void draw_bar(const struct svg *svg, const struct bar *bar, double y)
{
	double x = svg_x(svg, bar->start_ns), width = fmax(1, width_of(svg, bar));
	double height = svg->lane_height - (svg->lane_height > 5 ? 1 : 0);
	double gap = width > 4 ? 0.6 : 0;
	char text[STATUS_SIZE], name[NAME_SIZE];
	FILE *out = svg->file;

	fprintf(out, "<rect class=\"k%u\" x=\"%.6g\" y=\"%.5g\" width=\"%.6g\" height=\"%.4g\"><title>",
		bar_heat(bar), x, y, width - gap, height);
	markup_text(out, format_name(name, bar->process->comm));
	fprintf(out, " (%d): %s s", bar->process->pid,
		format_seconds(text, bar->process->runtime_ns));
	fprintf(out, ", CPU %s s, ", format_seconds(text, bar_cpu(bar)));
	fprintf(out, "%s</title></rect>\n",
		bar->process->running ? "still running" :
		bar->process->unreaped ? "not reaped" :
		format_status(text, bar->process->status));
	draw_marks(svg, bar, y, width, height);
}

double svg_bars(struct svg *svg, double y)
{
	const struct picture *picture = svg->picture;
	double least = least_width(svg), at, room;
	const struct bar **order;
	size_t i;

	if (least > 0)
		svg_grid(svg, y, least);
	order = memory_realloc(NULL, picture->count + 1, sizeof(*order));
	for (i = 0; i < picture->count; i++)
		order[i] = &picture->bars[i];
	qsort(order, picture->count, sizeof(*order), by_lane);
	for (i = 0; i < picture->count && least < INFINITY; i++) {
		if (width_of(svg, order[i]) < least)
			continue;
		at = y + (double)order[i]->lane * svg->lane_height;
		draw_bar(svg, order[i], at);
		room = i + 1 < picture->count &&
		       order[i + 1]->lane == order[i]->lane ?
		       svg_x(svg, order[i + 1]->start_ns) : SVG_WIDTH;
		if (svg->lane_height >= 14)
			draw_label(svg, order[i], at,
				   room - svg_x(svg, order[i]->start_ns));
	}
	free(order);
	return y + (double)svg->rows * svg->lane_height;
}
