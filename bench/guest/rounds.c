// SPDX-License-Identifier: MIT
/* Samples of one set of processes, by the module and by our peers. */
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
	/* A map has room for at most max_per_user processes. */
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
 * A peer that reports all CPU time must have seen nearly all of it. The first
 * process to run waits for the tick, up to a second longer than the others.
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
 * The first peer that looks at a process after it has run brings its times up
 * to date for later peers. Therefore each peer that does so gets a round of its
 * own.
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

/*
 * Adds as many other processes. They matter to peers that walk all processes.
 */
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

/* Comes last, because a process that is registered twice costs more. */
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

/* Fills the notes with the medians. */
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
