/* SPDX-License-Identifier: MIT */
#ifndef SYSCALL_MEASURE_H
#define SYSCALL_MEASURE_H

#include "door.h"

/*
 * Finds the cost of measuring, which is subtracted from then on, and the unit
 * of the counter. Prints the heading.
 */
void measure_begin(void);

/*
 * Prints a line: minimum and median of single calls, the cost of one call in a
 * loop, and the door's name. A door that must be undone has no loop. Its third
 * figure is a copy of the second.
 */
void measure(const struct door *door);

/*
 * Ends the program, with errno and the condition, unless the condition holds.
 */
#define must(cond) ((cond) ? (void)0 : measure_fail(#cond))
void measure_fail(const char *what) __attribute__((noreturn));

#endif
