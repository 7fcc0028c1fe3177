/* SPDX-License-Identifier: MIT */
/* The load of register_and_poll: threads that use user CPU time. */
#ifndef BURN_H
#define BURN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ULL
#define BURN_THREADS_MAX 1024

struct burn {
	double seconds;
	unsigned int threads;
	unsigned int duty;	/* percent */
	uint64_t start_ns;	/* CLOCK_MONOTONIC */
	uint64_t end_ns;
	pthread_t started[BURN_THREADS_MAX];
	unsigned int nr_started;
	atomic_bool stop;
};

/* Reads a clock, in nanoseconds. */
uint64_t now(clockid_t clock);

/*
 * Starts the threads. Return: whether this succeeded; if not, a message is
 * printed.
 */
bool burn_start(struct burn *burn);
void burn_stop(struct burn *burn);

/*
 * Waits for the end, and until the kernel has counted all CPU time of the
 * threads.
 */
void burn_finish(struct burn *burn);

#endif
