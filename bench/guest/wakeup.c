// SPDX-License-Identifier: MIT
/*
 * The time from the end of a refresh until the processes that wait for it in
 * poll() are back.
 *
 * refresh.c knows when the worker is done. The processes run one after the
 * other on the only CPU. The work of one process, until it waits again, delays
 * the next one. They read the text, as real ones would.
 */
#define _GNU_SOURCE
#include "wakeup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "figures.h"
#include "refresh.h"
#include "session.h"
#include "sleepers.h"
#include "urt.h"

#define TABLE "wakeup"
#define REPEATS 7
#define POLLERS 10
#define REGISTERED 1000

static struct shared {
	uint32_t back;		/* how many of them are back */
	uint64_t stamps[POLLERS];	/* when poll() returned */
} *shared;
static pid_t pollers[POLLERS];
static int status;

static void read_all(int fd)
{
	static char text[1 << 16];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, text, sizeof(text), at)) > 0)
		at += n;
	must(!n);
}

static void wait_and_read(int nr, uint32_t count)
{
	struct pollfd p = { .events = POLLIN };

	p.fd = open(URT_STATUS_PATH, O_RDONLY | O_CLOEXEC);
	must(p.fd >= 0);
	for (;;) {
		read_all(p.fd);
		must(poll(&p, 1, -1) == 1);
		shared->stamps[nr] = tsc();
		if (++shared->back == count)
			refresh_enough();
	}
}

static void pollers_start(int n)
{
	for (int i = 0; i < n; i++) {
		pollers[i] = fork();
		must(pollers[i] >= 0);
		if (!pollers[i])
			wait_and_read(i, n);
	}
	sleep_until(now_ns() + SECOND);
}

static void pollers_end(int n)
{
	for (int i = 0; i < n; i++) {
		must(!kill(pollers[i], SIGKILL));
		must(waitpid(pollers[i], NULL, 0) == pollers[i]);
	}
}

static void register_some(int fd, const pid_t *pids, int from, int to)
{
	char word[16];
	int len;

	for (int i = from; i < to; i++) {
		len = snprintf(word, sizeof(word), "%d\n", pids[i]);
		must(write(fd, word, len) == len);
	}
}

/* The time since the end of the refresh that was measured last. */
static uint64_t since_end(uint64_t stamp)
{
	must(stamp > refresh_ended());
	return stamp - refresh_ended();
}

static void print(const char *row, const char *column, uint64_t *values)
{
	/* The first value is not counted. */
	figure(TABLE, row, column, median(values + 1, REPEATS),
	       "instructions");
}

static void measure(const char *row, int n, const char *first_column,
		    const char *last_column)
{
	uint64_t first[REPEATS + 1], last[REPEATS + 1], delay;

	pollers_start(n);
	for (int i = 0; i <= REPEATS; i++) {
		shared->back = 0;
		refresh_ask();
		sleep_until(now_ns() + SECOND);
		refresh_cost();
		first[i] = last[i] = since_end(shared->stamps[0]);
		for (int j = 1; j < n; j++) {
			delay = since_end(shared->stamps[j]);
			first[i] = delay < first[i] ? delay : first[i];
			last[i] = delay > last[i] ? delay : last[i];
		}
	}
	pollers_end(n);
	print(row, first_column, first);
	if (n > 1)
		print(row, last_column, last);
}

static void measure_status(const char *row)
{
	measure(row, 1, "the only one", NULL);
	measure(row, POLLERS, "first of 10", "last of 10");
}

/* Reads the map as urt.h describes. Return: the sum of all pids. */
static uint64_t read_map(const struct urt_map *map)
{
	const struct urt_map_snapshot *snapshot;
	const char *process;
	uint32_t sequence;
	uint64_t sum;

	do {
		sequence = __atomic_load_n(&map->sequence, __ATOMIC_ACQUIRE);
		snapshot = (const void *)((const char *)map +
					  map->snapshot_offset[sequence & 1]);
		process = (const char *)snapshot + map->process_offset;
		sum = 0;
		for (uint32_t i = 0; i < snapshot->processes; i++) {
			sum += ((const struct urt_map_process *)process)->pid;
			process += map->process_size;
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&map->sequence, __ATOMIC_RELAXED) != sequence);
	return sum;
}

/* A generation of a session is reported to one process, the first that asks. */
static void mapped(const pid_t *pids)
{
	uint64_t delays[REPEATS + 1], reads[REPEATS + 1], begin;
	const size_t length = URT_MAP_LENGTH(REGISTERED);
	const struct urt_map *map;
	int session;

	session = session_open("interval 3600000");
	register_some(session, pids, 0, REGISTERED);
	map = mmap(NULL, length, PROT_READ, MAP_SHARED, session, 0);
	must(map != MAP_FAILED);
	for (int i = 0; i <= REPEATS; i++) {
		refresh_measure_session(session);
		delays[i] = since_end(refresh_woken());
		begin = tsc();
		must(read_map(map) >= REGISTERED);
		reads[i] = delays[i] + since(begin);
	}
	print("mapped session of 1000", "the only one", delays);
	print("mapped session of 1000 and reading it", "the only one", reads);
	must(!munmap((void *)map, length));
	close(session);
}

void wakeup_measure(void)
{
	pid_t *pids;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	pids = sleepers_start(REGISTERED);
	module_load("interval_ms=3600000");
	status = open(URT_STATUS_PATH, O_RDWR | O_CLOEXEC);
	must(status >= 0);

	register_some(status, pids, 0, 1);
	measure_status("status of 1");
	register_some(status, pids, 1, REGISTERED);
	measure_status("status of 1000");
	close(status);
	module_unload();

	module_load("interval_ms=3600000");
	mapped(pids);
	module_unload();
	sleepers_end();
	must(!munmap(shared, sizeof(*shared)));
}
