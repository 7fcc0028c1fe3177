// SPDX-License-Identifier: MIT
/* The list of peers: all of them, the chosen ones, and those of this kernel. */
#include "peers.h"

#include <stdio.h>
#include <string.h>

#include "../guest/base.h"
#include "../guest/children.h"
#include "../guest/samples.h"

#define PEERS (sizeof(all) / sizeof(*all))

static const struct peer *const all[] = {
	&peer_stat, &peer_stat_kept, &peer_schedstat, &peer_clock,
	&peer_taskstats, &peer_taskstats_batch, &peer_perf, &peer_bpf,
	&peer_bpf_chosen, &peer_bpf_walk, &peer_getrusage, &peer_getppid,
};

static bool left_out[PEERS];
static const struct peer *there[PEERS];
static int nr_there;

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < PEERS && strcmp(all[i]->name, name))
		i++;
	return i;
}

void peers_choose(char *names)
{
	memset(left_out, true, sizeof(left_out));
	for (char *n = strtok(names, ","); n; n = strtok(NULL, ",")) {
		if (find(n) == PEERS)
			printf("# there is no peer %s\n", n);
		must(find(n) < PEERS);
		left_out[find(n)] = false;
	}
}

/* Other sets need not ask for a peer that this kernel does not have. */
static void refuse(size_t nr, const char *why)
{
	printf("# %s: not measured: %s\n", all[nr]->name, why);
	left_out[nr] = true;
}

void peers_open(const struct set *set)
{
	const struct peer *peer;
	const char *why;

	nr_there = 0;
	for (size_t i = 0; i < PEERS; i++) {
		peer = all[i];
		if (left_out[i])
			continue;
		why = peer->by_thread ? peer->open(set->ids, set->nr_ids) :
					peer->open(set->pids, set->count);
		if (why)
			refuse(i, why);
		else
			there[nr_there++] = peer;
	}
}

void peers_close(void)
{
	for (int i = 0; i < nr_there; i++)
		there[i]->close();
}

int peers_count(void)
{
	return nr_there;
}

const struct peer *peers_get(int nr)
{
	return there[nr];
}

uint64_t peers_sample(int nr, const char *row)
{
	uint64_t begin, cost, time;

	rest();
	begin = tsc();
	time = there[nr]->sample();
	cost = since(begin);
	note(row, cost);
	return time;
}
