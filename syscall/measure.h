/* SPDX-License-Identifier: MIT */
#ifndef SYSCALL_MEASURE_H
#define SYSCALL_MEASURE_H

#include "door.h"

/*
 * Finds out what measuring costs, which is taken off from then on, and what is
 * counted; prints the heading.
 */
void measure_begin(void);

/*
 * Prints a line: least and median of single calls, what one takes in a loop, and
 * the door's name. A door that has to be undone is in no loop; the third figure
 * is the second then.
 */
void measure(const struct door *door);

/* Ends the program, with errno and what it was about, unless it holds. */
#define must(cond) ((cond) ? (void)0 : measure_fail(#cond))
void measure_fail(const char *what) __attribute__((noreturn));

#endif
