/* SPDX-License-Identifier: MIT */
/* For tests of many processes and of the kernel's time for them. */
#ifndef CROWD_H
#define CROWD_H

#include "lib.h"

/*
 * Makes processes that sleep and that share our memory, so that they cost
 * little.
 */
void crowd(pid_t *pids, unsigned int n);
/* Skips the test if there is no memory for so many. */
void crowd_fits(unsigned int n);
/* Writes their PIDs, as many as fit in each write. */
void register_all(int fd, const pid_t *pids, unsigned int n);

/* Makes a process with so many threads, all of which sleep. */
pid_t threaded(unsigned int n, unsigned int uid);

/* The progress of a mapped session. */
struct pace {
	unsigned long long generation, at;
};
struct pace pace_of(const struct urt_map *map);

/* The time that the kernel's workers have run, in ns. */
unsigned long long workers_ns(void);

/*
 * The duration of an instruction in ns. In guests with -icount, it follows from
 * the clock.
 */
double instruction_ns(void);

/*
 * From here on, records the work that workers do for us. Meanwhile a process of
 * the highest priority wants the CPU all the time. Needs one CPU.
 */
void stretches_begin(void);
/*
 * Return: the largest number of instructions that one of these functions has
 * run without a break for other processes.
 */
unsigned long long stretches_end(const char *function, const char *what);

#endif
