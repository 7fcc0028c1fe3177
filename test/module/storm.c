// SPDX-License-Identifier: MIT
/*
 * Many processes: all are recorded or accounted for, and other processes get
 * the CPU.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib.h"
#include "crowd.h"

#define AT_ONCE 8

static volatile uint64_t *children_us;	/* as getrusage() says */

/* Forks short processes. One in 500 runs another program. */
static void fork_short(void *count)
{
	intptr_t left = (intptr_t)count;
	int running = 0;
	struct rusage ru;

	while (left || running) {
		if (!left || running == AT_ONCE) {
			must(wait(NULL) > 0);
			running--;
			continue;
		}
		running++;
		if (!fork()) {
			if (left % 500 == 0)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		left--;
	}
	getrusage(RUSAGE_CHILDREN, &ru);
	*children_us = (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000ULL +
		       ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
}

struct total {
	unsigned long long rows, lost, missed, ns, root_ns;
};

static void add_record(struct total *t, const struct record *r, pid_t root)
{
	if (r->kind == EXIT && r->pid == root) {
		t->root_ns = r->utime + r->stime;
		return;
	}
	t->rows += r->kind == EXIT;
	if (r->kind == LOST)
		t->lost += r->count;
	if (r->kind == MISSED)
		t->missed += r->count;
	t->ns += r->utime + r->stime;
}

/* Reads records as they come; or most of them at the end, and some before. */
static struct total run_storm(int count, bool stopped_reader)
{
	struct total t = { 0 };
	struct session s;
	struct record r;
	pid_t root;

	children_us = share(sizeof(*children_us));
	session_open(&s);
	root = stopped(fork_short, (void *)(intptr_t)count);
	must(put(s.fd, "tree %d", root) > 0);
	kill(root, SIGCONT);
	while (stopped_reader && !waitpid(root, NULL, WNOHANG)) {
		for (int i = 0; i < 2000; i++)
			nap();
		if (line_waits(&s, 0) && next_record(&s, &r) != END)
			add_record(&t, &r, root);
	}
	do {
		if (next_reaping(&s, &r, root) != END)
			add_record(&t, &r, root);
	} while (r.kind != END);
	note("%llu rows, %llu lost, %llu us; getrusage: %" PRIu64 " us", t.rows, t.lost,
	     t.ns / 1000, *children_us);
	close(s.fd);
	return t;
}

static void expect_all(const struct total *t, int count)
{
	expect(t->rows == (unsigned int)count && !t->lost && !t->missed &&
	       t->root_ns, "%llu rows, %llu lost, %llu missed of %d", t->rows,
	       t->lost, t->missed, count);
}

/* Only on one CPU. */
static void expect_equal(const struct total *t, int count)
{
	long long diff = (long long)(t->ns / 1000) - (long long)*children_us;

	expect(diff >= -count && diff <= count * waiter_misses(), "%lld us apart", diff);
}

static void expect_not_less(const struct total *t)
{
	expect(t->ns / 1000 + 2 >= *children_us, "%llu us, getrusage: %" PRIu64 " us",
	       t->ns / 1000, *children_us);
}

static void storm_one(int count)
{
	struct total t = run_storm(count, false);

	expect_all(&t, count);
	expect_equal(&t, count);
}

TEST(storm_one_quick, "5,000 short processes on one CPU leave all records with the exact sum")
{
	storm_one(scaled(5000));
}

TEST(storm_one, "100,000 short processes on one CPU leave all records with the exact sum",
     .full = true, .limit = 900)
{
	storm_one(100000);
}

static void storm_two(void *arg)
{
	int count = (intptr_t)arg;
	struct total t = run_storm(count, false);

	expect_all(&t, count);
	expect_not_less(&t);
}

/* With the default quota, which is given back in time. */
TEST(storm_user_quick, "5,000 short processes of a user on one CPU leave all records")
{
	in_user(1000, storm_two, (void *)(long)scaled(5000));
}

/* Room for all, because a busy host may stop the CPU that gives quota back. */
#define ROOM "max_per_user=131072 max_records=131072"

TEST(storm_two_quick, "5,000 short processes of a user on two CPUs leave all records",
     .params = ROOM, .boot = "two")
{
	in_user(1000, storm_two, (void *)(long)scaled(5000));
}

TEST(storm_two, "100,000 short processes of a user on two CPUs leave all records",
     .params = ROOM, .full = true, .limit = 900, .boot = "two")
{
	in_user(1000, storm_two, (void *)100000L);
}

static void storm_unread(int count)
{
	struct total t = run_storm(count, true);

	expect(t.lost, "nothing lost: %llu rows", t.rows);
	/* The record of the root is lost, or a row of its own. */
	if (!t.root_ns)
		t.lost--;
	expect(t.rows + t.lost == (unsigned int)count && !t.missed,
	       "%llu rows, %llu lost, %llu missed of %d", t.rows, t.lost,
	       t.missed, count);
	expect_not_less(&t);
	if (t.root_ns)
		expect_equal(&t, count);
}

TEST(storm_unread_quick, "records and lost are all processes while the reader stops",
     .params = "max_records=64")
{
	storm_unread(scaled(5000));
}

TEST(storm_unread, "records and lost are all of 100,000 processes, max_records=64, while the reader stops",
     .params = "max_records=64", .full = true, .limit = 900)
{
	storm_unread(100000);
}

/* --- missed --- */

#define QUOTA "max_per_user=16 interval_ms=200"

static struct forks {
	volatile int by[32769];		/* by PID */
} *forks;

static pid_t counted_fork(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		forks->by[getpid()]++;
	return pid;
}

/* Sleeps until no process has the other end of the pipe. */
static void meet(int *ends)
{
	char c;

	close(ends[1]);
	must(!read(ends[0], &c, 1));
}

/* Forks a hundred processes, which fork once each when all of them live. */
static void fork_hundred(void *arg)
{
	int i, all_live[2], all_forked[2];
	pid_t pid;

	must(!pipe(all_live) && !pipe(all_forked));
	for (i = 0; i < 100; i++) {
		if (counted_fork())
			continue;
		meet(all_live);
		pid = counted_fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
		meet(all_forked);
		_exit(0);
	}
	close(all_live[1]);
	close(all_forked[1]);
	while (wait(NULL) > 0)
		;
}

/* Keeps forty processes, which end soon. */
static void fork_thousands(void *arg)
{
	int i, running = 0;
	pid_t pid;

	for (i = 0; i < scaled(3000); i++) {
		if (running++ == 40) {
			must(wait(NULL) > 0);
			running--;
		}
		if (counted_fork())
			continue;
		pid = counted_fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

/* Return: how many rows there are. A fork of a member is a row or missed. */
static unsigned int expect_missed(void (*fn)(void *))
{
	unsigned long long forked = 0, missed = 0;
	unsigned int rows = 0;
	struct session s;
	struct record r;
	pid_t root;

	forks = share(sizeof(*forks));
	session_open(&s);
	root = stopped(fn, NULL);
	must(put(s.fd, "tree %d", root) > 0);
	kill(root, SIGCONT);
	do {
		if (next_reaping(&s, &r, root) == EXIT) {
			rows++;
			forked += forks->by[r.pid];
		}
		if (r.kind == MISSED)
			missed += r.count;
		expect(r.kind != LOST, "lost");
	} while (r.kind != END);
	note("%u rows, %llu missed; members forked %llu", rows, missed, forked);
	expect(rows - 1 + missed == forked, "%u rows, %llu missed, %llu forked",
	       rows, missed, forked);
	return rows;
}

static void miss_most(void *arg)
{
	unsigned int rows = expect_missed(fork_hundred);

	expect(rows == 16, "%u rows", rows);
}

TEST(missed_full, "with the quota used up, missed counts what members forked",
     .params = QUOTA)
{
	in_user(1000, miss_most, NULL);
}

static void miss_some(void *arg)
{
	unsigned int rows = expect_missed(fork_thousands);

	expect(rows > 100, "%u rows", rows);
}

TEST(missed_churn, "records and missed are what members forked, at a quota in use",
     .params = QUOTA, .boot = "two", .slow = true)
{
	in_user(1000, miss_some, NULL);
}

/* --- a fork bomb --- */

#define BOMB 300		/* processes, at most */
#define PACE 200		/* ms */

struct bomb {
	volatile bool registered, stop;
	volatile uint64_t forked;
};

static struct bomb *bomb;

static void explode(void *arg)
{
	unsigned int n = 0;

	must(!setrlimit(RLIMIT_NPROC, &(struct rlimit){ BOMB, BOMB }));
	signal(SIGCHLD, SIG_IGN);
	while (!bomb->stop) {
		if (fork() >= 0)
			__sync_fetch_and_add(&bomb->forked, 1);
		else if ((getpid() + n++) % 4 == 0)
			_exit(0);
		else
			sched_yield();
	}
	_exit(0);
}

/* A user with a tree that is always at its quota, and without a reader. */
static void plant(void *arg)
{
	pid_t root;
	int fd;

	become(1000);
	fd = open_session();
	root = stopped(explode, NULL);
	must(put(fd, "interval 100 tree %d", root) > 0);
	kill(root, SIGCONT);
	bomb->registered = true;
	sleep_forever();
}

/*
 * We have the priority of the workers that refresh. Linux therefore makes them
 * wait for the CPU as long as us.
 */
static uint64_t waited;		/* ns; at most */

static void look_again(void)
{
	uint64_t begin = now_ns(), took;

	nap();
	took = now_ns() - begin - MS;
	if (took > waited)
		waited = took;
}

static void expect_soon(uint64_t took, const char *what)
{
	note("%s: %.1f ms; we waited %.1f ms", what, took / 1e6, waited / 1e6);
	expect(took <= late_ns() + waited, "%s: %.1f ms", what, took / 1e6);
}

/*
 * How far each generation is from a multiple of the interval, after the first.
 */
static void expect_pace(const struct urt_map *map)
{
	struct pace first = pace_of(map), now;
	struct header a = stat_header(), b;
	long long late, latest = 0, earliest = 0;

	do {
		look_again();
		now = pace_of(map);
		late = now.at - first.at -
		       (now.generation - first.generation) * PACE * MS;
		if (late > latest)
			latest = late;
		if (late < earliest)
			earliest = late;
	} while (now.at - first.at < 8 * SEC);
	b = stat_header();
	expect_soon(latest - earliest, "a session's latest refresh");
	late = b.time - a.time - (b.generation - a.generation) * PACE * MS;
	expect_soon(llabs(late), "the last of status");
}

/* The bomb may keep a process from running that holds a lock that we need. */
static void expect_registrations(int fd)
{
	long long begin, took, worst = 0;

	for (int i = 0; i < 50; i++) {
		begin = now_ns() - cpu_ns(getpid());
		must(put(fd, "-%d tree %d", getpid(), getpid()) > 0);
		took = now_ns() - cpu_ns(getpid()) - begin;
		if (took > worst)
			worst = took;
		look_again();
	}
	if (counts_time())
		expect_soon(worst, "a registration's longest wait");
}

static void live_on(void *arg)
{
	const struct urt_map *map;
	int fd = open_session();

	must(put(fd, "interval %d %d", PACE, getpid()) > 0);
	map = map_session(fd, 1);
	registers("%d", getpid());
	next_generation();
	/* The clock of the other guest stands still while the host is busy. */
	if (counts_time())
		expect_pace(map);
	expect_registrations(fd);
}

TEST(storm_bomb, "a fork bomb in one user's tree delays no other's refresh",
     .params = "max_per_user=200 interval_ms=200", .limit = 120, .boot = "two",
     .slow = true)
{
	uint64_t before;
	pid_t owner;

	bomb = share(sizeof(*bomb));
	owner = child(plant, NULL);
	wait_until(bomb->registered && bomb->forked > 1000, 30000, "%" PRIu64,
		   bomb->forked);
	before = bomb->forked;
	must(!setpriority(PRIO_PROCESS, 0, -20));
	in_user(1001, live_on, NULL);
	wait_until(bomb->forked > before + 1000, 30000, "it was over: %" PRIu64,
		   bomb->forked);
	note("%" PRIu64 " forks meanwhile", bomb->forked - before);
	bomb->stop = true;
	end(owner);
}
