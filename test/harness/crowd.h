/* SPDX-License-Identifier: MIT */
/* What tests of many processes and of the kernel's time for them are made of. */
#ifndef CROWD_H
#define CROWD_H

#include "lib.h"

/* Processes that sleep, as cheap as can be: they share our memory. */
void crowd(pid_t *pids, unsigned int n);
/* Or the test is skipped: there is no memory for so many. */
void crowd_fits(unsigned int n);
/* Writes their PIDs, as many as fit in a write. */
void register_all(int fd, const pid_t *pids, unsigned int n);

/* A process with so many threads, all of which sleep. */
pid_t threaded(unsigned int n, unsigned int uid);

/* How far a mapped session has come. */
struct pace {
	unsigned long long generation, at;
};
struct pace pace_of(const struct urt_map *map);

/* What the kernel's workers have run, in ns. */
unsigned long long workers_ns(void);

/* How long an instruction takes, in ns: by the clock in guests with -icount. */
double instruction_ns(void);

/*
 * From here on, what workers do for us is watched, while a process that goes
 * before all others wants the CPU all the time. On one CPU.
 */
void stretches_begin(void);
/*
 * Return: the most instructions that one of these functions has run in a
 * stretch, with nobody let in between.
 */
unsigned long long stretches_end(const char *function, const char *what);

#endif
