// SPDX-License-Identifier: MIT
/* get_process_runtime() with clocks that are set, namespaces, exec. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/time.h>

#include "common.h"

static void set_time(const struct timeval *tv)
{
	must(!settimeofday(tv, NULL));
}

TEST(syscall_settimeofday, "get_process_runtime() does not move when the system's time is set")
{
	static const long steps[] = { 86400, -86400, 7300 * 86400L, -3600 };
	struct timeval then, now;
	struct start *start;
	uint64_t begin;
	pid_t pid;
	size_t i;

	need_patches();
	/*
	 * A guest without a clock begins in 1970, so that no time can be
	 * before.
	 */
	set_time(&(struct timeval){ .tv_sec = 1000000000 });
	pid = start_sleeper(&start);
	must(!gettimeofday(&then, NULL));
	begin = now_ns();
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		now = then;
		now.tv_sec += steps[i];
		set_time(&now);
		expect_runtime(pid, start);
		expect_runtime_ticks(1);
		expect(runtime_of(pid) < 60000, "%ld ms", runtime_of(pid));
	}
	then.tv_sec += (time_t)((now_ns() - begin) / SEC);
	set_time(&then);
}

struct space {
	struct start *start;
	pid_t hosts;
	int go[2];
};

static void expect_inside(void *arg)
{
	struct space *s = arg;
	char byte;

	expect_runtime(1, s->start);
	expect_runtime(0, s->start);
	expect(runtime_of(s->hosts) == -ESRCH, "the host's %d: %ld", s->hosts,
	       runtime_of(s->hosts));
	must(read(s->go[0], &byte, 1) == 1);
	expect_runtime(1, s->start);
}

TEST(syscall_pid_space, "get_process_runtime() of 1 is a container's own PID 1, of a host's number ESRCH")
{
	struct space *s;
	pid_t pid;

	need_patches();
	s = share(sizeof(*s));
	must(!pipe(s->go));
	s->hosts = sleeper();
	burn(30 * MS);
	/* Inside, no number is as high as the sleeper's. */
	pid = start_apart(CLONE_NEWPID, expect_inside, s, &s->start);
	expect_runtime(pid, s->start);
	expect(runtime_of(1) > runtime_of(pid), "PID 1 is %ld ms old",
	       runtime_of(1));
	must(write(s->go[1], "", 1) == 1);
	expect_good_end(pid);
}

static void expect_shifted(void *arg)
{
	struct space *s = arg;
	struct start shifted = {
		s->start->after + 1000 * SEC, s->start->before + 1000 * SEC,
	};

	expect(now_ns() > 1000 * SEC, "not in the namespace");
	expect_runtime(0, &shifted);
	expect_runtime(getpid(), &shifted);
	expect_runtime_ticks(s->hosts);
}

TEST(syscall_time_space, "get_process_runtime() is the same inside a time namespace and outside")
{
	struct space *s;
	pid_t pid;

	need_patches();
	s = share(sizeof(*s));
	s->hosts = sleeper();
	pid = start_apart(CLONE_NEWTIME, expect_shifted, s, &s->start);
	expect_runtime(pid, s->start);
	expect_good_end(pid);
}

static void *exec_sleep(void *unused)
{
	execl("/bin/sleep", "sleep", "1000", NULL);
	return NULL;
}

static void exec_by_thread(void *unused)
{
	pthread_t thread;

	burn(100 * MS);
	must(!pthread_create(&thread, NULL, exec_sleep, NULL));
	sleep_forever();
}

static bool is_sleep(pid_t pid)
{
	char path[64], *comm;
	bool yes;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	comm = slurp(path);
	yes = !strcmp(comm, "sleep\n");
	free(comm);
	return yes;
}

TEST(syscall_exec, "get_process_runtime() goes on when a thread that is not the leader calls exec()")
{
	struct start *start;
	pid_t pid;

	need_patches();
	pid = start_child(exec_by_thread, NULL, &start);
	while (!is_sleep(pid))
		expect_runtime(pid, start);
	expect_runtime(pid, start);
	expect_runtime_ticks(pid);
	end(pid);
}

/* --- all calls at once, for a kernel that finds use after free --- */

static void *nothing(void *unused)
{
	return NULL;
}

static void have_short_thread(void *unused)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, nothing, NULL));
	pthread_exit(NULL);
}

static void *exec_true(void *unused)
{
	execl("/bin/true", "true", NULL);
	return NULL;
}

static void exec_and_end(void *unused)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, exec_true, NULL));
	sleep_forever();
}

/* Asks without end about processes that are there, were there, or will be. */
static void ask_around(void *last)
{
	const pid_t *pid = last;
	long ms;
	int i;

	for (;;) {
		for (i = -3; i < 3; i++) {
			ms = runtime_of(__atomic_load_n(pid, __ATOMIC_RELAXED) + i);
			expect(ms == -ESRCH || (ms >= 0 && ms < 3600000),
			       "%ld ms", ms);
		}
		sched_yield();
	}
}

TEST(syscall_storm, "get_process_runtime() holds while processes exit and exec",
     .limit = 300)
{
	void (*const lives[])(void *) = { have_short_thread, exec_and_end };
	pid_t *last, asker;
	int i, status;

	need_patches();
	last = share(sizeof(*last));
	*last = getpid() + 3;
	asker = child(ask_around, last);
	for (i = 0; i < 60; i++) {
		pid_t pid = child(lives[i % 2], NULL);

		__atomic_store_n(last, pid, __ATOMIC_RELAXED);
		must(waitpid(pid, &status, 0) == pid);
		expect(!status, "status %#x", status);
	}
	expect(!waitpid(asker, &status, WNOHANG), "status %#x", status);
	end(asker);
}
