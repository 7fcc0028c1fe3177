/* SPDX-License-Identifier: MIT */
/* The samples, by row, until they are printed. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdint.h>

void note(const char *row, uint64_t instructions);
int notes_count(void);
const char *notes_row(int nr);
double notes_median(int nr);
void notes_clear(void);

#endif
