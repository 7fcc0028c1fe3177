// SPDX-License-Identifier: MIT
/* liburt on the module: sessions, their records and snapshots. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

/* --- opening and words --- */

TEST(lib_absent, "without the module urt_open() fails with ENOENT, and urt_strerror() explains it")
{
	must(!unload());
	expect(!urt_open() && errno == ENOENT, "%s", strerror(errno));
	expect(strstr(urt_strerror(errno), "sudo modprobe usertime"), "%s",
	       urt_strerror(errno));
	expect(!urt_open_system() && errno == ENOENT, "%s", strerror(errno));
	urt_close(NULL);
}

TEST(lib_descriptor, "the descriptor is close-on-exec and does not block")
{
	struct urt *u = session();

	expect(fcntl(urt_fd(u), F_GETFD) & FD_CLOEXEC, "not close-on-exec");
	expect(fcntl(urt_fd(u), F_GETFL) & O_NONBLOCK, "it blocks");
	urt_close(u);
}

TEST(lib_add_errors, "urt_add() and urt_remove() give each reason for failure")
{
	struct urt *u = session();
	pid_t pid = sleeper(), gone = sleeper();

	end(gone);
	fails(urt_add(u, 0, 0), EINVAL);
	fails(urt_add(u, -1, URT_TREE), EINVAL);
	fails(urt_add(u, pid, 2), EINVAL);
	fails(urt_add(u, gone, 0), ESRCH);
	fails(urt_add(u, gone, URT_TREE), ESRCH);
	fails(urt_remove(u, pid), ENOENT);
	fails(urt_remove(u, 0), EINVAL);
	fails(urt_remove(u, -pid), EINVAL);
	adds(u, pid, 0);
	adds(u, pid, URT_TREE);
	must(!urt_remove(u, pid));
	fails(urt_remove(u, pid), ENOENT);
}

static void add_init_tree(void *arg)
{
	fails(urt_add(session(), 1, URT_TREE), EPERM);
}

TEST(lib_add_rights, "urt_add() of another user's tree is EPERM")
{
	in_user(USER, add_init_tree, NULL);
}

static void exceed_quotas(void *arg)
{
	struct urt *u = session();

	adds(u, getpid(), 0);
	adds(u, sleeper(), 0);
	fails(urt_add(u, sleeper(), 0), EDQUOT);
	must(urt_open());
	expect(!urt_open() && errno == EDQUOT, "%s", strerror(errno));
}

TEST(lib_quota, "a user's full quota is EDQUOT",
     .params = "max_per_user=2 max_sessions=2")
{
	in_user(USER, exceed_quotas, NULL);
}

TEST(lib_full, "urt_add() beyond max_processes is ENOSPC", .params = "max_processes=1")
{
	struct urt *u = session();

	adds(u, sleeper(), 0);
	fails(urt_add(u, sleeper(), 0), ENOSPC);
}

TEST(lib_interval, "urt_interval() sets the interval, or fails with EINVAL")
{
	struct urt_snapshot s = { 0 };
	struct urt *u = session();

	fails(urt_set_interval(u, 9), EINVAL);
	fails(urt_set_interval(u, 3600001), EINVAL);
	must(!urt_set_interval(u, 10) && !urt_set_interval(u, 1234));
	adds(u, sleeper(), 0);
	must(!urt_map(u, 0) && !urt_snapshot(u, &s));
	expect(s.interval_ms == 1234, "%u ms", s.interval_ms);
	urt_snapshot_free(&s);
}

/* --- urt_next --- */

TEST(lib_next, "a record says of an exited child what wait4() says")
{
	struct urt *u = session();
	struct waiting w = waiting(NULL);
	struct urt_record r;
	uint64_t us, before = now_ns();
	int status;

	adds(u, w.pid, 0);
	tell(&w, 3);
	us = reap(w.pid, &status);
	r = next(u);
	expect(r.type == URT_EXIT && r.count == 1 && r.pid == w.pid &&
	       r.ppid == getpid() && r.uid == 0 && r.status == status &&
	       !strcmp(r.comm, "tests"), "pid %d, status %d, name %s", r.pid,
	       r.status, r.comm);
	/* wait4() cuts both times to microseconds, and may be early. */
	expect((r.utime_ns + r.stime_ns) / 1000 + 2 >= us &&
	       (r.utime_ns + r.stime_ns) / 1000 < us + 1000, "%ju ns, %ju us",
	       (uintmax_t)(r.utime_ns + r.stime_ns), (uintmax_t)us);
	expect(r.start_ns < before && r.start_ns + r.runtime_ns > before &&
	       r.start_ns + r.runtime_ns < now_ns(), "%ju + %ju",
	       (uintmax_t)r.start_ns, (uintmax_t)r.runtime_ns);
	expect(urt_next(u, &r, -1) == 0, "no end");
	expect(urt_next(u, &r, 0) == 0, "no end when asked again");
	adds(u, sleeper(), 0);
	fails(urt_next(u, &r, 0), ETIMEDOUT);
}

TEST(lib_next_limit, "waiting for a record ends after its time limit")
{
	struct urt *u = session();
	struct urt_record r;
	uint64_t begin;

	fails(urt_next(u, &r, 0), ETIMEDOUT);
	adds(u, sleeper(), 0);
	fails(urt_next(u, &r, 0), ETIMEDOUT);
	begin = now_ns();
	fails(urt_next(u, &r, 300), ETIMEDOUT);
	expect(now_ns() - begin >= 300 * MS && now_ns() - begin < 5 * SEC,
	       "after %ju ns", (uintmax_t)(now_ns() - begin));
}

static void ignore(int sig)
{
}

TEST(lib_next_signal, "a signal ends a wait with EINTR")
{
	struct itimerspec soon = { .it_value = { .tv_nsec = 200 * MS } };
	struct sigaction act = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct urt *u = session();
	struct urt_record r;
	pid_t pid = sleeper();
	timer_t timer;

	adds(u, pid, 0);
	must(!sigaction(SIGALRM, &act, NULL));
	must(!timer_create(CLOCK_MONOTONIC, NULL, &timer));
	must(!timer_settime(timer, 0, &soon, NULL));
	fails(urt_next(u, &r, -1), EINTR);
	must(!timer_settime(timer, 0, &soon, NULL));
	fails(urt_waitpid(u, NULL, pid, 0), EINTR);
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	expect(urt_waitpid(u, NULL, pid, 0) == pid, "%s", strerror(errno));
}

TEST(lib_next_tree, "every process of a tree leaves a record")
{
	struct waiting w = waiting(fork_ten);
	struct urt *u = session();
	int n;

	adds(u, w.pid, URT_TREE);
	tell(&w, 0);
	reap(w.pid, NULL);
	n = count_to_end(u, URT_EXIT);
	expect(n == 11, "%d records", n);
}

TEST(lib_next_lost, "records beyond max_records become one record with their sums",
     .params = "max_records=4")
{
	struct waiting w = waiting(fork_ten);
	struct urt *u = session(), *other = session();
	struct urt_record r;
	uint64_t us, sum = 0;
	int n;

	adds(u, w.pid, URT_TREE);
	adds(other, w.pid, URT_TREE);
	tell(&w, 0);
	us = reap(w.pid, NULL);		/* includes the ten children */
	count_to_end(other, URT_EXIT);	/* now all of them are final */
	for (n = 0; n < 4; n++) {
		r = next(u);
		expect(r.type == URT_EXIT, "record %d", n);
		sum += r.utime_ns + r.stime_ns;
	}
	r = next(u);
	expect(r.type == URT_LOST && r.count == 7, "type %d, %ju", r.type,
	       (uintmax_t)r.count);
	sum += r.utime_ns + r.stime_ns;
	expect(sum / 1000 + 22 >= us && sum / 1000 < us + 11000,
	       "%ju ns, %ju us", (uintmax_t)sum, (uintmax_t)us);
	expect(urt_next(u, &r, -1) == 0, "no end");
}

static void miss_children(void *arg)
{
	struct waiting w = waiting(fork_ten);
	struct urt *u = session();
	struct urt_record r;
	int exits = 0, missed = 0, ret;

	adds(u, w.pid, URT_TREE);
	tell(&w, 0);
	reap(w.pid, NULL);
	while ((ret = urt_next(u, &r, 10000)) == 1) {
		exits += r.type == URT_EXIT;
		missed += r.type == URT_MISSED ? r.count : 0;
	}
	expect(!ret && exits == 1 && missed == 10, "%d exits, %d missed",
	       exits, missed);
}

TEST(lib_next_missed, "children beyond the quota are counted as missed",
     .params = "max_per_user=1")
{
	in_user(USER, miss_children, NULL);
}

/* --- threads --- */

#define EACH 200

static struct urt *shared;
static atomic_int added;

static void *add_many(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		struct waiting w = waiting(NULL);

		adds(shared, w.pid, i % 2 ? URT_TREE : 0);
		atomic_fetch_add(&added, 1);
		tell(&w, 0);
		reap(w.pid, NULL);
		close(w.go);
	}
	return NULL;
}

TEST(lib_threads, "two threads add and a third reads, and no record is lost")
{
	pthread_t threads[2];
	pid_t last = sleeper();
	int i;

	shared = session();
	adds(shared, last, 0);
	for (i = 0; i < 2; i++)
		must(!pthread_create(&threads[i], NULL, add_many, NULL));
	for (i = 0; i < 2 * EACH; i++)
		expect(next(shared).type == URT_EXIT, "record %d", i);
	for (i = 0; i < 2; i++)
		must(!pthread_join(threads[i], NULL));
	expect(added == 2 * EACH, "%d added", added);
	end(last);
	expect(next(shared).pid == last, "the last one's record");
	expect(count_to_end(shared, URT_EXIT) == 0, "more records than exits");
}

/* --- messages --- */

TEST(lib_strerror, "urt_strerror() explains our errors, and the rest as strerror() does")
{
	static const int known[] = {
		ENOENT, ESRCH, EPERM, EACCES, EDQUOT, ENOSPC, EINVAL, ECHILD,
		ETIMEDOUT, EBUSY, ENOTSUP, EPROTO, EROFS, ENODEV,
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		expect(strcmp(urt_strerror(known[i]), strerror(known[i])) &&
		       strlen(urt_strerror(known[i])) > 20, "%d: %s", known[i],
		       urt_strerror(known[i]));
	expect(!strcmp(urt_strerror(ENOMEM), strerror(ENOMEM)), "ENOMEM");
	expect(urt_strerror(-1) && urt_strerror(123456), "nothing");
}
