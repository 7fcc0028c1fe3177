// SPDX-License-Identifier: MIT
/*
 * The samples, by row, in the order of each row's first sample. The first
 * sample of a row fills caches and is not counted.
 */
#include "samples.h"

#include <string.h>

#include "base.h"

#define ROWS 48
#define SAMPLES 16

static struct {
	const char *row;
	uint64_t values[SAMPLES];
	int count;
} notes[ROWS];
static int nr_notes;

void note(const char *row, uint64_t instructions)
{
	int i = 0;

	while (i < nr_notes && strcmp(notes[i].row, row))
		i++;
	if (i == nr_notes) {
		must(i < ROWS);
		notes[i].row = row;
		notes[i].count = 0;
		nr_notes++;
	}
	must(notes[i].count < SAMPLES);
	notes[i].values[notes[i].count++] = instructions;
}

int notes_count(void)
{
	return nr_notes;
}

const char *notes_row(int nr)
{
	return notes[nr].row;
}

double notes_median(int nr)
{
	must(notes[nr].count > 1);
	return median(notes[nr].values + 1, notes[nr].count - 1);
}

void notes_clear(void)
{
	nr_notes = 0;
}
