// SPDX-License-Identifier: MIT
/* What the last close() of a session ends: everything. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "lib.h"

static void fork_for_ever(void *arg)
{
	become(1000);
	kill(getpid(), SIGSTOP);
	fork();
	fork();
	for (;;) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
}

static volatile bool *ready;

/*
 * All of a user's quota: a tree, a map, records that nobody reads. Nobody else
 * has the descriptor.
 */
static void own_session(void *root)
{
	int fd, i, n = 0;
	pid_t pids[20];

	become(1000);
	for (i = 0; i < 20; i++)
		pids[i] = sleeper();
	fd = open_session();
	must(put(fd, "interval 100 tree %d", *(pid_t *)root) > 0);
	map_session(fd, 10);
	kill(*(pid_t *)root, SIGCONT);
	for (i = 0; i < 20 && n >= 0; i++) {
		nap();
		n = put(fd, "%d", pids[i]);
	}
	expect(n == -EDQUOT, "%s", strerror(-n));
	*ready = true;
	sleep_forever();
}

/* As many as the quota has, and no more. */
static void use_quota(void *arg)
{
	int fd = open_session(), i, n;

	for (i = 0; i < 16; i++) {
		pid_t pid = sleeper();

		wait_until((n = put(fd, "%d", pid)) > 0, 2000,
			   "%d are registered, then: %s", i, strerror(-n));
	}
	n = put(fd, "%d", sleeper());
	expect(n == -EDQUOT, "%d", n);
}

static pid_t start_owner(pid_t *root)
{
	pid_t owner;
	int status;

	ready = share(sizeof(*ready));
	*root = child(fork_for_ever, NULL);
	must(waitpid(*root, &status, WUNTRACED) == *root && WIFSTOPPED(status));
	owner = child(own_session, root);
	wait_until(*ready, 10000, "not registered");
	return owner;
}

TEST(end_killed, "SIGKILL of its owner frees a session's part of the quota",
     .params = "max_per_user=16 max_sessions=1", .boot = "two")
{
	pid_t root, owner = start_owner(&root);

	end(owner);
	in_user(1000, use_quota, NULL);
}

TEST(end_unload, "after SIGKILL of the owner the module unloads, the tree alive",
     .params = "max_per_user=16")
{
	pid_t root, owner = start_owner(&root);
	int err;

	expect(unload() == EWOULDBLOCK, "in use");
	end(owner);
	wait_until(!(err = unload()), 2000, "%s", strerror(err));
	expect(state_of(root), "the tree has gone");
}

TEST(end_idle, "after SIGKILL of the owner no timer fires, no work runs",
     .params = "interval_ms=100 max_per_user=16", .slow = true)
{
	int timers, works;
	pid_t root, owner;

	trace_begin();
	owner = start_owner(&root);
	wait_until(traced("function=schedule_cputime_updates") >= 2 &&
		   traced("function update_cputimes") >= 2, 10000,
		   "tracing sees nothing");
	end(owner);
	/* One may have been on its way. */
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MS }, NULL);
	trace_forget();
	nanosleep(&(struct timespec){ .tv_sec = 10 }, NULL);
	timers = traced("schedule_cputime_updates");
	works = traced("update_cputimes");
	trace_end();
	expect(!timers && !works, "%d timers, %d works in 10 s", timers, works);
}

TEST(end_idle_open, "an open session with nothing registered runs no timer, either",
     .slow = true)
{
	struct session s;
	struct record r;
	int timers, works;
	pid_t pid = sleeper();

	session_open(&s);
	map_session(s.fd, 10);
	must(put(s.fd, "interval 10 %d", pid) > 0);
	trace_begin();
	wait_until(traced("function=schedule_cputime_updates") >= 2, 10000,
		   "no timer");
	end(pid);
	expect(next_record(&s, &r) == EXIT, "no record");
	expect(next_record(&s, &r) == END, "no end");
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MS }, NULL);
	trace_forget();
	nanosleep(&(struct timespec){ .tv_sec = 10 }, NULL);
	timers = traced("schedule_cputime_updates");
	works = traced("update_cputimes");
	trace_end();
	expect(!timers && !works, "%d timers, %d works in 10 s", timers, works);
}

TEST(end_idle_at_once, "and none from the moment when its session is closed")
{
	pid_t pid = sleeper();
	int fd = open_session(), timers;

	must(put(fd, "interval 1000 %d", pid) > 0);
	trace_begin();
	wait_until(traced("function=schedule_cputime_updates"), 10000,
		   "tracing sees no timer");
	close(fd);
	trace_forget();
	nanosleep(&(struct timespec){ .tv_sec = 3 }, NULL);
	timers = traced("schedule_cputime_updates");
	trace_end();
	expect(!timers, "%d timers in 3 s", timers);
}

/* --- memory --- */

static void fork_some(void *arg)
{
	int i;

	for (i = 0; i < 40; i++) {
		if (!fork())
			_exit(0);
	}
	/* Some of them are zombies when we are killed. */
	for (i = 0; i < 20; i++)
		wait(NULL);
	*ready = true;
	sleep_forever();
}

static void use_all_of_it(void *arg)
{
	struct session s;
	struct record r;
	pid_t root;
	int i;

	root = stopped(fork_some, NULL);
	session_open(&s);
	must(put(s.fd, "interval 10 tree %d", root) > 0);
	map_session(s.fd, 1000);
	kill(root, SIGCONT);
	for (i = 0; i < 10; i++)
		expect(next_record(&s, &r) == EXIT, "%d records", i);
	while (!*ready)
		nap();
	sleep_forever();
}

static void round_of_all(void)
{
	pid_t pid;

	*ready = false;
	pid = child(use_all_of_it, NULL);
	wait_until(*ready, 20000, "too slow");
	end(pid);
}

TEST(end_memory, "200 sessions that end by SIGKILL leave no memory behind",
     .slow = true, .limit = 300)
{
	long before, after;
	int i;

	ready = share(sizeof(*ready));
	for (i = 0; i < 20; i++)	/* caches of the kernel's fill up */
		round_of_all();
	must(!unload());
	before = memory_kb();
	must(!load("interval_ms=200"));
	for (i = 0; i < 200; i++)
		round_of_all();
	must(!unload());
	wait_until((after = memory_kb()) < before + 512, 5000,
		   "%ld kB before, %ld kB after", before, after);
	note("slab and vmalloc: %ld kB before, %ld kB after", before, after);
}

TEST(end_memory_loaded, "and that before the module is unloaded",
     .slow = true, .limit = 300)
{
	long before, after;
	int i;

	ready = share(sizeof(*ready));
	for (i = 0; i < 20; i++)
		round_of_all();
	before = memory_kb();
	for (i = 0; i < 100; i++)
		round_of_all();
	wait_until((after = memory_kb()) < before + 512, 5000,
		   "%ld kB before, %ld kB after", before, after);
}
