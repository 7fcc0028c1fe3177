// SPDX-License-Identifier: MIT
/*
 * Many processes, many threads, and the work that users can cause in the
 * kernel.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "lib.h"
#include "crowd.h"

#define MANY 20000
#define MANY_PARAMS "max_per_user=65536 interval_ms=100"
#define THREADS 2000

/* --- many processes --- */

/* Return: how many lines there are. They are of these processes, in order. */
static unsigned int expect_lines(const pid_t *pids, unsigned int n)
{
	char *text = slurp(STATUS), *line, *save;
	unsigned int i = 0;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), i++)
		expect(i < n && atoi(line) == pids[i], "line %u: %s", i, line);
	free(text);
	return i;
}

TEST(scale_processes, "20,000 processes are all listed, and leave when they end",
     .params = MANY_PARAMS, .slow = true, .limit = 600)
{
	pid_t *pids = calloc(MANY, sizeof(*pids));
	unsigned long long begin;
	int fd;

	crowd_fits(MANY);
	crowd(pids, MANY);
	fd = open_status();
	begin = now_ns();
	register_all(fd, pids, MANY);
	note("registered in %llu ms", (now_ns() - begin) / MS);
	next_generation();
	next_generation();
	begin = now_ns();
	expect(expect_lines(pids, MANY) == MANY, "not all");
	note("read in %llu ms; a refresh every %llu ms", (now_ns() - begin) / MS,
	     stat_header().interval);
	for (int i = 0; i < MANY; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	wait_until(!stat_header().processes, 60000, "%llu are left",
		   stat_header().processes);
}

TEST(scale_threads, "all 2,000 threads of a process are counted",
     .slow = true, .limit = 120)
{
	pid_t pid = threaded(THREADS, 0);
	struct session s;
	struct record r;
	struct row row;

	session_open(&s);
	must(put(s.fd, "interval 100 %d", pid) > 0);
	registers("%d", pid);
	next_generation();
	expect(stat_row(pid, &row), "%s", slurp(STAT));
	expect(row.threads == THREADS + 1, "%u threads", row.threads);
	/* All sleep, so that the clock now shows what was sampled. */
	expect(row.utime + row.stime == cpu_ns(pid), "%llu + %llu ns of %llu",
	       row.utime, row.stime, (unsigned long long)cpu_ns(pid));
	end(pid);
	expect(skip_to(&s, pid, &r) == EXIT, "no record");
	expect(r.utime + r.stime >= row.utime + row.stime, "%llu + %llu ns",
	       r.utime, r.stime);
}

/* --- registrations among many processes --- */

#define ROWS 2000
#define FORKS 100

static void *read_on(void *arg)
{
	for (;;)
		free(slurp(STATUS));
	return arg;
}

/* After each registration or removal, the reader renders all lines anew. */
TEST(scale_forked, "a child that is forked during a read is found after it",
     .params = "max_per_user=65536 interval_ms=3600000", .boot = "two",
     .limit = 120)
{
	pid_t *pids = calloc(ROWS, sizeof(*pids)), other, pid;
	pthread_t thread;

	crowd(pids, ROWS);
	register_all(open_status(), pids, ROWS);
	other = sleeper();
	registers("tree %d", getpid());
	must(!pthread_create(&thread, NULL, read_on, NULL));
	for (int i = 0; i < scaled(FORKS); i++) {
		registers("-%d", other);
		nap();		/* until the reader is in the middle */
		pid = sleeper();
		expect(listed(pid, NULL), "the %dth is missing", i);
		end(pid);
		registers("%d", other);
	}
}

/* --- CPU time for other processes --- */

#define STRETCH_MAX 1000000	/* instructions */

/*
 * In guests with -icount, the clock counts instructions. Elsewhere it says
 * little.
 */
static void expect_short(const char *function, const char *what)
{
	unsigned long long most = stretches_end(function, what);

	expect(most <= STRETCH_MAX, "%s: %llu instructions", what, most);
}

static void wait_generations(unsigned int n)
{
	while (n--)
		next_generation();
}

TEST(stretch_refresh, "a refresh of 20,000 processes lets others in between",
     .params = MANY_PARAMS, .slow = true, .limit = 600)
{
	pid_t *pids = calloc(MANY, sizeof(*pids));

	crowd_fits(MANY);
	crowd(pids, MANY);
	register_all(open_status(), pids, MANY);
	next_generation();
	stretches_begin();
	wait_generations(3);
	expect_short("update_cputimes", "20,000 processes");
}

TEST(stretch_map, "a refresh that fills a map of 20,000 processes lets others in between",
     .params = MANY_PARAMS, .slow = true, .limit = 600)
{
	pid_t *pids = calloc(MANY, sizeof(*pids));
	int fd = open_session();

	crowd_fits(MANY);
	crowd(pids, MANY);
	map_session(fd, MANY);
	must(put(fd, "interval 100 ") > 0);
	register_all(fd, pids, MANY);
	stretches_begin();
	for (int i = 0; i < 3; i++)
		wait_until(events_of(fd, POLLPRI) & POLLPRI, 60000, "no refresh");
	expect_short("update_cputimes", "a map of 20,000 processes");
}

TEST(stretch_threads, "a refresh of a process with 2,000 threads lets others in between", .limit = 120)
{
	registers("%d", threaded(THREADS, 0));
	next_generation();
	stretches_begin();
	wait_generations(3);
	expect_short("update_cputimes", "2,000 threads");
}

TEST(stretch_exits, "taking over 20,000 exits of a session lets others in between",
     .params = MANY_PARAMS, .slow = true, .limit = 600)
{
	pid_t *pids = calloc(MANY, sizeof(*pids));
	struct session s;
	struct record r;
	unsigned long long n = 0;
	uint64_t begin;

	crowd_fits(MANY);
	crowd(pids, MANY);
	session_open(&s);
	must(put(s.fd, "interval 3600000 ") > 0);
	register_all(s.fd, pids, MANY);
	stretches_begin();
	for (int i = 0; i < MANY; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < MANY; i++)
		must(waitpid(pids[i], NULL, 0) == pids[i]);
	begin = now_ns();
	do {
		/* The module rests to pay for taking over these exits. */
		expect(line_waits(&s, 120000), "%llu exits, and no more", n);
		next_record(&s, &r);
		n += r.count;
	} while (r.kind != END);
	note("the last one %llu ms after its end",
	     (unsigned long long)(now_ns() - begin) / MS);
	expect(n == MANY, "%llu exits", n);
	expect_short("upkeep", "20,000 exits");
}
