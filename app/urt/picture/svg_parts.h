/* SPDX-License-Identifier: MIT */
/* The parts of the still picture, and their places. */
#ifndef SVG_PARTS_H
#define SVG_PARTS_H

#include <stdio.h>

#include "picture/picture.h"

#define SVG_WIDTH	1200
#define SVG_LEFT	24
#define SVG_PLOT	(SVG_WIDTH - 2 * SVG_LEFT)
#define SVG_LETTER	6.63	/* width of a letter in a label */

struct svg {
	const struct picture *picture;
	FILE *file;
	double scale;		/* pixels for each ns */
	double lane_height;
	size_t rows;		/* drawn ... */
	size_t lanes_per_row;	/* ... each of one or more lanes */
};

static inline double svg_x(const struct svg *svg, uint64_t ns)
{
	return SVG_LEFT + (double)ns * svg->scale;
}

/* Chooses how high lanes are, and how many make a row. */
void svg_choose_rows(struct svg *svg);

/* Each function returns where the next part may begin, below it. */
double svg_load(struct svg *svg, double y);		/* CPUs busy, by time */
double svg_axis(struct svg *svg, double y, double height);
double svg_bars(struct svg *svg, double y);

/*
 * Draws bars that are too narrow to be drawn one by one: less than so many
 * pixels.
 */
void svg_grid(struct svg *svg, double y, double less_than);

#endif
