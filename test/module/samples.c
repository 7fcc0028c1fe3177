// SPDX-License-Identifier: MIT
/*
 * Samples of a process whose threads exit during the sample.
 *
 * A sample takes long because of many threads. One more thread has the highest
 * priority. It wakes up from time to time and makes a thread come and go.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "lib.h"

#define IDLE_THREADS 200
#define SAMPLES 100

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
}

static void *idle(void *arg)
{
	sleep_forever();
}

static void *burn_and_exit(void *arg)
{
	burn(MS / 5);
	return NULL;
}

static void thread(pthread_t *id, void *(*fn)(void *))
{
	pthread_attr_t attr;

	must(!pthread_attr_init(&attr));
	must(!pthread_attr_setstacksize(&attr, 262144));
	must(!pthread_create(id, &attr, fn, NULL));
}

static void come_and_go(void *ready)
{
	struct sched_param first = { .sched_priority = 1 };
	pthread_t id;

	for (int i = 0; i < IDLE_THREADS; i++)
		thread(&id, idle);
	pin();
	must(!sched_setscheduler(0, SCHED_FIFO, &first));
	*(volatile int *)ready = 1;
	for (;;) {
		/*
		 * Long enough for the other threads to make progress, even if
		 * slow.
		 */
		nanosleep(&(struct timespec){ .tv_nsec = 10 * MS }, NULL);
		thread(&id, burn_and_exit);
		must(!pthread_join(id, NULL));
	}
}

/* A thread that is counted twice or not at all makes 0.2 ms or more. */
static void expect_sample(pid_t pid)
{
	uint64_t before = cpu_ns(pid), after, total;
	struct row row;

	registers("%d", pid);
	after = cpu_ns(pid);
	must(stat_row(pid, &row));
	registers("-%d", pid);
	total = row.utime + row.stime;
	expect(total >= before && total <= after,
	       "%llu ns, its clock said %llu before and %llu after",
	       (unsigned long long)total, (unsigned long long)before,
	       (unsigned long long)after);
}

TEST(cover_samples, "each thread counts once if threads exit during samples",
     .params = "interval_ms=3600000", .limit = 120)
{
	volatile int *ready = share(sizeof(*ready));
	pid_t pid = child(come_and_go, (void *)ready);

	pin();
	wait_until(*ready, 20000, "no threads");
	for (int i = 0; i < SAMPLES; i++)
		expect_sample(pid);
}
