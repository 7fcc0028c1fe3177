// SPDX-License-Identifier: MIT
/*
 * "bench tables": all tables except samples of many processes. The module is
 * not loaded before and after any of them.
 */
#include "tables.h"

#include <stdio.h>
#include <string.h>

#include "accuracy.h"
#include "base.h"
#include "exits.h"
#include "forks.h"
#include "lost.h"
#include "memory.h"
#include "skew.h"
#include "wakeup.h"

static const struct {
	const char *name;
	void (*measure)(void);
} tables[] = {
	{ "fork", forks_measure },
	{ "exits", exits_measure },
	{ "skew", skew_measure },
	{ "memory", memory_measure },
	{ "wakeup", wakeup_measure },
	{ "lost", lost_measure },
	{ "accuracy", accuracy_measure },
};

#define TABLES (sizeof(tables) / sizeof(*tables))

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < TABLES && strcmp(tables[i].name, name))
		i++;
	return i;
}

static void measure(size_t nr)
{
	tables[nr].measure();
	fflush(stdout);
}

void tables_measure(char *names)
{
	char *rest;

	if (!names) {
		for (size_t i = 0; i < TABLES; i++)
			measure(i);
		return;
	}
	for (char *n = strtok_r(names, ",", &rest); n;
	     n = strtok_r(NULL, ",", &rest)) {
		if (find(n) == TABLES)
			printf("# there is no table %s\n", n);
		must(find(n) < TABLES);
		measure(find(n));
	}
}

/* --- shared parts --- */

/* Notes a figure that this kernel does not have. */
