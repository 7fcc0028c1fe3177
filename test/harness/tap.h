/* SPDX-License-Identifier: MIT */
/* Prints claims as TAP, for all programs in C. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdbool.h>

/*
 * Begins to count, and prints the plan. Without it, tap_done() prints the plan.
 */
void tap_plan(int count);

/* Text in front of each claim of a program, such as "urt top"; or NULL. */
extern const char *tap_about;

/*
 * Prints a claim. seen says why it does not hold; NULL means that it holds or
 * that no reason is known.
 */
void tap(bool good, const char *claim, const char *seen);

/* Return: the program's exit status. */
int tap_done(void);

#endif
