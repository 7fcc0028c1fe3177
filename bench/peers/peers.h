/* SPDX-License-Identifier: MIT */
/* The other ways in which the kernel reports the CPU time of processes. */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
	const char *name;	/* for --peers */
	const char *row;	/* in the tables */
	const char *row_others;	/* sees all processes: with as many others */
	bool by_thread;		/* only knows threads, asks for each */
	bool adjusts;		/* updates times; later peers find that done */
	bool whole;		/* reports all CPU time since the start */

	/*
	 * Asks for these from now on. Return: NULL, or the reason why it
	 * cannot.
	 */
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

/* Keeps only the peers of these names, with commas between them. */
void peers_choose(char *names);

void peers_open(const struct set *set);
void peers_close(void);

/* The number of peers that are there. They are 0 to peers_count() - 1. */
int peers_count(void);
const struct peer *peers_get(int nr);
/* Notes the cost of a sample in that row. Return: all CPU time that it saw. */
uint64_t peers_sample(int nr, const char *row);

#endif
