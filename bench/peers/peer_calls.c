// SPDX-License-Identifier: MIT
/* System calls: one that reports a process's CPU time, and two floors. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../guest/base.h"
#include "peers.h"

static clockid_t *clocks;
static int nr_clocks;
static int nr_calls;

/* --- clock_gettime: all threads, without a split --- */

static const char *clock_open(const pid_t *ids, int count)
{
	clocks = calloc(count, sizeof(*clocks));
	must(clocks);
	nr_clocks = count;
	for (int i = 0; i < count; i++)
		must(!clock_getcpuclockid(ids[i], &clocks[i]));
	return NULL;
}

static uint64_t clock_sample(void)
{
	struct timespec ts;
	uint64_t sum = 0;

	for (int i = 0; i < nr_clocks; i++) {
		must(!clock_gettime(clocks[i], &ts));
		sum += ts.tv_sec * 1000000000ull + ts.tv_nsec;
	}
	return sum;
}

static void clock_close(void)
{
	free(clocks);
}

const struct peer peer_clock = {
	.name = "clock",
	.row = "clock_gettime",
	.whole = true,
	.open = clock_open,
	.sample = clock_sample,
	.close = clock_close,
};

/* --- floors: as many calls as there are processes --- */

static const char *calls_open(const pid_t *ids, int count)
{
	nr_calls = count;
	return NULL;
}

static uint64_t getrusage_sample(void)
{
	struct rusage usage;
	uint64_t sum = 0;

	for (int i = 0; i < nr_calls; i++) {
		must(!getrusage(RUSAGE_SELF, &usage));
		sum += usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	}
	return sum;
}

static uint64_t getppid_sample(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < nr_calls; i++)
		sum += getppid();
	return sum;
}

static void calls_close(void)
{
}

const struct peer peer_getrusage = {
	.name = "getrusage",
	.row = "getrusage of oneself",
	.open = calls_open,
	.sample = getrusage_sample,
	.close = calls_close,
};

const struct peer peer_getppid = {
	.name = "getppid",
	.row = "getppid",
	.open = calls_open,
	.sample = getppid_sample,
	.close = calls_close,
};
