/* SPDX-License-Identifier: MIT */
/* What the kernel offers anyway to learn the CPU time of processes. */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
	const char *name;	/* for --peers */
	const char *row;	/* in the tables */
	const char *row_others;	/* sees all processes: with as many others */
	bool by_thread;		/* knows threads only, has to ask for each */
	bool adjusts;		/* and whoever is next finds that done */
	bool whole;		/* tells all CPU time since the process began */

	/* Asks for these from now on. Return: NULL, or why it cannot be. */
	const char *(*open)(const pid_t *ids, int count);
	/* Return: the CPU time of all of them together, ns. */
	uint64_t (*sample)(void);
	void (*close)(void);
};

extern const struct peer peer_stat, peer_stat_kept, peer_schedstat;
extern const struct peer peer_clock, peer_getrusage, peer_getppid;
extern const struct peer peer_taskstats, peer_taskstats_batch;
extern const struct peer peer_perf;
extern const struct peer peer_bpf, peer_bpf_chosen, peer_bpf_walk;

struct set;

/* Only those with these names, with commas between them; without it, all. */
void peers_choose(char *names);

void peers_open(const struct set *set);
void peers_close(void);

/* Those that are there, 0 to peers_count() - 1. */
int peers_count(void);
const struct peer *peers_get(int nr);
/* Notes what a sample costs, in that row. Return: all CPU time that it saw. */
uint64_t peers_sample(int nr, const char *row);

#endif
