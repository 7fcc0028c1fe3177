/* SPDX-License-Identifier: MIT */
/*
 * The roots of all processes that are visible here: those whose parent is not. On
 * the machine itself they are init and kthreadd; in a PID namespace, its init and
 * whatever came in from outside.
 */
#ifndef ROOTS_H
#define ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The start tells it from another process that gets its number. */
struct root {
	pid_t pid;
	uint64_t start;		/* in clock ticks since boot */
};

/* Calls take() for each. Return: 0, or -1 with errno when /proc cannot be read. */
int roots_each(void (*take)(const struct root *root, void *context),
	       void *context);

/* Whether there may be more of them later. */
bool roots_grow(void);

#endif
