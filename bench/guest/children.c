// SPDX-License-Identifier: MIT
/*
 * The processes, or the threads of one process, that are sampled. Each sleeps
 * on a futex of its own. In a round a baton goes through them: each runs for a
 * little more than a millisecond, wakes the next one, and sleeps. Only one can
 * run at a time, so that every round costs the same and leaves the same behind.
 *
 * Other processes sleep all the time.
 */
#define _GNU_SOURCE
#include "children.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "burn.h"

#define RUN 1100000		/* instructions, or ns: the value in ms moves */
/* Times with 4 digits, as processes have; with 3 if that would take minutes. */
#define OLD 1000000000ull
#define OLD_MANY (OLD / 10)
/* All PIDs have 5 digits, also those of 20,000 children and as many others. */
#define PID_BEFORE "20000"
#define PID_MAX "131072"
#define STACK 4096
#define TICK 4000000		/* between two; several if HZ > 250 */
#define NEAR_TICK 20000

static uint32_t *baton;		/* [count + 1], shared; the last is ours */
static pid_t *ids;		/* [count], shared */
static int count;
static int processes;		/* the first of them are processes */
static uint64_t age;
static uint32_t turn;

static pid_t *others;
static char (*stacks)[STACK];
static int nr_others;

/* Some thousand instructions, nearly all of them in kernel mode. */
static void enter_kernel(void)
{
	char bytes[256];

	syscall(SYS_getrandom, bytes, sizeof(bytes), 0);
}

static bool seen_in_both(void)
{
	struct rusage usage;

	must(!getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_utime.tv_sec + usage.ru_utime.tv_usec &&
	       usage.ru_stime.tv_sec + usage.ru_stime.tv_usec;
}

/*
 * The split of a process's time costs the most when the tick has seen the
 * process in both modes. Therefore each process is seen in both modes once. If
 * an interrupt is not the tick's, this tries again.
 */
static void be_seen_by_tick(void)
{
	uint64_t until;

	for (int tries = 0; tries < 10 && !seen_in_both(); tries++) {
		burn_until_interrupt();
		until = tsc() + TICK;
		burn_until(until - NEAR_TICK);
		while (tsc() < until + NEAR_TICK)
			enter_kernel();
	}
}

static void wait_for(uint32_t *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != value)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void wake(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

uint64_t children_age(void)
{
	return age;
}

static __attribute__((noreturn)) void *run_child(void *word)
{
	uint32_t *mine = word;

	ids[mine - baton] = gettid();
	for (uint32_t round = 1;; round++) {
		wait_for(mine, round);
		if (round == 1) {
			be_seen_by_tick();
			burn_until(tsc() + age);
		}
		burn_until(tsc() + RUN);
		wake(mine + 1, round);
	}
}

static void *map_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void prepare(int n, int nr_processes)
{
	count = n;
	processes = nr_processes;
	age = nr_processes == n && n <= 1000 ? OLD : OLD_MANY;
	turn = 0;
	spit("/proc/sys/kernel/pid_max", PID_MAX);
	spit("/proc/sys/kernel/ns_last_pid", PID_BEFORE);
	baton = map_shared((n + 1) * sizeof(*baton));
	ids = map_shared(n * sizeof(*ids));
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Return: their ids. All of them have run once and sleep. */
pid_t *children_start(int n)
{
	prepare(n, n);
	for (int i = 0; i < n; i++) {
		if (!fork_child())
			run_child(&baton[i]);
	}
	children_run();
	return ids;
}

static void run_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	must(!pthread_attr_init(&attr));
	must(!pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN));
	for (int i = 1; i < count; i++)
		must(!pthread_create(&thread, &attr, run_child, &baton[i]));
	run_child(&baton[0]);
}

pid_t *children_start_threads(int n)
{
	prepare(n, 1);
	if (!fork_child())
		run_threads();
	children_run();
	return ids;
}

/* Runs one round. When it returns, all of them have run. */
void children_run(void)
{
	turn++;
	wake(&baton[0], turn);
	wait_for(&baton[count], turn);
}

static void kill_all(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++)
		must(!kill(pids[i], SIGKILL));
	for (int i = 0; i < n; i++)
		must(waitpid(pids[i], NULL, 0) == pids[i]);
}

void children_end(void)
{
	kill_all(ids, processes);
	must(!munmap(baton, (count + 1) * sizeof(*baton)));
	must(!munmap(ids, count * sizeof(*ids)));
}

struct another {
	void (*first)(void);
	uint32_t *ready;
};

static __attribute__((noreturn)) int be_another(void *arg)
{
	const struct another *a = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (a->first)
		a->first();
	__atomic_add_fetch(a->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/*
 * When this returns, all of them have called first(), and sleep. If first is
 * NULL, they share our memory. They are processes as well, and made faster.
 */
void others_start(int n, void (*first)(void))
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	const int flags = first ? SIGCHLD : SIGCHLD | CLONE_VM;
	struct another a = { first, map_shared(sizeof(*a.ready)) };

	others = calloc(n, sizeof(*others));
	stacks = calloc(n, sizeof(*stacks));
	must(others && stacks);
	nr_others = n;
	for (int i = 0; i < n; i++) {
		others[i] = clone(be_another, stacks[i + 1], flags, &a);
		must(others[i] > 0);
	}
	while (__atomic_load_n(a.ready, __ATOMIC_ACQUIRE) != (uint32_t)n)
		nanosleep(&nap, NULL);
	nanosleep(&nap, NULL);
	must(!munmap(a.ready, sizeof(*a.ready)));
}

void others_end(void)
{
	kill_all(others, nr_others);
	free(others);
	free(stacks);
}
