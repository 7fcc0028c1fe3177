// SPDX-License-Identifier: MIT
/*
 * The CPU time that an unprivileged user can make the kernel spend without
 * paying: workers run for at most a 20th of one CPU. Users pay for their own
 * system calls.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "lib.h"
#include "crowd.h"

#define SESSIONS 60
#define USER 1000
#define THREADS 3000	/* of 60 sessions would take a tenth */

static int fds[SESSIONS];

static void open_sessions(const char *words, pid_t pid)
{
	for (int n = 0; n < SESSIONS; n++) {
		fds[n] = open_session();
		must(put(fds[n], "interval 100 ") > 0);
		expect(put(fds[n], words, pid) > 0, words, pid);
	}
}

/*
 * The module measures a 25th of the time and charges users for it. It does not
 * see timers, wake-ups and switches. These take so many instructions for a
 * refresh, upkeep included. On a slow machine they are the larger part of the
 * time.
 */
#define UNSEEN 10000
#define REFRESHES 10		/* of a session in a second */

static double most(void)
{
	double ns = instruction_ns();

	/*
	 * Kernels that check everything are slow even if the machine is fast.
	 */
	if (ns < 4)
		ns = 4;
	return 1 / 25.0 + SESSIONS * REFRESHES * UNSEEN * ns / SEC;
}

/* Measures for so many seconds, and calls busy again and again meanwhile. */
static void expect_budget(unsigned int seconds, void (*busy)(void),
			  const char *what)
{
	unsigned long long begin = now_ns(), ran = workers_ns();
	double part;

	while (now_ns() - begin < seconds * SEC)
		busy();
	part = (double)(workers_ns() - ran) / (now_ns() - begin);
	note("%s: %.2f %% of the time", what, part * 100);
	expect(part < most(), "%s: %.2f %% of the time", what, part * 100);
}

static void wait_second(void)
{
	nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
}

/* --- many threads --- */

static void expect_share(void *pid)
{
	become(USER);
	open_sessions("%d", *(pid_t *)pid);
	expect_budget(20, wait_second, "60 sessions with 3,000 threads");
}

TEST(budget, "refreshes of many processes of one user take a 20th of the time",
     .slow = true)
{
	pid_t pid = threaded(scaled(THREADS), USER);

	in_child(expect_share, &pid);
}

/* Return: the average time from one refresh to the next. */
static unsigned long long each_ms(const struct urt_map *map, struct pace begin)
{
	struct pace end = pace_of(map);

	expect(end.generation > begin.generation, "none within 20 s, where the "
	       "header says each %u ms", map->interval_ms);
	return (end.at - begin.at) / MS / (end.generation - begin.generation);
}

static void expect_told(void *pid)
{
	const struct urt_map *maps[SESSIONS];
	struct pace begin[SESSIONS];
	unsigned long long each;
	int n;

	become(USER);
	open_sessions("%d", *(pid_t *)pid);
	for (n = 0; n < SESSIONS; n++) {
		maps[n] = map_session(fds[n], 1);
		begin[n] = pace_of(maps[n]);
	}
	nanosleep(&(struct timespec){ .tv_sec = 20 }, NULL);
	for (n = 0; n < SESSIONS; n++) {
		each = each_ms(maps[n], begin[n]);
		expect(each <= 2ull * maps[n]->interval_ms, "session %d of %d: "
		       "each %llu ms, where its header says %u", n, SESSIONS,
		       each, maps[n]->interval_ms);
	}
}

TEST(budget_told, "each session gets its turn, and its header tells its interval",
     .slow = true)
{
	pid_t pid = threaded(scaled(THREADS), USER);

	in_child(expect_told, &pid);
}

/* --- everything about refreshes --- */

static void map_all(void)
{
	for (int n = 0; n < SESSIONS; n++)
		map_session(fds[n], 1000);
}

/* All pollers wake up for every generation, and read all of it. */
static void poll_all(void *arg)
{
	struct pollfd polls[SESSIONS + 1];
	int n;

	for (n = 0; n < SESSIONS; n++)
		polls[n] = (struct pollfd){ fds[n], POLLPRI | POLLIN, 0 };
	polls[n] = (struct pollfd){ open_status(), POLLIN, 0 };
	for (;;) {
		must(poll(polls, SESSIONS + 1, -1) > 0);
		if (polls[n].revents)
			free(slurp_fd(polls[n].fd));
		free(slurp(STAT));
	}
}

static void change_intervals(void)
{
	static unsigned int ms = 100;

	for (int n = 0; n < SESSIONS; n++) {
		ms = ms == 150 ? 100 : ms + 1;
		must(put(fds[n], "interval %u ", ms) > 0);
	}
	nanosleep(&(struct timespec){ .tv_nsec = 90 * MS }, NULL);
}

static void register_again(void)
{
	for (int n = 0; n < SESSIONS; n++)
		must(put(fds[n], "-%d %d", getpid(), getpid()) > 0);
	nanosleep(&(struct timespec){ .tv_nsec = 20 * MS }, NULL);
}

static void attack_with_many(void *pid)
{
	become(USER);
	open_sessions("%d ", *(pid_t *)pid);
	for (int n = 0; n < SESSIONS; n++)
		must(put(fds[n], "%d", getpid()) > 0);
	map_all();
	expect_budget(10, wait_second, "60 maps of 3,000 threads");
	for (int i = 0; i < 4; i++)
		child(poll_all, NULL);
	expect_budget(10, wait_second, "and four that poll all of them");
	expect_budget(10, change_intervals, "and other intervals all the time");
	expect_budget(10, register_again, "and the same process time and again");
}

TEST(budget_mix, "sessions, maps, pollers and intervals together take a 20th of the time",
     .slow = true, .limit = 300)
{
	pid_t pid = threaded(scaled(THREADS), USER);

	registers("%d", pid);
	in_child(attack_with_many, &pid);
}

/*
 * Registers as many processes as the quota allows, with the shortest interval.
 */
static void attack_with_crowd(void *arg)
{
	pid_t pids[1000 / SESSIONS];
	const int n = sizeof(pids) / sizeof(*pids);

	become(USER);
	for (int i = 0; i < n; i++)
		pids[i] = sleeper();
	open_sessions("%d ", pids[0]);
	for (int i = 0; i < SESSIONS; i++)
		register_all(fds[i], pids, n);
	map_all();
	expect_budget(10, wait_second, "960 registrations in 60 sessions");
}

TEST(budget_crowd, "as many processes as the quota allows take a 20th of the time",
     .slow = true, .limit = 300)
{
	in_child(attack_with_crowd, NULL);
}

/* --- forks and exits --- */

static void fork_on(void *arg)
{
	for (;;) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
}

/* Forks in the tree of one session, or of all sessions. */
static void attack_with_forks(void *arg)
{
	pid_t pid;

	become(USER);
	pid = stopped(fork_on, NULL);
	fds[0] = open_session();
	must(put(fds[0], "interval 100 tree %d", pid) > 0);
	kill(pid, SIGCONT);
	expect_budget(10, wait_second, "forks in a tree");
	kill(pid, SIGSTOP);
	open_sessions("tree %d", pid);
	kill(pid, SIGCONT);
	expect_budget(10, wait_second, "forks in 60 trees");
}

TEST(budget_forks, "forks in the trees of 60 sessions take a 20th of the time",
     .slow = true, .limit = 300)
{
	in_child(attack_with_forks, NULL);
}

static void open_and_close(void)
{
	int fd = open_session();

	must(put(fd, "interval 100 %d", getpid()) > 0);
	close(fd);
}

static void attack_with_opens(void *arg)
{
	become(USER);
	expect_budget(5, open_and_close, "sessions that come and go");
}

TEST(budget_opens, "sessions that open and close all the time take a 20th of the time",
     .slow = true, .limit = 300)
{
	in_child(attack_with_opens, NULL);
}
