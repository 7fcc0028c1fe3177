// SPDX-License-Identifier: MIT
/*
 * The errors of CPU times that are known by construction. A process works in
 * bursts. A burst has 2.1 ms in user mode, which are counted nops. It has 0.9
 * ms in the kernel, which are system calls of known cost. The tick comes every
 * 4 ms. It sees each burst in user mode, or in the kernel, or never. Out of
 * phase with the bursts, it sees different parts.
 */
#define _GNU_SOURCE
#include "accuracy.h"

#include <fcntl.h>
#include <linux/taskstats.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../peers/peers.h"
#include "../peers/taskstats.h"
#include "base.h"
#include "burn.h"
#include "figures.h"
#include "urt.h"

#define TICK (4 * MS)
#define BURSTS 500
#define USER (21 * MS / 10)
#define SYSTEM (9 * MS / 10)
#define CALL_BYTES 16384
#define CALL_USER 10		/* about so many of a call are in user mode */

/* The moments when bursts begin, in ns. */
static const struct pattern {
	const char *table;
	int64_t offset;		/* from a tick */
	uint64_t period;
} patterns[] = {
	{ "accuracy out of phase with the tick", 0, TICK * 1118 / 1000 },
	{ "accuracy when the tick sees user mode", -(int64_t)USER / 2, TICK },
	{ "accuracy when the tick sees the kernel", -USER - SYSTEM / 2, TICK },
	{ "accuracy when the tick sees nothing", MS / 2, TICK },
};

enum { UTIME, STIME, TOTAL, TIMES };
static const char *const columns[TIMES] = { "user", "system", "total" };

struct times {
	double ns[TIMES];
};

static int zero;		/* /dev/zero */
static uint64_t call_cost;	/* of the kernel's part */
static uint64_t tick_at;	/* CLOCK_MONOTONIC of a tick */
static int taskstats;		/* or -1, if the kernel has none */

/* --- the work of the process --- */

static void call_kernel(void)
{
	static char bytes[CALL_BYTES];

	must(read(zero, bytes, sizeof(bytes)) == sizeof(bytes));
}

static void calibrate_calls(void)
{
	uint64_t costs[101], begin;

	for (int i = 0; i < 101; i++) {
		begin = tsc();
		call_kernel();
		costs[i] = since(begin) - CALL_USER;
	}
	call_cost = median(costs, 101);
	printf("# accuracy: a call costs the kernel %llu instructions\n",
	       (unsigned long long)call_cost);
}

/* Sometimes another interrupt comes. Interrupts 4 ms apart are ticks. */
static bool find_tick(void)
{
	uint64_t before;

	burn_until_interrupt();
	tick_at = now_ns();
	for (int i = 0; i < 100; i++) {
		before = tick_at;
		burn_until(tsc() + TICK / 2);
		burn_until_interrupt();
		tick_at = now_ns();
		if (tick_at - before > TICK - TICK / 1000 &&
		    tick_at - before < TICK + TICK / 1000)
			return true;
	}
	return false;
}

static void burst(void)
{
	burn_blocks(USER / (BURN_BLOCK + 2));
	for (uint64_t i = 0; i < SYSTEM / call_cost; i++)
		call_kernel();
}

static struct times truth(void)
{
	uint64_t calls = SYSTEM / call_cost, blocks = USER / (BURN_BLOCK + 2);
	struct times t;

	t.ns[UTIME] = (double)BURSTS * (blocks * (BURN_BLOCK + 2) +
					calls * CALL_USER);
	t.ns[STIME] = (double)BURSTS * calls * call_cost;
	t.ns[TOTAL] = t.ns[UTIME] + t.ns[STIME];
	return t;
}

static void work(const struct pattern *p)
{
	uint64_t ticks = (now_ns() - tick_at) / TICK;
	uint64_t at = tick_at + (ticks + 10) * TICK + p->offset;

	for (int i = 0; i < BURSTS; i++, at += p->period) {
		sleep_until(at);
		burst();
	}
}

static double in_ns(struct timeval t)
{
	return (double)t.tv_sec * SECOND + t.tv_usec * 1000.0;
}

/* Works when told to, and reports the times that it was told about itself. */
static void be_process(const struct pattern *p, int go, int done)
{
	struct rusage before, after;
	struct times t;
	char c;

	must(read(go, &c, 1) == 1);
	must(!getrusage(RUSAGE_SELF, &before));
	work(p);
	must(!getrusage(RUSAGE_SELF, &after));
	t.ns[UTIME] = in_ns(after.ru_utime) - in_ns(before.ru_utime);
	t.ns[STIME] = in_ns(after.ru_stime) - in_ns(before.ru_stime);
	t.ns[TOTAL] = t.ns[UTIME] + t.ns[STIME];
	must(write(done, &t, sizeof(t)) == sizeof(t));
	for (;;)
		pause();
}

/* --- the times that others report --- */

static struct times of_stat(pid_t pid)
{
	unsigned long utime, stime;
	char path[32], line[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	n = read(fd, line, sizeof(line) - 1);
	must(n > 0);
	line[n] = '\0';
	close(fd);
	must(sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		    &utime, &stime) == 2);
	return (struct times){ { utime * 10.0 * MS, stime * 10.0 * MS,
				 (utime + stime) * 10.0 * MS } };
}

static struct times of_taskstats(pid_t pid)
{
	struct taskstats stats;

	must(taskstats_ask(taskstats, pid, &stats));
	return (struct times){ { stats.ac_utime * 1e3, stats.ac_stime * 1e3,
				 (stats.ac_utime + stats.ac_stime) * 1e3 } };
}

/* A process has values as soon as it is registered. */
static struct times of_ours(pid_t pid)
{
	unsigned long long utime, stime;
	FILE *f = fopen(URT_STAT_PATH, "r");
	char line[256], word[16];

	must(f);
	snprintf(word, sizeof(word), "%d", pid);
	spit(URT_STATUS_PATH, word);
	for (int i = 0; i < 3; i++)
		must(fgets(line, sizeof(line), f));
	must(sscanf(line, "%*d %*d %*u %*c %*u %llu %llu", &utime,
		    &stime) == 2);
	fclose(f);
	snprintf(word, sizeof(word), "-%d", pid);
	spit(URT_STATUS_PATH, word);
	return (struct times){ { utime, stime, utime + stime } };
}

static const struct splitter {
	const char *name;
	struct times (*look)(pid_t pid);
} splitters[] = {
	{ "ours", of_ours },
	{ "/proc/PID/stat", of_stat },
	{ "taskstats", of_taskstats },
};

/* These report only the total. */
static const struct peer *const adders[] = {
	&peer_schedstat, &peer_clock, &peer_perf, &peer_bpf_chosen,
};

#define SPLITTERS (sizeof(splitters) / sizeof(*splitters))
#define ADDERS (sizeof(adders) / sizeof(*adders))

struct seen {
	struct times split[SPLITTERS];
	uint64_t total[ADDERS];
};

static void look(pid_t pid, const char *const missing[ADDERS],
		 struct seen *seen)
{
	for (size_t i = 0; i < SPLITTERS; i++) {
		if (splitters[i].look != of_taskstats || taskstats >= 0)
			seen->split[i] = splitters[i].look(pid);
	}
	for (size_t i = 0; i < ADDERS; i++)
		seen->total[i] = missing[i] ? 0 : adders[i]->sample();
}

/* --- the errors --- */

static void print(const char *table, const char *row, int which, double ns)
{
	double right = truth().ns[which];

	figure(table, row, columns[which], 100 * (ns - right) / right, "%");
}

static void print_split(const char *table, const char *row,
			const struct times *before, const struct times *after)
{
	for (int i = 0; i < TIMES; i++)
		print(table, row, i, after->ns[i] - before->ns[i]);
}

static void print_all(const char *table, const struct seen *before,
		      const struct seen *after, const struct times *self,
		      const char *const missing[ADDERS])
{
	static const struct times zero_times;

	for (size_t i = 0; i < SPLITTERS; i++) {
		if (splitters[i].look == of_taskstats && taskstats < 0)
			figure_absent(table, splitters[i].name,
				      "CONFIG_TASKSTATS");
		else
			print_split(table, splitters[i].name, &before->split[i],
				    &after->split[i]);
	}
	print_split(table, "getrusage of itself", &zero_times, self);
	for (size_t i = 0; i < ADDERS; i++) {
		if (missing[i])
			figure_absent(table, adders[i]->row, missing[i]);
		else
			print(table, adders[i]->row, TOTAL,
			      after->total[i] - before->total[i]);
	}
}

static void measure(const struct pattern *p)
{
	const char *missing[ADDERS];
	struct seen before, after;
	int go[2], done[2];
	struct times self;
	pid_t pid;

	must(!pipe(go) && !pipe(done));
	pid = fork();
	must(pid >= 0);
	if (!pid)
		be_process(p, go[0], done[1]);
	sleep_until(now_ns() + SECOND);
	for (size_t i = 0; i < ADDERS; i++)
		missing[i] = adders[i]->open(&pid, 1);
	look(pid, missing, &before);
	must(write(go[1], "", 1) == 1);
	must(read(done[0], &self, sizeof(self)) == sizeof(self));
	look(pid, missing, &after);
	print_all(p->table, &before, &after, &self, missing);
	for (size_t i = 0; i < ADDERS; i++) {
		if (!missing[i])
			adders[i]->close();
	}
	must(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(done[i]);
	}
}

void accuracy_measure(void)
{
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	must(zero >= 0);
	calibrate_calls();
	if (!find_tick()) {
		figure_absent("accuracy", "anything", "the tick is not 4 ms");
		return;
	}
	taskstats = taskstats_open();
	module_load("interval_ms=3600000");
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		measure(&patterns[i]);
	module_unload();
	if (taskstats >= 0)
		close(taskstats);
	close(zero);
}
