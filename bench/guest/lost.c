// SPDX-License-Identifier: MIT
/*
 * The CPU time of short processes that pollers never see.
 *
 * A runner forks busy processes, one at a time, and learns from wait4() what
 * each has used. They begin at moments that are spread evenly over the time
 * between two looks. Our peers look at the process of that moment. For each
 * process, the value of the last look counts. The rest of the CPU time of all
 * processes is lost.
 */
#define _GNU_SOURCE
#include "lost.h"

#include <linux/taskstats.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../peers/peers.h"
#include "../peers/perf.h"
#include "../peers/receive.h"
#include "../peers/taskstats.h"
#include "base.h"
#include "burn.h"
#include "figures.h"
#include "session.h"

#define PROCESSES 25		/* of each kind */
#define PERIOD (5 * SECOND)	/* the longer time between two looks */
#define PHASE (PERIOD / PROCESSES)

/* Facts from the runner. */
struct run {
	pid_t pids[PROCESSES];
	uint64_t used[PROCESSES];	/* once the process has ended */
	int running;		/* the process, or -1 */
	bool done;
};

/* Peers that know the whole past of a process at the first look. */
static const struct peer *const whole[] = {
	&peer_stat, &peer_schedstat, &peer_clock, &peer_taskstats,
};

#define WHOLE (sizeof(whole) / sizeof(*whole))

/* Pollers. */
static struct looker {
	const char *table;
	unsigned int seconds;
	uint64_t seen[WHOLE][PROCESSES];
	int perf[PROCESSES];	/* opened when first seen */
	int session;		/* of processes that were seen */
	const char *missing[WHOLE];	/* why it could not look */
} lookers[] = {
	{ .table = "lost by looking every 5 s", .seconds = 5 },
	{ .table = "lost by looking every 1 s", .seconds = 1 },
};

#define LOOKERS (sizeof(lookers) / sizeof(*lookers))

static struct run *run;		/* shared */
static int heard;		/* taskstats: told of exits */
static uint64_t heard_ns[PROCESSES];

/* --- the processes --- */

static uint64_t usage_ns(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * SECOND +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

/* Each process has its own moment within the period. */
static void sleep_until_phase(uint64_t epoch, int nr)
{
	uint64_t phase = nr * PHASE + PHASE / 2, since = now_ns() - epoch;
	uint64_t at = since / PERIOD * PERIOD + phase;

	sleep_until(epoch + (at < since ? at + PERIOD : at));
}

static void run_one(int nr, uint64_t life)
{
	struct rusage usage;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		burn_until(tsc() + life);
		_exit(0);
	}
	run->pids[nr] = pid;
	run->running = nr;
	must(wait4(pid, NULL, 0, &usage) == pid);
	run->running = -1;
	run->used[nr] = usage_ns(&usage);
}

/* The runner learns where to begin when all watchers are ready. */
static pid_t start_runner(int go, uint64_t life)
{
	uint64_t epoch;
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		return pid;
	must(read(go, &epoch, sizeof(epoch)) == sizeof(epoch));
	sleep_until(epoch);
	for (int i = 0; i < PROCESSES; i++) {
		sleep_until_phase(epoch, i);
		run_one(i, life);
	}
	run->done = true;
	_exit(0);
}

/* --- pollers --- */

static void register_seen(const struct looker *l, pid_t pid)
{
	char word[16];
	int len = snprintf(word, sizeof(word), "%d\n", pid);

	must(write(l->session, word, len) == len);
}

static void look(struct looker *l)
{
	int nr = run->running;
	pid_t pid;

	if (nr < 0)
		return;
	pid = run->pids[nr];
	for (size_t i = 0; i < WHOLE; i++) {
		l->missing[i] = whole[i]->open(&pid, 1);
		if (l->missing[i])
			continue;
		l->seen[i][nr] = whole[i]->sample();
		whole[i]->close();
	}
	if (l->perf[nr] < 0) {
		l->perf[nr] = perf_open(pid, false);
		register_seen(l, pid);
	}
}

static void look_until_done(uint64_t epoch)
{
	unsigned int second = 0;

	do {
		sleep_until(epoch + ++second * SECOND);
		for (size_t i = 0; i < LOOKERS; i++) {
			if (second % lookers[i].seconds == 0)
				look(&lookers[i]);
		}
	} while (!run->done);
}

/* --- watchers of exits --- */

static void hear(pid_t pid, const struct taskstats *stats)
{
	uint64_t us = stats->ac_utime + stats->ac_stime;

	for (int i = 0; i < PROCESSES; i++) {
		if (run->pids[i] == pid)
			heard_ns[i] = us * 1000;
	}
}

/* Return: the sum of a session's records of our processes. */
static uint64_t records_sum(int session)
{
	unsigned long long utime, stime;
	static char text[1 << 14];
	uint64_t sum = 0;
	size_t len = 0;
	ssize_t n;
	int pid;

	while ((n = read(session, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	for (char *p = strtok(text, "\n"); p; p = strtok(NULL, "\n")) {
		must(sscanf(p, "exit %d %*d %*u %llu %llu", &pid, &utime,
			    &stime) == 3);
		for (int i = 0; i < PROCESSES; i++)
			sum += run->pids[i] == pid ? utime + stime : 0;
	}
	return sum;
}

/* --- the lost time --- */

static uint64_t sum_of(const uint64_t *values)
{
	uint64_t sum = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += values[i];
	return sum;
}

static uint64_t read_perf(int fd)
{
	uint64_t ns;

	must(read(fd, &ns, sizeof(ns)) == sizeof(ns));
	return ns;
}

static uint64_t perf_sum(const struct looker *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += l->perf[i] < 0 ? 0 : read_perf(l->perf[i]);
	return sum;
}

static void print(const char *table, const char *row, const char *life,
		  uint64_t seen)
{
	uint64_t used = sum_of(run->used);

	figure(table, row, life, 100 - 100.0 * seen / used, "%");
}

static void print_looker(const struct looker *l, const char *life)
{
	for (size_t i = 0; i < WHOLE; i++) {
		if (l->missing[i])
			figure_absent(l->table, whole[i]->row, l->missing[i]);
		else
			print(l->table, whole[i]->row, life,
			      sum_of(l->seen[i]));
	}
	print(l->table, "perf opened when seen", life, perf_sum(l));
	print(l->table, "our session of those seen", life,
	      records_sum(l->session));
}

struct told {
	int inherited;		/* perf */
	int tree;		/* our session */
};

static void print_told(const struct told *told, const char *life)
{
	static const char *const table = "lost by being told";

	if (told->inherited >= 0)
		print(table, "perf inherited (one sum)", life,
		      read_perf(told->inherited));
	if (heard >= 0)
		print(table, "taskstats listener", life, sum_of(heard_ns));
	print(table, "our session of a tree", life, records_sum(told->tree));
}

/* --- the order --- */

static void prepare(struct told *told, pid_t runner)
{
	char words[48];

	memset(run, 0, sizeof(*run));
	memset(heard_ns, 0, sizeof(heard_ns));
	run->running = -1;
	for (size_t i = 0; i < LOOKERS; i++) {
		memset(lookers[i].seen, 0, sizeof(lookers[i].seen));
		memset(lookers[i].perf, -1, sizeof(lookers[i].perf));
		lookers[i].session = session_open("interval 3600000");
	}
	snprintf(words, sizeof(words), "tree %d interval 3600000", runner);
	told->tree = session_open(words);
	told->inherited = perf_open(runner, true);
}

static void clean_up(const struct told *told)
{
	for (size_t i = 0; i < LOOKERS; i++) {
		for (int j = 0; j < PROCESSES; j++) {
			if (lookers[i].perf[j] >= 0)
				close(lookers[i].perf[j]);
		}
		close(lookers[i].session);
	}
	close(told->tree);
	if (told->inherited >= 0)
		close(told->inherited);
}

static void measure(const char *name, uint64_t life)
{
	struct told told;
	pid_t runner;
	uint64_t epoch;
	int go[2];

	must(!pipe(go));
	runner = start_runner(go[0], life);
	prepare(&told, runner);
	epoch = now_ns() + SECOND;
	must(write(go[1], &epoch, sizeof(epoch)) == sizeof(epoch));
	look_until_done(epoch);
	must(waitpid(runner, NULL, 0) == runner);
	sleep_until(now_ns() + SECOND);	/* ended processes become final */
	if (heard >= 0)
		taskstats_hear(heard, RECEIVE_MAX, hear);
	for (size_t i = 0; i < LOOKERS; i++)
		print_looker(&lookers[i], name);
	print_told(&told, name);
	clean_up(&told);
	close(go[0]);
	close(go[1]);
}

void lost_measure(void)
{
	struct sched_param first = { .sched_priority = 1 }, normal = { };

	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(run != MAP_FAILED);
	heard = taskstats_open();
	if (heard >= 0)
		taskstats_listen(heard);
	else
		figure_absent("lost by being told", "taskstats listener",
			      "CONFIG_TASKSTATS");
	module_load("");
	/*
	 * A poller looks at once. Forked processes do not inherit the priority.
	 */
	must(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first));
	measure("0.2 s life", SECOND / 5);
	measure("1 s life", SECOND);
	measure("7 s life", 7 * SECOND);
	must(!sched_setscheduler(0, SCHED_BATCH, &normal));
	module_unload();
	close(heard);
	must(!munmap(run, sizeof(*run)));
}
