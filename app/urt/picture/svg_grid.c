// SPDX-License-Identifier: MIT
/*
 * Bars that are narrower than some pixels may be very many. A grid of cells
 * replaces them. The heat of a cell is the average of the bars in it.
 */
#include "picture/svg_parts.h"

#include <stdlib.h>

#include "memory.h"

#define CELLS_MAX	24000	/* limit: some hundred KB */

struct cell {
	double ns;		/* time of the processes */
	double cpu_ns;
};

struct grid {
	struct cell *cells;
	size_t columns;
	unsigned int width;	/* of a cell, in pixels */
};

static void add_bar(struct svg *svg, struct grid *grid, const struct bar *bar)
{
	size_t row = bar->lane / svg->lanes_per_row;
	double begin = (svg_x(svg, bar->start_ns) - SVG_LEFT) / grid->width;
	double end = (svg_x(svg, bar->end_ns) - SVG_LEFT) / grid->width;
	double ns = grid->width / svg->scale, share, part;
	size_t column;

	share = bar->end_ns > bar->start_ns ?
		(double)bar_cpu(bar) / (double)(bar->end_ns - bar->start_ns) : 0;
	for (column = (size_t)begin; column < grid->columns; column++) {
		struct cell *cell = &grid->cells[row * grid->columns + column];
		double from = begin > (double)column ? begin : (double)column;
		double to = end < (double)column + 1 ? end : (double)column + 1;

		part = to > from ? (to - from) * ns : 0;
		/* A process without CPU time counts as well. */
		cell->ns += part + 1;
		cell->cpu_ns += part * share;
		if (end <= (double)column + 1)
			break;
	}
}

static unsigned int heat_of(const struct cell *cell)
{
	return picture_heat(cell->cpu_ns, cell->ns);
}

static bool alike(const struct cell *a, const struct cell *b)
{
	return a->ns > 0 && b->ns > 0 && heat_of(a) == heat_of(b);
}

/* How many cells from here on look alike, within the row. */
static size_t run_length(const struct grid *grid, size_t at)
{
	size_t left = grid->columns - at % grid->columns, length = 1;

	while (length < left &&
	       alike(&grid->cells[at], &grid->cells[at + length]))
		length++;
	return length;
}

static size_t count_runs(const struct svg *svg, const struct grid *grid)
{
	size_t all = svg->rows * grid->columns, runs = 0, at;

	for (at = 0; at < all; at += run_length(grid, at))
		runs += grid->cells[at].ns > 0;
	return runs;
}

/*
 * Writes one path for each heat, because a rectangle in a path takes few bytes.
 */
static void draw_heat(const struct svg *svg, const struct grid *grid, double y,
		      unsigned int heat)
{
	double height = svg->lane_height > 5 ? svg->lane_height - 1 :
					       svg->lane_height;
	size_t all = svg->rows * grid->columns, at, length, row;
	bool any = false;

	for (at = 0; at < all; at += length) {
		length = run_length(grid, at);
		if (!(grid->cells[at].ns > 0) ||
		    heat_of(&grid->cells[at]) != heat)
			continue;
		if (!any)
			fprintf(svg->file, "<path class=\"k%u\" d=\"", heat);
		any = true;
		row = at / grid->columns;
		fprintf(svg->file, "M%zu %.4gh%zuv%.3gh-%zuz",
			SVG_LEFT + at % grid->columns * grid->width,
			y + (double)row * svg->lane_height,
			length * grid->width, height, length * grid->width);
	}
	if (any)
		fputs("\"/>\n", svg->file);
}

static void fill(struct svg *svg, struct grid *grid, double less_than)
{
	const struct picture *picture = svg->picture;
	size_t i;

	grid->columns = (SVG_PLOT + grid->width - 1) / grid->width;
	grid->cells = memory_alloc((svg->rows * grid->columns + 1) *
				   sizeof(*grid->cells));
	for (i = 0; i < picture->count; i++) {
		const struct bar *bar = &picture->bars[i];

		if ((double)(bar->end_ns - bar->start_ns) * svg->scale <
		    less_than)
			add_bar(svg, grid, bar);
	}
}

void svg_grid(struct svg *svg, double y, double less_than)
{
	struct grid grid = { .width = 1 };
	unsigned int heat;

	fill(svg, &grid, less_than);
	while (count_runs(svg, &grid) > CELLS_MAX && grid.width < 64) {
		free(grid.cells);
		grid.width *= 2;
		fill(svg, &grid, less_than);
	}
	for (heat = 0; heat <= HEAT_MORE; heat++)
		draw_heat(svg, &grid, y, heat);
	free(grid.cells);
}
