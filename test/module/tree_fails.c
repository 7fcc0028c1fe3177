// SPDX-License-Identifier: MIT
/* A "tree PID" that fails changes nothing, whatever happens meanwhile. */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "lib.h"

/* --- of a session --- */

static unsigned long long generation_in(const struct urt_map *map)
{
	const struct urt_map_snapshot *snap = (void *)((char *)map +
		map->snapshot_offset[map->sequence & 1]);

	return snap->generation;
}

static void expect_failure(int fd, pid_t pid, int want)
{
	int n = put(fd, "tree %d", pid);

	expect(n == -want, "tree %d: %s instead of %s", pid, strerror(-n),
	       strerror(want));
}

TEST(tree_fails_news, "tree with the number of no process makes no generation")
{
	int fd = open_session();
	const struct urt_map *map = map_session(fd, 8);
	unsigned long long before = generation_in(map);
	unsigned int sequence = map->sequence;

	expect(!events_of(fd, POLLPRI), "before the write");
	expect_failure(fd, 999999, ESRCH);
	expect(!events_of(fd, POLLPRI), "poll() reports one");
	expect(map->sequence == sequence && generation_in(map) == before,
	       "%llu, before it was %llu", generation_in(map), before);
	/* If there were one, it would be seen. */
	must(put(fd, "interval 100 %d", sleeper()) > 0);
	wait_until(events_of(fd, POLLPRI), 20000, "no poll() reports any");
	expect(generation_in(map) > before, "still %llu", before);
}

struct brood {
	volatile pid_t root, first;
	volatile int ready;
};

static struct brood *brood;

/* Forks so many children at a time, without end. */
static void breed(void *count)
{
	int i;

	become(1000);
	brood->first = sleeper();
	for (i = 1; i < (intptr_t)count; i++)
		sleeper();
	brood->ready = 1;
	sleep_forever();
}

static void start_brood(int count)
{
	brood = share(sizeof(*brood));
	brood->root = child(breed, (void *)(intptr_t)count);
	wait_until(brood->ready, 20000, "not all of %d", count);
}

static void expect_quiet(int fd, const char *when)
{
	char c;

	expect(read(fd, &c, 1) < 0 && errno == EAGAIN, "%s: the end, or %s",
	       when, strerror(errno));
	expect(!events_of(fd, POLLIN), "%s: %#x", when, events_of(fd, POLLIN));
}

static void expect_end(int fd, const char *when)
{
	char c;

	expect(read(fd, &c, 1) == 0, "%s: no end: %s", when, strerror(errno));
	expect(events_of(fd, POLLIN) == POLLHUP, "%s: %#x", when,
	       events_of(fd, POLLIN));
}

static void fail_in_session(void *arg)
{
	int fd = open(SESSION, O_RDWR | O_NONBLOCK);
	pid_t pid = sleeper();

	must(fd >= 0);
	expect_quiet(fd, "new");
	expect_failure(fd, brood->root, EDQUOT);
	expect_quiet(fd, "after a tree that failed");
	must(put(fd, "%d -%d", pid, pid) > 0);
	expect_end(fd, "unregistered");
	expect_failure(fd, brood->root, EDQUOT);
	expect_end(fd, "after a tree that failed");
}

TEST(tree_fails_end, "a tree that exceeds the quota ends no session",
     .params = "max_per_user=3")
{
	start_brood(6);
	in_user(1000, fail_in_session, NULL);
}

/* --- of status --- */

/* Each process forks the next one, so that one is always about to fork. */
static void fork_chain(int length)
{
	while (length-- && !fork())
		;
	nap();
	_exit(0);
}

static void fork_chains(void *arg)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			fork_chain(10);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/*
 * The first entries are removed first, which makes room for forks of the
 * chains.
 */
static void breed_on(void *arg)
{
	int i;

	for (i = 0; i < 300; i++)
		sleeper();
	child(fork_chains, NULL);
	for (i = 0; i < 100; i++)
		sleeper();
	brood->ready = 1;
	sleep_forever();
}

#define OTHERS 1000

static void fail_in_crowd(void *arg)
{
	uint64_t until = now_ns() + 10 * SEC;
	int fd = open_status(), tries, n;

	/* We adopt orphans, and never reap them. */
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	must(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	brood = share(sizeof(*brood));
	brood->root = child(breed_on, NULL);
	wait_until(brood->ready, 20000, "not all of them");
	for (tries = 0; tries < 500 && now_ns() < until; tries++) {
		expect_failure(fd, brood->root, EDQUOT);
		n = lines_of(slurp(STATUS));
		expect(n == OTHERS, "try %d: %d lines, before %d", tries, n,
		       OTHERS);
	}
	note("%d tries", tries);
}

TEST(tree_fails_forking, "a failed tree leaves no registration, also if its members fork meanwhile",
     .params = "max_per_user=340", .limit = 120, .slow = true)
{
	int fd = open_status(), i;

	/* A longer list takes longer to undo. */
	for (i = 0; i < OTHERS; i++)
		must(put(fd, "%d", sleeper()) > 0);
	in_user(1000, fail_in_crowd, NULL);
}

static volatile struct {
	int asked, failed;
} *rounds;

static void fail_when_asked(void *arg)
{
	int fd;

	become(1000);
	for (fd = open_status();; ++rounds->failed) {
		while (rounds->asked == rounds->failed)
			nap();
		expect_failure(fd, brood->root, EDQUOT);
	}
}

TEST(tree_fails_plain, "a plain registration during a failed tree stays",
     .params = "max_per_user=200")
{
	int fd = open_status(), i, k;

	start_brood(400);
	rounds = share(sizeof(*rounds));
	child(fail_when_asked, NULL);
	/* This holds before the search, during it, and after it. */
	for (i = 1; i <= scaled(200); i++) {
		rounds->asked = i;
		for (k = 0; k < i % 4; k++)
			nap();
		must(put(fd, "%d", brood->first) > 0);
		wait_until(rounds->failed == i, 10000, "no %dth failure", i);
		expect(listed(brood->first, NULL), "round %d: it is gone", i);
		must(put(fd, "-%d", brood->first) > 0);
	}
}
