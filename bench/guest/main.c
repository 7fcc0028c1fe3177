// SPDX-License-Identifier: MIT
/*
 * Runs in a guest under -icount with one CPU and prints what samples of many
 * processes cost, in instructions of the whole machine:
 *
 *	bench WORD...
 *
 *	peers=NAME[,NAME]...	compares with these only
 *	N[,N]...	samples of so many processes
 *	threads		samples of one process of many threads
 *	tables[=NAME[,NAME]...]	the further tables (tables.c), or these
 *	profile		forks for the profile, prints its phases
 *
 * Every figure is a line "TABLE,ROW,COLUMN,VALUE,UNIT"; remarks begin with "#".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "../peers/peers.h"

#define REPEATS 5
#define REST 20000000L		/* ns; ticks of 1, 4 and 10 ms fit in */
#define DESCRIPTORS (8ul * PROCESSES_MAX)

uint64_t stamp_cost;

void fail(const char *file, int line, const char *what)
{
	fflush(stdout);
	printf("# %s:%d: failed: %s (%s)\n", file, line, what, strerror(errno));
	exit(1);
}

void spit(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t len = strlen(line);

	must(fd >= 0 && (!len || write(fd, line, len) == len));
	close(fd);
}

void module_load(const char *parameters)
{
	int fd = open("/usertime.ko", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && !syscall(SYS_finit_module, fd, parameters, 0));
	close(fd);
}

void module_unload(void)
{
	must(!syscall(SYS_delete_module, "usertime", O_NONBLOCK));
}

void figure(const char *table, const char *row, const char *column,
	    double value, const char *unit)
{
	printf("%s,%s,%s,%.10g,%s\n", table, row, column, value, unit);
}

void rest(void)
{
	struct timespec until;

	must(!clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_nsec = until.tv_nsec / REST * REST + 2 * REST + REST / 2;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	must(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t median(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void million(void)
{
	asm volatile("mov $500000, %%ecx; 1: dec %%ecx; jnz 1b" : : : "ecx", "cc");
}

/* The kernel has this and that to do after it has started. */
static void settle(void)
{
	const struct timespec nap = { .tv_sec = 3 };

	must(!nanosleep(&nap, NULL));
}

/* Nothing below means anything unless the counter counts instructions. */
static void calibrate(void)
{
	uint64_t costs[REPEATS], loops[REPEATS], begin, seen;

	for (int i = 0; i < REPEATS; i++) {
		begin = tsc();
		costs[i] = tsc() - begin;
	}
	stamp_cost = median(costs, REPEATS);
	for (int i = 0; i < REPEATS; i++) {
		begin = tsc();
		million();
		loops[i] = since(begin);
	}
	seen = median(loops, REPEATS);
	printf("# a loop of 1000001 instructions counts as %llu, a stamp as %llu\n",
	       (unsigned long long)seen, (unsigned long long)stamp_cost);
	must(seen > 999000 && seen < 1020000);
}

/* --- the main table --- */

static void measure_state(const char *table, int count, bool run)
{
	char column[16];

	rounds_measure(run);
	rounds_measure_more(run);
	snprintf(column, sizeof(column), "%d", count);
	for (int i = 0; i < notes_count(); i++)
		figure(table, notes_row(i), column, notes_median(i) / count,
		       "instructions");
	fflush(stdout);
}

static void samples_of(int count)
{
	const pid_t *pids = children_start(count);
	const struct set set = {
		.pids = pids, .count = count, .ids = pids, .nr_ids = count,
	};

	rounds_open(&set);
	ours_register(true);
	measure_state("idle", count, false);
	measure_state("running", count, true);
	rounds_close();
	children_end();
}

static void do_word(char *word)
{
	if (!strncmp(word, "peers=", 6)) {
		peers_choose(word + 6);
	} else if (!strcmp(word, "threads")) {
		threads_measure();
	} else if (!strcmp(word, "tables")) {
		tables_measure(NULL);
	} else if (!strncmp(word, "tables=", 7)) {
		tables_measure(word + 7);
	} else if (!strcmp(word, "profile")) {
		forks_profile();
		phases_profile();
	} else {
		for (char *n = strtok(word, ","); n; n = strtok(NULL, ","))
			samples_of(atoi(n));
	}
}

int main(int argc, char **argv)
{
	const struct rlimit limit = { DESCRIPTORS, DESCRIPTORS };
	const struct sched_param param = { };

	must(argc > 1);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	settle();
	calibrate();
	/* Processes of this kind do not preempt whoever wakes them. */
	must(!sched_setscheduler(0, SCHED_BATCH, &param));
	must(!setrlimit(RLIMIT_NOFILE, &limit));
	refresh_init();
	for (int i = 1; i < argc; i++)
		do_word(argv[i]);
	return 0;
}
