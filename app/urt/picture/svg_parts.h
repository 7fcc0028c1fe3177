/* SPDX-License-Identifier: MIT */
/* The parts of the still picture, and where they stand. */
#ifndef SVG_PARTS_H
#define SVG_PARTS_H

#include <stdio.h>

#include "picture/picture.h"

#define SVG_WIDTH	1200
#define SVG_LEFT	24
#define SVG_PLOT	(SVG_WIDTH - 2 * SVG_LEFT)
#define SVG_LETTER	6.63	/* width of one, in the size that labels have */

struct svg {
	const struct picture *picture;
	FILE *file;
	double scale;		/* pixels for each ns */
	double lane_height;
	size_t rows;		/* drawn ... */
	size_t lanes_per_row;	/* ... each of which may be several lanes */
};

static inline double svg_x(const struct svg *svg, uint64_t ns)
{
	return SVG_LEFT + (double)ns * svg->scale;
}

/* Chooses how high lanes are, and how many make a row. */
void svg_choose_rows(struct svg *svg);

/* Each returns where the next one may begin, below it. */
double svg_load(struct svg *svg, double y);		/* CPUs busy, by time */
double svg_axis(struct svg *svg, double y, double height);
double svg_bars(struct svg *svg, double y);

/* Those that are too narrow to be drawn one by one: less than so many pixels. */
void svg_grid(struct svg *svg, double y, double less_than);

#endif
