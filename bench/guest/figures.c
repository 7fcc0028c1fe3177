// SPDX-License-Identifier: MIT
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>

void figure(const char *table, const char *row, const char *column,
	    double value, const char *unit)
{
	printf("%s,%s,%s,%.10g,%s\n", table, row, column, value, unit);
}

void figure_absent(const char *table, const char *row, const char *reason)
{
	printf("# %s: no figure for %s: %s\n", table, row, reason);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. If they differ, prints how much. */
void figure_spread(const char *table, const char *row, int64_t *values,
		   size_t n, double divisor, const char *unit)
{
	size_t half = n / 2, quarter = n / 4;

	qsort(values, n, sizeof(*values), compare);
	figure(table, row, "median", values[half] / divisor, unit);
	figure(table, row, "lower quartile", values[quarter] / divisor, unit);
	figure(table, row, "upper quartile", values[n - 1 - quarter] / divisor,
	       unit);
}
