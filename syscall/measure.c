// SPDX-License-Identifier: MIT
#include <error.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

static unsigned long long samples[DOOR_SAMPLES];
static unsigned long long stamp_cost, loop_cost;

void measure_fail(const char *what)
{
	error(1, errno, "%s", what);
	abort();
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return (x > y) - (x < y);
}

/* Leaves the samples sorted. */
static unsigned long long median(unsigned int count)
{
	qsort(samples, count, sizeof(*samples), compare);
	return samples[count / 2];
}

static unsigned long long less(unsigned long long count, unsigned long long cost)
{
	return count > cost ? count - cost : 0;
}

static unsigned long long median_once(const struct door *door)
{
	for (int i = 0; i < DOOR_SAMPLES; i++) {
		samples[i] = door->once();
		if (door->undo)
			door->undo();
	}
	return median(DOOR_SAMPLES);
}

static unsigned long long median_loop(const struct door *door)
{
	unsigned long long begin;

	for (int i = 0; i < DOOR_BATCHES; i++) {
		begin = door_stamp();
		door->loop(DOOR_LOOP);
		samples[i] = door_stamp() - begin;
	}
	return median(DOOR_BATCHES);
}

void measure(const struct door *door)
{
	unsigned long long once, least;
	double each;

	median_once(door);	/* costs of the first call only */
	once = less(median_once(door), stamp_cost);
	least = less(samples[0], stamp_cost);
	each = door->undo ? (double)once :
	       (double)less(median_loop(door), loop_cost) / DOOR_LOOP;
	printf("%10llu %10llu %10.2f  %s\n", least, once, each, door->name);
	fflush(stdout);
}

/* Two for each turn, and one more. */
static void turn(unsigned int n)
{
	asm volatile("1: dec %0; jnz 1b" : "+r" (n) : : "cc");
}

DOOR(nothing, "nothing")
{
}

DOOR(turns, "ten thousand instructions")
{
	turn(5000);
}

static bool counts_instructions(void)
{
	unsigned long long seen = less(median_once(&door_turns), stamp_cost);

	return seen >= 10000 && seen < 10010;
}

void measure_begin(void)
{
	stamp_cost = median_once(&door_nothing);
	loop_cost = median_loop(&door_nothing);
	if (!counts_instructions())
		printf("# this machine counts time, not instructions: figures are ticks\n");
	printf("%10s %10s %10s\n", "minimum", "median", "per call");
}
