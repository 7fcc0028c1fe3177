/* SPDX-License-Identifier: MIT */
/* Processes that are sampled, and other processes. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdint.h>
#include <sys/types.h>

pid_t *children_start(int count);	/* processes */
pid_t *children_start_threads(int count);	/* of one; the first names it */
uint64_t children_age(void);	/* least CPU time of each, ns */
void children_run(void);
void children_end(void);
void others_start(int count, void (*first)(void));
void others_end(void);

/* The sampled set. Without threads, ids are pids. */
struct set {
	const pid_t *pids;	/* processes, registered */
	int count;
	const pid_t *ids;	/* all their threads */
	int nr_ids;
};

#endif
