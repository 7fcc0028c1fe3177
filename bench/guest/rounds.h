/* SPDX-License-Identifier: MIT */
/* The main table. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>

#include "children.h"

void rounds_open(const struct set *set);
void rounds_measure(bool run);
void rounds_measure_more(bool run);
void rounds_close(void);

#endif
