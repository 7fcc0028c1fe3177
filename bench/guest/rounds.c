// SPDX-License-Identifier: MIT
/* Samples of one set of processes, by us and by our peers. */
#include "rounds.h"

#include <stddef.h>
#include <stdio.h>

#include "../peers/peers.h"
#include "base.h"
#include "children.h"
#include "mapped.h"
#include "ours.h"
#include "samples.h"
#include "urt.h"

#define REPEATS 5

static struct set set;

void rounds_open(const struct set *s)
{
	set = *s;
	/* Maps have room for no more than max_per_user. */
	module_load("interval_ms=3600000 max_per_user=20000");
	ours_open(&set);
	peers_open(&set);
}

void rounds_close(void)
{
	peers_close();
	ours_close();
	module_unload();
}

static void run_if(bool run)
{
	if (run)
		children_run();
}

/*
 * Whoever tells all CPU time must have seen about what there has been. The first
 * to run waits for the tick, up to a second longer than the others.
 */
static void check(const char *who, uint64_t time)
{
	uint64_t whole = children_age() * set.nr_ids;

	if (time > whole / 10 * 8 && time < whole / 10 * 14 + 2000000000)
		return;
	printf("# %s: %.3f s of %.3f\n", who, time / 1e9, whole / 1e9);
	must(!"it has seen all CPU time");
}

static void sample_peer(int nr, const char *row)
{
	uint64_t time = peers_sample(nr, row);

	if (peers_get(nr)->whole)
		check(row, time);
}

/*
 * Whoever is first to look after a process has run brings its times up to date
 * for the others, too: each that does so gets a round of its own.
 */
static void measure_all(bool run)
{
	for (int nr = 0; nr <= REPEATS; nr++) {
		run_if(run);
		ours_sample();
		for (int i = 0; i < peers_count(); i++) {
			run_if(run && peers_get(i)->adjusts);
			sample_peer(i, peers_get(i)->row);
		}
	}
}

/* With as many others, who matter to whom walks all that there are. */
static void measure_among_others(bool run)
{
	const char *row;

	others_start(set.count, NULL);
	for (int nr = 0; nr <= REPEATS; nr++) {
		run_if(run);
		ours_sample_few("refresh + status first read; as many others");
		for (int i = 0; i < peers_count(); i++) {
			row = peers_get(i)->row_others;
			if (row)
				sample_peer(i, row);
		}
	}
	others_end();
}

/* After the others: who is registered twice costs more. */
static void measure_mapped(bool run)
{
	mapped_open(&set);
	for (int nr = 0; nr <= REPEATS; nr++) {
		run_if(run);
		mapped_sample();
	}
	others_start(MAPPED_READERS, mapped_touch);
	for (int nr = 0; nr <= REPEATS; nr++) {
		run_if(run);
		mapped_sample_shared();
	}
	others_end();
	mapped_close();
}

/* The medians are in the notes then. */
void rounds_measure(bool run)
{
	notes_clear();
	measure_all(run);
	check(URT_STAT_PATH, ours_total());
}

void rounds_measure_more(bool run)
{
	measure_among_others(run);
	measure_mapped(run);
}
