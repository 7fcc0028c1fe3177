/* SPDX-License-Identifier: MIT */
/*
 * The roots of all visible processes: processes whose parent is not visible. On
 * the machine itself they are init and kthreadd. In a PID namespace they are
 * its init and processes that entered from outside.
 */
#ifndef ROOTS_H
#define ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The start tells the process from a later one with the same number. */
struct root {
	pid_t pid;
	uint64_t start;		/* in clock ticks since boot */
};

/*
 * Calls take() for each root. Return: 0, or -1 with errno if /proc cannot be
 * read.
 */
int roots_each(void (*take)(const struct root *root, void *context),
	       void *context);

/* Whether more roots may come later. */
bool roots_grow(void);

#endif
