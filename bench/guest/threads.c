// SPDX-License-Identifier: MIT
/*
 * One process of many threads: its cost, and the cost that each thread adds to
 * a process with a single thread.
 */
#include "threads.h"

#include <stdio.h>

#include "base.h"
#include "children.h"
#include "figures.h"
#include "ours.h"
#include "rounds.h"
#include "samples.h"

#define THREADS 1000
#define ROWS 48

enum { IDLE, RUNNING, STATES };

static const char *const tables[STATES] = { "threads idle", "threads running" };

static double few[STATES][ROWS], many[STATES][ROWS];

static void measure(int threads, double costs[STATES][ROWS])
{
	const pid_t *ids = children_start_threads(threads);
	const struct set set = {
		.pids = ids, .count = 1, .ids = ids, .nr_ids = threads,
	};

	rounds_open(&set);
	ours_register(false);
	for (int state = 0; state < STATES; state++) {
		rounds_measure(state == RUNNING);
		must(notes_count() <= ROWS);
		for (int i = 0; i < notes_count(); i++)
			costs[state][i] = notes_median(i);
	}
	rounds_close();
	children_end();
}

/* The rows are always those of the last notes. */
static void print(int state)
{
	double one, all;

	for (int i = 0; i < notes_count(); i++) {
		one = few[state][i];
		all = many[state][i];
		figure(tables[state], notes_row(i), "1 thread", one,
		       "instructions");
		figure(tables[state], notes_row(i), "1000 threads", all,
		       "instructions");
		figure(tables[state], notes_row(i), "each further",
		       (all - one) / (THREADS - 1), "instructions");
	}
}

void threads_measure(void)
{
	measure(1, few);
	measure(THREADS, many);
	for (int state = 0; state < STATES; state++)
		print(state);
	fflush(stdout);
}
