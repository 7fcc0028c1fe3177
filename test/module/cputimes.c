// SPDX-License-Identifier: MIT
/* How much CPU time is shown, and of which process. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib.h"

#define TICK 4		/* ms, at the 250 Hz of Debian's kernels */

struct shared {
	volatile uint64_t cpu[2];	/* us, at its latest refresh */
	volatile uint64_t seen[2];	/* the number of this generation */
};

/* Burns, and notes its CPU time whenever a new generation comes. */
static void burn_and_note(struct shared *s, int nr)
{
	int fd = open_status();

	free(slurp_fd(fd));
	for (;;) {
		burn(2 * MS);
		if (!readable(fd, 0))
			continue;
		s->cpu[nr] = user_us();
		s->seen[nr]++;
		free(slurp_fd(fd));
	}
}

static struct shared *shared;

static void burner(void *nr)
{
	burn_and_note(shared, (intptr_t)nr);
}

TEST(cpu_busy,
     "two busy processes grow by what they use, over 11 s of 5 s refreshes",
     .params = "interval_ms=5000", .slow = true)
{
	unsigned long long first, gen;
	uint64_t cpu[2], delta;
	long long a[2], b[2];
	pid_t pids[2];
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 2; i++)
		pids[i] = child(burner, (void *)(intptr_t)i);
	registers("%d %d", pids[0], pids[1]);
	next_generation();
	first = generation();
	for (i = 0; i < 2; i++) {
		wait_until(shared->seen[i] == 1, 1000, "burner %d", i);
		cpu[i] = shared->cpu[i];
		must(listed(pids[i], &a[i]));
	}
	next_generation();
	for (i = 0; i < 2; i++) {
		wait_until(shared->seen[i] == 2, 1000, "burner %d", i);
		delta = (shared->cpu[i] - cpu[i]) / 1000;
		must(listed(pids[i], &b[i]));
		note("%lld ms; the process itself says %" PRIu64 " ms", b[i] - a[i],
		     delta);
		/*
		 * 1 % of the interval, a tick, and the 2 ms between its looks.
		 */
		expect(llabs(b[i] - a[i] - (long long)delta) <= 50 + TICK + 2,
		       "%lld ms instead of %" PRIu64, b[i] - a[i], delta);
	}
	gen = generation();
	expect(gen == first + 1, "generation %llu after %llu", gen, first);
}

static void *burn_thread(void *ms)
{
	burn((intptr_t)ms * MS);
	return NULL;
}

static void run_threads(void *arg)
{
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, burn_thread, (void *)100);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	raise(SIGSTOP);
}

TEST(cpu_threads, "threads count, also those that have exited")
{
	pid_t pid = child(run_threads, NULL);
	int status;
	struct row r;
	uint64_t us;

	registers("%d", pid);
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	next_generation();
	next_generation();
	expect(stat_row(pid, &r), "%s", slurp(STAT));
	expect(r.threads == 1 && r.state == 'T', "%s", slurp(STAT));
	expect(r.utime + r.stime >= 400 * MS, "%llu ns", r.utime + r.stime);
	kill(pid, SIGKILL);
	us = reap(pid, NULL);
	/* It only gets killed since then. */
	expect((r.utime + r.stime) / 1000 <= us &&
	       (r.utime + r.stime) / 1000 + 20000LL * slowness() >= us,
	       "%llu ns, wait4 says %" PRIu64 " us", r.utime + r.stime, us);
}

TEST(cpu_threads_run_time, "a thread that exits does not end its process's run time")
{
	pid_t pid = child(run_threads, NULL);
	struct row before, after;

	registers("%d", pid);
	must(waitpid(pid, NULL, WUNTRACED) == pid);
	next_generation();
	must(stat_row(pid, &before));
	next_generation();
	must(stat_row(pid, &after));
	expect(after.runtime > before.runtime, "%llu ms, before that %llu",
	       after.runtime, before.runtime);
}

#define LEAVING 300

static sem_t may_leave[LEAVING];
static sem_t has_burnt;

static void *burn_and_leave(void *sem)
{
	burn(MS);
	sem_post(&has_burnt);
	sem_wait(sem);
	return NULL;
}

/* The last threads exit first, because their times are added up last. */
static void leave_one_by_one(void *arg)
{
	pthread_attr_t small;
	pthread_t t;
	int i;

	sem_init(&has_burnt, 0, 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 1 << 16);
	for (i = 0; i < LEAVING; i++) {
		sem_init(&may_leave[i], 0, 0);
		must(!pthread_create(&t, &small, burn_and_leave,
				     &may_leave[i]));
	}
	for (i = 0; i < LEAVING; i++)
		sem_wait(&has_burnt);
	raise(SIGSTOP);
	while (i--) {
		sem_post(&may_leave[i]);
		nap();
	}
	sleep_forever();
}

TEST(cpu_leaving_threads, "a thread that exits during a sample is counted",
     .params = "interval_ms=3600000", .boot = "two")
{
	pid_t pid = child(leave_one_by_one, NULL);
	int fd = open_status(), looks = 0;
	uint64_t before;
	struct row r;

	must(waitpid(pid, NULL, WUNTRACED) == pid);
	kill(pid, SIGCONT);
	do {
		/* Adds up as the module does, but not in the same moment. */
		before = cpu_ns(pid);
		must(put(fd, "%d", pid) > 0);
		must(stat_row(pid, &r));
		expect(r.utime + r.stime >= before,
		       "%llu ns, a moment ago %llu, with %u threads",
		       r.utime + r.stime, (unsigned long long)before,
		       r.threads);
		must(put(fd, "-%d", pid) > 0);
		looks++;
	} while (r.threads > 1);
	note("%d looks", looks);
}

static void *burn_on(void *arg)
{
	for (;;)
		burn(SEC);
	return NULL;
}

static void run_live_threads(void *arg)
{
	pthread_t t;
	int i;

	for (i = 0; i < 3; i++)
		pthread_create(&t, NULL, burn_on, NULL);
	sleep_forever();
}

TEST(cpu_live_threads, "running threads are counted, and their number is right",
     .boot = "two")
{
	pid_t pid = child(run_live_threads, NULL);
	uint64_t before, after;
	struct row r;

	registers("%d", pid);
	wait_until(stat_row(pid, &r) && r.utime > 500 * MS, 20000, "%s",
		   slurp(STAT));
	before = cpu_ns(pid);
	/* The tick may see now what the clock says at the second look. */
	next_generation();
	next_generation();
	must(stat_row(pid, &r));
	after = cpu_ns(pid);
	expect(r.threads == 4, "%s", slurp(STAT));
	expect(r.utime + r.stime >= before && r.utime + r.stime <= after,
	       "%llu ns, between %" PRIu64 " and %" PRIu64 " ns",
	       r.utime + r.stime, before, after);
}

static void *outlive(void *arg)
{
	burn(50 * MS);
	sleep_forever();
}

static void leader_exits(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, outlive, NULL);
	pthread_exit(NULL);
}

TEST(cpu_leader_exits, "a leader that exits before its threads ends no registration",
     .params = "interval_ms=1000", .slow = true)
{
	pid_t pid = child(leader_exits, NULL);
	struct row r;
	uint64_t us;

	registers("%d", pid);
	wait_until(stat_row(pid, &r) && r.state == 'Z' &&
		   r.utime + r.stime >= 50 * MS, 10000, "%s", slurp(STAT));
	expect(r.threads == 2, "%s", slurp(STAT));
	next_generation();
	next_generation();
	next_generation();
	expect(stat_row(pid, &r), "gone while a thread lives");
	kill(pid, SIGKILL);
	us = reap(pid, NULL);
	wait_until(stat_row(pid, &r) && r.state == 'X', 10000, "%s",
		   slurp(STAT));
	expect((r.utime + r.stime) / 1000 + 2 >= us, "%s, wait4: %" PRIu64,
	       slurp(STAT), us);
}

static void *exec_thread(void *arg)
{
	burn(100 * MS);
	execl("/bin/sleep", "sleep", "1000", NULL);
	return NULL;
}

static void exec_by_thread(void *arg)
{
	pthread_t t;

	burn(100 * MS);
	pthread_create(&t, NULL, exec_thread, NULL);
	sleep_forever();
}

TEST(cpu_exec, "exec by a thread that is not the leader ends no registration",
     .params = "interval_ms=1000", .slow = true)
{
	pid_t pid = child(exec_by_thread, NULL);
	struct row r, later;

	registers("%d", pid);
	wait_until(stat_row(pid, &r) && !strcmp(r.comm, "sleep"), 10000, "%s",
		   slurp(STAT));
	next_generation();
	next_generation();
	next_generation();
	must(stat_row(pid, &later));
	expect(later.state == 'S' && later.threads == 1 &&
	       later.start == r.start, "%s", slurp(STAT));
	expect(later.utime + later.stime >= 200 * MS, "%s", slurp(STAT));
	end(pid);
	wait_until(stat_row(pid, &r) && r.state == 'X', 10000, "%s",
		   slurp(STAT));
	expect(r.utime + r.stime >= later.utime + later.stime, "%llu < %llu",
	       r.utime, later.utime);
}

static void *tell_tid(void *fd)
{
	pid_t tid = gettid();

	must(write((intptr_t)fd, &tid, sizeof(tid)) == sizeof(tid));
	sleep_forever();
}

static void with_thread(void *fd)
{
	pthread_t t;

	pthread_create(&t, NULL, tell_tid, fd);
	sleep_forever();
}

TEST(cpu_thread_id, "the number of a thread means its process, for + and for -")
{
	int fds[2];
	pid_t pid, tid;

	must(!pipe(fds));
	pid = child(with_thread, (void *)(intptr_t)fds[1]);
	must(read(fds[0], &tid, sizeof(tid)) == sizeof(tid));
	registers("%d", tid);
	expect(listed(pid, NULL) && !listed(tid, NULL), "%s", slurp(STATUS));
	registers("%d", pid);
	expect(stat_header().processes == 1, "%s", slurp(STAT));
	registers("-%d", tid);
	expect(!listed(pid, NULL), "%s", slurp(STATUS));
}

TEST(cpu_kthread, "a kernel thread can be registered")
{
	struct row r;

	registers("2");
	expect(stat_row(2, &r) && !strcmp(r.comm, "kthreadd") && r.ppid == 0,
	       "%s", slurp(STAT));
}

static void mixed_forever(void *arg)
{
	char c[4096];
	int fd = open("/dev/zero", O_RDONLY);

	for (;;) {
		burn(3 * MS);
		for (int i = 0; i < 2000; i++)
			must(read(fd, c, sizeof(c)) > 0);
	}
}

/* utime or stime of /proc/PID/stat, in ms. */
static long long proc_ms(pid_t pid, int field)
{
	char path[64], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	p = strrchr(slurp(path), ')');
	for (field -= 2; field; field--)
		p = strchr(p + 1, ' ');
	return strtoll(p + 1, NULL, 10) * 10;
}

TEST(cpu_split, "user and system time are those of /proc/PID/stat")
{
	pid_t pid = child(mixed_forever, NULL);
	long long ulow, uhigh, slow, shigh;
	struct row r;
	int i;

	registers("%d", pid);
	for (i = 0; i < 10; i++) {
		next_generation();
		ulow = proc_ms(pid, 14);
		slow = proc_ms(pid, 15);
		must(stat_row(pid, &r));
		next_generation();
		must(stat_row(pid, &r));
		uhigh = proc_ms(pid, 14);
		shigh = proc_ms(pid, 15);
		/*
		 * Values of /proc before and after enclose ours. They have
		 * steps of 10 ms.
		 */
		expect((long long)(r.utime / MS) >= ulow &&
		       (long long)(r.utime / MS) <= uhigh + 10 &&
		       (long long)(r.stime / MS) >= slow &&
		       (long long)(r.stime / MS) <= shigh + 10,
		       "%llu+%llu ns, /proc had %lld+%lld and %lld+%lld ms",
		       r.utime, r.stime, ulow, slow, uhigh, shigh);
	}
	expect(r.utime && r.stime, "%s", slurp(STAT));
}

static void come_and_go(void *arg)
{
	pthread_t t;

	for (;;) {
		for (int i = 0; i < 4; i++) {
			pthread_create(&t, NULL, burn_thread, (void *)1);
			pthread_detach(t);
		}
		burn(3 * MS);
	}
}

TEST(cpu_monotonic, "no value goes backwards while threads come and go",
     .params = "interval_ms=10", .limit = 120, .boot = "two", .slow = true)
{
	pid_t pids[3] = {
		child(come_and_go, NULL), child(mixed_forever, NULL),
		child(run_live_threads, NULL),
	};
	struct row old[3] = { 0 }, r;
	uint64_t until = now_ns() + 15 * SEC;
	int i, n;

	registers("%d %d %d", pids[0], pids[1], pids[2]);
	for (n = 0; now_ns() < until; n++) {
		next_generation();
		for (i = 0; i < 3; i++) {
			must(stat_row(pids[i], &r));
			expect(r.utime >= old[i].utime &&
			       r.stime >= old[i].stime,
			       "%llu+%llu after %llu+%llu", r.utime, r.stime,
			       old[i].utime, old[i].stime);
			old[i] = r;
		}
	}
	note("%d generations", n);
}

static void spin_on_cpu1(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	must(!sched_setaffinity(0, sizeof(set), &set));
	for (;;)
		;
}

/* Sees one generation, even if the host stops us for long. */
static struct header see(pid_t pid, struct row *row)
{
	struct header h;

	do {
		h = stat_header();
		must(stat_row(pid, row));
	} while (generation() != h.generation);
	return h;
}

TEST(cpu_nohz_full, "a process alone on a CPU without a tick is counted",
     .params = "interval_ms=1000", .boot = "nohz")
{
	pid_t pid = child(spin_on_cpu1, NULL);
	struct header begin, end;
	struct row a, b;
	long long wall, used;

	if (access("/sys/devices/system/cpu/nohz_full", F_OK))
		skip("this kernel is built without NO_HZ_FULL");
	expect(!strcmp(slurp("/sys/devices/system/cpu/nohz_full"), "1\n"),
	       "nohz_full: %s", slurp("/sys/devices/system/cpu/nohz_full"));
	registers("%d", pid);
	nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
	next_generation();
	begin = see(pid, &a);
	nanosleep(&(struct timespec){ .tv_sec = 8 }, NULL);
	next_generation();
	end = see(pid, &b);
	wall = (end.time - begin.time) / MS;
	used = (b.utime + b.stime - a.utime - a.stime) / MS;
	note("%lld ms in %lld ms", used, wall);
	/* On such a CPU, the total may be a second old. */
	expect(llabs(used - wall) < 1200, "%lld ms in %lld ms", used, wall);
	expect(b.utime > 9 * b.stime, "%llu user, %llu system", b.utime,
	       b.stime);
}
