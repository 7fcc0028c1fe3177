// SPDX-License-Identifier: MIT
/*
 * The word precise: samples tell user from system time. What a process does is
 * known by its own clock of CPU time, before and after each piece of work.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "lib.h"

/* --- work that is known --- */

/* What somebody did, in ns of CPU time. */
struct work {
	uint64_t user, system;
};

static uint64_t thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void in_user_mode(uint64_t ns, struct work *done)
{
	uint64_t begin = thread_ns(), now;

	do {
		for (volatile int i = 0; i < 20000; i++)
			;
		now = thread_ns();
	} while (now < begin + ns);
	done->user += now - begin;
}

static void in_kernel_mode(uint64_t ns, struct work *done)
{
	static char bytes[65536];
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	uint64_t begin = thread_ns(), now;

	must(fd >= 0);
	do {
		must(read(fd, bytes, sizeof(bytes)) == sizeof(bytes));
		now = thread_ns();
	} while (now < begin + ns);
	done->system += now - begin;
	close(fd);
}

/* In pieces of 2 ms: the tick sees either. */
static void work(unsigned int ms, unsigned int user_percent, struct work *done)
{
	while (ms) {
		if (user_percent)
			in_user_mode(2 * MS * user_percent / 100, done);
		if (user_percent < 100)
			in_kernel_mode(2 * MS * (100 - user_percent) / 100,
				       done);
		ms -= 2;
	}
}

static struct work *shared;	/* by us and what we fork */

/* --- sessions --- */

/* Return: the shortest period that this machine has, or 0: there are none. */
static unsigned int least_us(int fd)
{
	int n;

	for (unsigned int us = 20; us <= 1000; us++) {
		n = put(fd, "precise %u", us);
		if (n > 0)
			return us;
		if (n == -EOPNOTSUPP)
			return 0;
		expect(n == -EINVAL, "precise %u: %s", us, strerror(-n));
	}
	return 0;
}

/* The shortest period that the session may have. A sample costs a 20th of it. */
static unsigned int least;

static unsigned int at_least(unsigned int us, int fd)
{
	least = least_us(fd);
	if (!least)
		skip("no notifiers in the kernel, or samples cost too much");
	return us > least ? us : least;
}

/* A session that samples, and has us as the root of a tree. */
static void session_precise(struct session *s, unsigned int us)
{
	session_open(s);
	us = at_least(us, s->fd);
	expect(put(s->fd, "precise %u tree %d", us, getpid()) > 0, "%u us", us);
	shared = share(4096);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* To a tenth of the total, as it did. */
static void expect_right(const struct record *r, const struct work *done)
{
	uint64_t total = r->utime + r->stime;

	if (least > 200)
		skip("a sample costs over 10 us here, too much for 10 points");

	expect(r->split && r->samples, "no samples");
	note("user %llu system %llu: %llu %llu, +-%llu of %llu samples",
	     (unsigned long long)done->user, (unsigned long long)done->system,
	     r->utime, r->stime, r->error, r->samples);
	expect(distance(r->utime, done->user) < total / 10,
	       "%llu of %llu ns in user mode instead of %llu", r->utime,
	       (unsigned long long)total, (unsigned long long)done->user);
	expect(r->error && r->error < total / 3, "+-%llu", r->error);
}

static void record_of(struct session *s, pid_t pid, struct record *r)
{
	int status;

	reap(pid, &status);
	expect(!status, "status %#x", status);
	expect(skip_to(s, pid, r) == EXIT, "no record of %d", pid);
}

/* --- the word --- */

TEST(precise_word, "a period of less than 20 or more than 1,000 us is EINVAL")
{
	static const char *const bad[] = { "0", "1", "19", "1001", "4294967396",
					   "-100", "+100", "100us", "x" };
	int fd = open_session(), n;

	at_least(20, fd);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		n = put(fd, "precise %s", bad[i]);
		expect(n == -EINVAL, "precise %s: %s", bad[i], strerror(-n));
	}
	expect(put(fd, "precise 1000") > 0 && put(fd, "precise 999") > 0,
	       "a good one fails");
	expect(write_errno("precise 1000") == EINVAL, "it is a word of status");
}

TEST(precise_least, "a period shorter than precise_min_us is EINVAL",
     .params = "interval_ms=200 precise_min_us=900")
{
	int fd = open_session();

	if (at_least(900, fd) > 900)
		skip("a sample costs over 45 us here");
	expect(put(fd, "precise 899") == -EINVAL, "899");
	expect(put(fd, "precise 900") > 0, "900");
}

TEST(precise_forbidden, "precise is EOPNOTSUPP where precise_min_us is 0",
     .params = "interval_ms=200 precise_min_us=0")
{
	int fd = open_session(), n;

	n = put(fd, "precise 1000");
	expect(n == -EOPNOTSUPP, "%s", strerror(-n));
	expect(put(fd, "precise 19") < 0 && put(fd, "interval 1000") > 0,
	       "other words");
}

/* --- what samples tell --- */

static void mixed(void *percent)
{
	work(60, *(unsigned int *)percent, shared);
}

TEST(precise_right, "a process of 60 ms has the user time that it used, to 10 points")
{
	static unsigned int percents[] = { 0, 30, 70, 100 };
	struct session s;
	struct record r;

	session_precise(&s, 100);
	for (int i = 0; i < 4; i++) {
		*shared = (struct work) { };
		record_of(&s, child(mixed, &percents[i]), &r);
		expect_right(&r, shared);
	}
}

static void *threaded(void *percent)
{
	struct work done = { };

	work(40, *(unsigned int *)percent, &done);
	__atomic_add_fetch(&shared->user, done.user, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shared->system, done.system, __ATOMIC_RELAXED);
	return NULL;
}

static void two_threads(void *unused)
{
	static unsigned int percents[] = { 100, 20 };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		must(!pthread_create(&threads[i], NULL, threaded, &percents[i]));
	for (int i = 0; i < 2; i++)
		must(!pthread_join(threads[i], NULL));
}

TEST(precise_threads, "threads of a sampled process are sampled")
{
	struct session s;
	struct record r;

	session_precise(&s, 100);
	record_of(&s, child(two_threads, NULL), &r);
	expect_right(&r, shared);
}

static void grandparent(void *percent)
{
	pid_t pid = child(mixed, percent);

	reap(pid, NULL);
}

TEST(precise_grandchild, "what a sampled process forks is sampled")
{
	static unsigned int percent = 70;
	struct session s;
	struct record r;

	session_precise(&s, 100);
	reap(child(grandparent, &percent), NULL);
	/* The parent's may come first. It has done next to nothing. */
	do {
		expect(next_record(&s, &r) == EXIT, "no record");
	} while (r.utime + r.stime < 20 * MS);
	expect_right(&r, shared);
}

static void watched(void *fd)
{
	expect(put(*(int *)fd, "tree %d", getpid()) > 0, "tree");
	work(60, 70, shared);
}

TEST(precise_writer, "a process that registers itself is sampled from then on")
{
	struct session s;
	struct record r;

	session_open(&s);
	must(put(s.fd, "precise %u", at_least(100, s.fd)) > 0);
	shared = share(4096);
	record_of(&s, child(watched, &s.fd), &r);
	expect_right(&r, shared);
}

/* --- what holds all the same --- */

TEST(precise_total, "the total of a sampled process is what wait4() says")
{
	static unsigned int percent = 50;
	struct session s;
	struct record r;
	uint64_t us;
	pid_t pid;
	int i;

	session_precise(&s, 100);
	for (i = 0; i < 20; i++) {
		pid = child(mixed, &percent);
		us = reap(pid, NULL);
		expect(skip_to(&s, pid, &r) == EXIT, "no record");
		expect(distance((r.utime + r.stime) / 1000, us) <=
		       (uint64_t)waiter_misses() + 1, "%llu ns instead of %llu us",
		       r.utime + r.stime, (unsigned long long)us);
	}
}

/* Without the descriptors that keep a session open. */
static void let_go(void)
{
	for (int fd = 3; fd < 64; fd++)
		close(fd);
}

static void for_long(void *unused)
{
	let_go();
	for (;;)
		work(10, 50, shared);
}

TEST(precise_grows, "neither part of a sampled process's time ever shrinks",
     .params = "interval_ms=10")
{
	const struct urt_map_process *p;
	const struct urt_map *map;
	uint64_t utime = 0, stime = 0;
	struct session s;
	struct record r;
	pid_t pid;

	session_precise(&s, 100);
	pid = child(for_long, NULL);
	must(put(s.fd, "interval 10") > 0);
	map = map_session(s.fd, 16);
	for (int i = 0; i < 100; i++) {
		nap();
		nap();
		p = (const void *)(map_latest(map) + 1);
		for (unsigned int n = map_latest(map)->processes; n; n--, p++) {
			if (p->pid != (uint32_t)pid)
				continue;
			expect(p->utime_ns >= utime && p->stime_ns >= stime,
			       "%llu %llu after %llu %llu", p->utime_ns,
			       p->stime_ns, (unsigned long long)utime,
			       (unsigned long long)stime);
			utime = p->utime_ns;
			stime = p->stime_ns;
			expect(p->error_us, "no error");
		}
	}
	expect(utime && stime, "%llu %llu", (unsigned long long)utime,
	       (unsigned long long)stime);
	end(pid);
	expect(skip_to(&s, pid, &r) == EXIT && r.utime >= utime &&
	       r.stime >= stime, "%llu %llu in the end", r.utime, r.stime);
}

/* --- who is not sampled --- */

static void nothing(void *unused)
{
}

TEST(precise_unasked, "a session without the word has no split lines")
{
	struct session s;
	struct record r;

	session_open(&s);
	must(put(s.fd, "tree %d", getpid()) > 0);
	record_of(&s, child(nothing, NULL), &r);
	expect(!r.split, "a split line");
}

TEST(precise_earlier, "what was forked before the word has no split line")
{
	struct session s;
	struct record r;
	pid_t pid;

	session_open(&s);
	at_least(100, s.fd);
	close(s.fd);
	session_open(&s);
	must(put(s.fd, "tree %d", getpid()) > 0);
	pid = sleeper();
	must(put(s.fd, "precise 1000") > 0);
	end(pid);
	expect(skip_to(&s, pid, &r) == EXIT && !r.split, "a split line");
}

static void plain_stranger(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	int fd = open_session();

	must(put(fd, "precise %u", at_least(100, fd)) > 0);
	expect(put(fd, "tree %d", pid) == -EPERM, "tree of another user's");
	must(put(fd, "%d", pid) > 0);
	kill(getppid(), SIGUSR1);
	struct session s = { .fd = fd };
	struct record r;
	expect(next_record(&s, &r) == EXIT && r.pid == pid, "no record");
	expect(r.split && !r.samples &&
	       r.error == (r.utime > r.stime ? r.utime : r.stime),
	       "%llu samples, +-%llu of %llu and %llu", r.samples, r.error,
	       r.utime, r.stime);
}

static void work_soon(void *unused)
{
	work(300, 50, shared);
}

TEST(precise_stranger, "a plain registration of another user's process samples nothing")
{
	pid_t pid, user;

	at_least(100, open_session());
	shared = share(4096);
	signal(SIGUSR1, SIG_IGN);
	pid = stopped(work_soon, NULL);
	fflush(stdout);
	user = fork();
	must(user >= 0);
	if (!user) {
		become(1000);
		plain_stranger(&pid);
		exit(0);
	}
	wait_until(state_of(user) == 'S', 5000, "the other user is not ready");
	kill(pid, SIGCONT);
	reap(pid, NULL);
	int status;
	must(waitpid(user, &status, 0) == user);
	expect(!status, "the other user's claim is broken");
}

TEST(precise_idle, "a session without the word starts no timer of samples")
{
	static unsigned int percent = 50;
	struct session s;
	struct record r;

	session_open(&s);
	shared = share(4096);
	must(put(s.fd, "tree %d", getpid()) > 0);
	trace_begin();
	record_of(&s, child(mixed, &percent), &r);
	expect(!traced("take_sample"), "%d samples", traced("take_sample"));
	must(put(s.fd, "precise %u", at_least(100, s.fd)) > 0);
	trace_forget();
	record_of(&s, child(mixed, &percent), &r);
	expect(traced("take_sample") || !r.samples, "its timer has another name");
	trace_end();
}

/* --- ends --- */

TEST(precise_closed, "members of a session that was closed are sampled no more")
{
	struct session s;
	pid_t pid;

	session_precise(&s, 100);
	pid = child(for_long, NULL);
	wait_until(shared->user > 20 * MS, 20000, "it does not run");
	close(s.fd);
	/* A grace period later. */
	wait_until(!kill(pid, 0) && shared->user > 40 * MS, 20000, "it is gone");
	sleep(1);
	trace_begin();
	sleep(1);
	expect(!traced("take_sample"), "%d samples", traced("take_sample"));
	trace_end();
	end(pid);
}

static void idle(void *unused)
{
	let_go();
	sleep_forever();
}

TEST(precise_unload, "rmmod lets go of threads that run, sleep and have forked",
     .limit = 120)
{
	struct session s;
	pid_t pids[8];

	for (int round = 0; round < 5; round++) {
		session_precise(&s, 100);
		for (int i = 0; i < 8; i++)
			pids[i] = child(i % 2 ? idle : for_long, NULL);
		nap();
		close(s.fd);
		wait_until(!unload(), 5000, "it is in use");
		for (int i = 0; i < 8; i++) {
			expect(!kill(pids[i], 0), "%d is gone", pids[i]);
			if (i % 4 < 2)
				end(pids[i]);
		}
		must(!load("interval_ms=200"));
		for (int i = 0; i < 8; i++) {
			if (i % 4 >= 2)
				end(pids[i]);
		}
	}
}

/* --- the system registry --- */

TEST(precise_system, "precise_us samples what a tree in status forks",
     .params = "interval_ms=50 precise_us=1000")
{
	pid_t stranger = sleeper(), pid;
	struct row row;

	shared = share(4096);
	registers("tree %d %d", getpid(), stranger);
	pid = child(for_long, NULL);
	wait_until(stat_row(pid, &row) && row.utime && row.stime &&
		   strcmp(row.error, "-") &&
		   strtoull(row.error, NULL, 10) < row.utime, 20000, "%s",
		   slurp(STAT));
	end(pid);
}
