/* SPDX-License-Identifier: MIT */
/* Claims as TAP: the one printer of what is written in C. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdbool.h>

/* Begins to count, and prints the plan. Without it, tap_done() prints the plan. */
void tap_plan(int count);

/* What stands before each claim of a program, such as "urt top"; or NULL. */
extern const char *tap_about;

/* A claim; and why it does not hold, unless that is NULL. */
void tap(bool good, const char *claim, const char *seen);

/* Return: the program's exit status. */
int tap_done(void);

#endif
