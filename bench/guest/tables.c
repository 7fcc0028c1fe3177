// SPDX-License-Identifier: MIT
/*
 * "bench tables": everything that is not a sample of many processes. The module
 * is not loaded before nor after any of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "burn.h"
#include "tables.h"
#include "urt.h"

#define SETTLE (120 * MS)	/* some grace periods, of some ticks each */

static const struct {
	const char *name;
	void (*measure)(void);
} tables[] = {
	{ "fork", forks_measure },
	{ "exits", exits_measure },
	{ "skew", skew_measure },
	{ "memory", memory_measure },
	{ "wakeup", wakeup_measure },
	{ "lost", lost_measure },
	{ "accuracy", accuracy_measure },
};

#define TABLES (sizeof(tables) / sizeof(*tables))

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < TABLES && strcmp(tables[i].name, name))
		i++;
	return i;
}

static void measure(size_t nr)
{
	tables[nr].measure();
	fflush(stdout);
}

/* Those with these names, with commas between them; NULL: all. */
void tables_measure(char *names)
{
	char *rest;

	if (!names) {
		for (size_t i = 0; i < TABLES; i++)
			measure(i);
		return;
	}
	for (char *n = strtok_r(names, ",", &rest); n;
	     n = strtok_r(NULL, ",", &rest)) {
		if (find(n) == TABLES)
			printf("# there is no table %s\n", n);
		must(find(n) < TABLES);
		measure(find(n));
	}
}

/* --- what they share --- */

/* A figure that this kernel does not have. */
void figure_absent(const char *table, const char *row, const char *reason)
{
	printf("# %s: no figure for %s: %s\n", table, row, reason);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts them. What repeats do not agree on is printed as it is. */
void figure_spread(const char *table, const char *row, int64_t *values,
		   size_t n, double divisor, const char *unit)
{
	size_t half = n / 2, quarter = n / 4;

	qsort(values, n, sizeof(*values), compare);
	figure(table, row, "median", values[half] / divisor, unit);
	figure(table, row, "lower quartile", values[quarter] / divisor, unit);
	figure(table, row, "upper quartile", values[n - 1 - quarter] / divisor,
	       unit);
}

/* Return: a session that has taken all of the words. */
int session_open(const char *words)
{
	int fd = open(URT_SESSION_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = strlen(words);

	must(fd >= 0 && write(fd, words, len) == len);
	return fd;
}

/*
 * Is busy until what was left for later has been done: RCU's callbacks, and
 * what they have left for later. Return: what it took; when nothing was left,
 * that is always the same.
 */
uint64_t until_quiet(void)
{
	uint64_t begin = tsc();

	burn_blocks(SETTLE / BURN_BLOCK);
	return tsc() - begin;
}

/*
 * The stacks of the dead are unmapped together when there are some 1,600 of them,
 * which hits one round in five. Whoever unloads a module does that, too.
 */
void unmap_stacks(void)
{
	module_load("");
	module_unload();
}

/* Return: a process that has ended, and has copied no memory. */
pid_t fork_brief(void)
{
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	must(pid > 0);
	return pid;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	must(!clock_gettime(CLOCK_MONOTONIC, &ts));
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

void sleep_until(uint64_t ns)
{
	struct timespec ts = { ns / SECOND, ns % SECOND };
	int err;

	do {
		err = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
				      NULL);
	} while (err == EINTR);
	must(!err);
}
