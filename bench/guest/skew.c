// SPDX-License-Identifier: MIT
/*
 * How long one sample of many processes takes, from the first process to the
 * last. Values are so far apart that are added or compared as if they were of
 * one moment. A peer that asks about one process after the other needs the cost
 * of one process many times. Our value is the time of a refresh, whenever a
 * reader reads it.
 */
#define _GNU_SOURCE
#include "skew.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../peers/peers.h"
#include "base.h"
#include "children.h"
#include "figures.h"
#include "refresh.h"
#include "urt.h"

#define TABLE "skew"
#define COUNT 1000
#define REPEATS 5

static const struct peer *const peers[] = {
	&peer_stat, &peer_stat_kept, &peer_schedstat, &peer_clock,
	&peer_taskstats, &peer_taskstats_batch, &peer_perf, &peer_bpf,
	&peer_bpf_chosen, &peer_bpf_walk,
};

static void print(const char *row, double cost)
{
	char column[16];

	snprintf(column, sizeof(column), "%d", COUNT);
	figure(TABLE, row, column, cost, "instructions");
}

/* The cost of a sample without one process's share. */
static void measure(const struct peer *peer, const pid_t *pids)
{
	uint64_t costs[REPEATS + 1], begin;
	const char *why = peer->open(pids, COUNT);

	if (why) {
		figure_absent(TABLE, peer->row, why);
		return;
	}
	for (int i = 0; i <= REPEATS; i++) {
		begin = tsc();
		peer->sample();
		costs[i] = since(begin);
	}
	peer->close();
	/* The first one fills caches. */
	print(peer->row, median(costs + 1, REPEATS) * (COUNT - 1.0) / COUNT);
}

static double refresh(int status)
{
	uint64_t costs[REPEATS + 1];

	for (int i = 0; i <= REPEATS; i++)
		costs[i] = refresh_measure(status);
	return median(costs + 1, REPEATS);
}

/* The cost of all of them minus the cost of one. */
static void measure_ours(const pid_t *pids)
{
	int status = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC), len;
	char word[16];
	double one = 0;

	must(status >= 0);
	for (int i = 0; i < COUNT; i++) {
		len = snprintf(word, sizeof(word), "%d\n", pids[i]);
		must(write(status, word, len) == len);
		if (!i)
			one = refresh(status);
	}
	print("ours (within a refresh)", refresh(status) - one);
	close(status);
}

void skew_measure(void)
{
	/* More than 1,000 children are made in a tenth of the time. */
	const pid_t *pids = children_start(COUNT + 1);

	module_load("interval_ms=3600000");
	measure_ours(pids);
	module_unload();
	for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++)
		measure(peers[i], pids);
	children_end();
}
