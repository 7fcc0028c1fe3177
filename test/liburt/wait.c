// SPDX-License-Identifier: MIT
/*
 * urt_waitpid() acts as waitpid(2), also on processes that are not our
 * children.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "common.h"

static int news[2];

static void parent(void)
{
	pid_t pid = sleeper();

	must(write(news[1], &pid, sizeof(pid)) == sizeof(pid));
	reap(pid, NULL);
	sleep_forever();
}

/* A process that is not our child and whose parent reaps it. */
static pid_t stranger(void)
{
	struct waiting w;
	pid_t pid;

	must(!pipe(news));
	w = waiting(parent);
	tell(&w, 0);
	must(read(news[0], &pid, sizeof(pid)) == sizeof(pid));
	return pid;
}

TEST(lib_wait_stranger, "urt_waitpid() waits for a process that is no child")
{
	struct urt *u = session();
	struct urt_record r;
	pid_t pid = stranger();
	int status = 0;

	adds(u, pid, 0);
	expect(waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD, "ours");
	expect(urt_waitpid(u, &status, pid, WNOHANG) == 0, "too early: %s",
	       strerror(errno));
	must(!kill(pid, SIGTERM));
	expect(urt_waitpid(u, &status, pid, 0) == pid, "%s", strerror(errno));
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "%#x",
	       status);
	fails(urt_waitpid(u, &status, pid, 0), ECHILD);
	expect(urt_next(u, &r, 0) == 0, "no end");
}

TEST(lib_wait_record, "the longer call has the times, and any may be NULL")
{
	struct waiting a = waiting(fork_ten), b = waiting(NULL);
	struct urt *u = session();
	struct urt_record r;
	uint64_t us;

	adds(u, a.pid, 0);
	adds(u, b.pid, 0);
	tell(&a, 7);
	us = reap(a.pid, NULL);		/* and ten unregistered children */
	must(urt_waitpid_record(u, &r, a.pid, 0) == a.pid);
	expect(r.pid == a.pid && r.ppid == getpid() &&
	       WEXITSTATUS(r.status) == 7 && r.utime_ns + r.stime_ns &&
	       (r.utime_ns + r.stime_ns) / 1000 < us, "%d: %ju ns, %ju us",
	       r.pid, (uintmax_t)(r.utime_ns + r.stime_ns), (uintmax_t)us);
	tell(&b, 0);
	reap(b.pid, NULL);
	expect(urt_waitpid_record(u, NULL, b.pid, 0) == b.pid, "%s",
	       strerror(errno));
}

TEST(lib_wait_kept, "other processes' records wait for their turn, in order")
{
	struct waiting w[4];
	struct urt *u = session(), *other = session();
	struct urt_record r;
	int i, status;

	for (i = 0; i < 4; i++) {
		w[i] = waiting(NULL);
		adds(u, w[i].pid, 0);
		adds(other, w[i].pid, 0);
	}
	for (i = 0; i < 4; i++) {
		tell(&w[i], i);
		reap(w[i].pid, NULL);
		expect(next(other).pid == w[i].pid, "final");
	}
	expect(urt_waitpid(u, &status, w[3].pid, 0) == w[3].pid &&
	       WEXITSTATUS(status) == 3, "the last: %#x", status);
	expect(urt_waitpid(u, &status, w[1].pid, WNOHANG) == w[1].pid &&
	       WEXITSTATUS(status) == 1, "the second: %#x", status);
	expect(next(u).pid == w[0].pid, "the first");
	expect(urt_waitpid(u, &status, -1, 0) == w[2].pid &&
	       WEXITSTATUS(status) == 2, "the third: %#x", status);
	fails(urt_waitpid(u, &status, -1, 0), ECHILD);
	expect(urt_next(u, &r, 0) == 0, "no end");
}

TEST(lib_wait_any, "waiting for any process gives the next one that ends")
{
	struct urt *u = session();
	pid_t a = stranger(), b = stranger();
	int status;

	fails(urt_waitpid(u, &status, 0, 0), ECHILD);
	adds(u, a, 0);
	adds(u, b, 0);
	expect(urt_waitpid(u, &status, 0, WNOHANG) == 0, "%s",
	       strerror(errno));
	must(!kill(b, SIGKILL));
	expect(urt_waitpid(u, NULL, 0, 0) == b, "%s", strerror(errno));
	must(!kill(a, SIGKILL));
	expect(urt_waitpid(u, NULL, -1, 0) == a, "%s", strerror(errno));
	fails(urt_waitpid(u, NULL, -1, 0), ECHILD);
}

TEST(lib_wait_errors, "waiting for an unregistered process is ECHILD, other options EINVAL")
{
	struct urt *u = session();
	pid_t in = sleeper(), out = sleeper();

	fails(urt_waitpid(u, NULL, in, 0), ECHILD);
	fails(urt_waitpid(u, NULL, -1, WNOHANG), ECHILD);
	adds(u, in, 0);
	fails(urt_waitpid(u, NULL, out, 0), ECHILD);
	fails(urt_waitpid(u, NULL, out, WNOHANG), ECHILD);
	fails(urt_waitpid(u, NULL, in, WUNTRACED), EINVAL);
	must(!urt_remove(u, in));
	fails(urt_waitpid(u, NULL, in, 0), ECHILD);
	fails(urt_waitpid(u, NULL, -1, 0), ECHILD);
}

TEST(lib_wait_races, "a waiter misses no end, and gets none early",
     .boot = "two")
{
	struct urt *u = session();
	int i, ret, status, rounds = scaled(300);

	adds(u, sleeper(), 0);
	for (i = 0; i < rounds; i++) {
		struct waiting w = waiting(NULL);

		adds(u, w.pid, 0);
		/* In some rounds the kernel reaps it while we ask. */
		signal(SIGCHLD, i % 3 ? SIG_DFL : SIG_IGN);
		tell(&w, i);
		if (i % 3)
			reap(w.pid, NULL);
		/* Asking without a break meets the end at every point. */
		do {
			ret = urt_waitpid(u, &status, w.pid,
					  i % 2 ? WNOHANG : 0);
		} while (!ret);
		expect(ret == w.pid, "%d: %s", i, strerror(errno));
		expect(WEXITSTATUS(status) == i % 256, "%d: %#x", i, status);
		close(w.go);
	}
}

TEST(lib_wait_lost, "waiting for a lost record is ECHILD, and other records are kept",
     .params = "max_records=1")
{
	struct urt *u = session(), *other = session();
	struct waiting a = waiting(NULL), b = waiting(NULL);
	pid_t alive = sleeper();

	adds(u, alive, 0);
	adds(u, a.pid, 0);
	adds(u, b.pid, 0);
	tell(&a, 0);
	reap(a.pid, NULL);
	must(readable(urt_fd(u), 10000));
	adds(other, b.pid, 0);
	tell(&b, 0);
	reap(b.pid, NULL);
	expect(next(other).pid == b.pid, "final");
	fails(urt_waitpid(u, NULL, b.pid, 0), ECHILD);
	expect(next(u).pid == a.pid, "the one that was not lost");
	expect(next(u).type == URT_LOST, "the one that was");
	expect(urt_waitpid(u, NULL, alive, WNOHANG) == 0, "%s",
	       strerror(errno));
}

struct wanted {
	struct urt *u;
	pid_t pid;
};

static void wait_in_vain(void *arg)
{
	struct wanted *wanted = arg;

	fails(urt_waitpid(wanted->u, NULL, wanted->pid, 0), ECHILD);
}

TEST(lib_wait_lost_later, "a record lost while it is waited for ends the wait",
     .params = "max_records=1")
{
	struct urt *u = session(), *other = session();
	struct waiting a = waiting(NULL), b = waiting(NULL);
	pid_t waiter;
	int status;

	adds(u, sleeper(), 0);
	adds(u, a.pid, 0);
	adds(u, b.pid, 0);
	waiter = child(wait_in_vain, &(struct wanted){ u, b.pid });
	wait_until(state_of(waiter) == 'S', 10000, "%c", state_of(waiter));
	must(!kill(waiter, SIGSTOP));
	wait_until(state_of(waiter) == 'T', 10000, "%c", state_of(waiter));
	tell(&a, 0);
	reap(a.pid, NULL);
	must(readable(urt_fd(u), 10000));
	adds(other, b.pid, 0);
	tell(&b, 0);
	reap(b.pid, NULL);
	expect(next(other).pid == b.pid, "final");
	must(!kill(waiter, SIGCONT));
	reap(waiter, &status);
	expect(!status, "it ended with %#x", status);
}

static void *end_other(void *arg)
{
	struct waiting *w = arg;

	tell(w, 0);
	reap(w->pid, NULL);
	return NULL;
}

TEST(lib_wait_small, "a waiter can wait for more processes than the map holds",
     .params = "interval_ms=200 max_per_user=1024")
{
	struct urt *u = session();
	struct urt_snapshot s = { 0 };
	struct waiting w;
	pthread_t thread;
	int i, n;

	must(!urt_map(u, 1) && !urt_snapshot(u, &s));
	for (n = 0; n < 100; n++)
		adds(u, sleeper(), 0);
	w = waiting(NULL);
	adds(u, w.pid, 0);
	expect(urt_waitpid(u, NULL, w.pid, WNOHANG) == 0, "%s",
	       strerror(errno));
	must(!urt_snapshot(u, &s));
	expect(s.count < 100 && s.registered == 101, "%zu of %zu", s.count,
	       s.registered);
	for (i = 0; i < (int)s.count; i++)
		expect(s.processes[i].pid != w.pid, "it is in the map");
	/* The process was never registered, but this is unknown. */
	expect(urt_waitpid(u, NULL, getpid(), WNOHANG) == 0, "%s",
	       strerror(errno));
	must(!pthread_create(&thread, NULL, end_other, &w));
	expect(urt_waitpid(u, NULL, w.pid, 0) == w.pid, "%s", strerror(errno));
	must(!pthread_join(thread, NULL));
	urt_snapshot_free(&s);
}
