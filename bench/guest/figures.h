/* SPDX-License-Identifier: MIT */
/* The output of the program. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* Prints a figure. No name may contain a comma. */
void figure(const char *table, const char *row, const char *column,
	    double value, const char *unit);
void figure_absent(const char *table, const char *row, const char *reason);
void figure_spread(const char *table, const char *row, int64_t *values,
		   size_t n, double divisor, const char *unit);

#endif
