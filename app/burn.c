// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "burn.h"

#include <errno.h>
#include <error.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NSEC_PER_MSEC	1000000ULL

#define STACK_BYTES	(256UL * 1024)	/* 1,024 stacks fit in 32 bits */

/*
 * A period of work and sleep. It is no multiple of any tick (1, 2, 4 or 10 ms).
 * If it were, the tick would always sample the same point of our period, and
 * its samples of user and kernel mode would say nothing about the rest.
 */
#define PERIOD_NS	17300000ULL

uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t monotonic)
{
	struct timespec ts = {
		.tv_sec = (time_t)(monotonic / NSEC_PER_SEC),
		.tv_nsec = (long)(monotonic % NSEC_PER_SEC),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

/*
 * Runs in user mode for about 0.1 ms. This is so long that the system calls in
 * between do not count, and so short that duty and end are kept.
 */
static void spin(void)
{
	for (volatile unsigned int i = 0; i < 50000; i++)
		;
}

/*
 * Burns until this thread has used its share of the time since the start, or
 * until the time until has come. The share counts from the start, so that the
 * next periods make up for a period that burned too much or lost time to other
 * processes.
 */
static void burn_period(struct burn *burn, uint64_t until)
{
	uint64_t share = (until - burn->start_ns) / 100 * burn->duty;

	while (!atomic_load(&burn->stop) && now(CLOCK_MONOTONIC) < until &&
	       now(CLOCK_THREAD_CPUTIME_ID) < share)
		spin();
}

static void *work(void *arg)
{
	struct burn *burn = arg;
	uint64_t until = burn->start_ns;

	while (until < burn->end_ns && !atomic_load(&burn->stop)) {
		until += PERIOD_NS;
		if (until > burn->end_ns)
			until = burn->end_ns;
		burn_period(burn, until);
		if (!atomic_load(&burn->stop))
			sleep_until(until);
	}
	return NULL;
}

/* --- all threads --- */

static int add_thread(struct burn *burn)
{
	pthread_attr_t attr;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	err = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (!err)
		err = pthread_create(&burn->started[burn->nr_started], &attr,
				     work, burn);
	pthread_attr_destroy(&attr);
	if (!err)
		burn->nr_started++;
	return err;
}

bool burn_start(struct burn *burn)
{
	int err;

	burn->start_ns = now(CLOCK_MONOTONIC);
	burn->end_ns = burn->start_ns +
		       (uint64_t)(burn->seconds * (double)NSEC_PER_SEC);
	while (burn->nr_started < burn->threads) {
		err = add_thread(burn);
		if (err) {
			error(0, 0, "cannot start thread %u of %u: %s (limits are set by ulimit -u and by the control group's pids.max)",
			      burn->nr_started + 1, burn->threads,
			      strerror(err));
			burn_stop(burn);
			return false;
		}
	}
	return true;
}

static void join(struct burn *burn)
{
	while (burn->nr_started)
		pthread_join(burn->started[--burn->nr_started], NULL);
}

void burn_stop(struct burn *burn)
{
	atomic_store(&burn->stop, true);
	join(burn);
}

/*
 * The kernel counts a thread when it releases it, a moment after pthread_join()
 * returns. Until then, up to one tick of each thread may be missing. A released
 * thread is no longer in our /proc/self/task, whose link count is 2 and one for
 * each thread. If something holds a thread back, perhaps a debugger, we stop
 * waiting after 2 s.
 */
void burn_finish(struct burn *burn)
{
	uint64_t t, limit;
	struct stat st;

	join(burn);
	t = now(CLOCK_MONOTONIC);
	limit = t + 2 * NSEC_PER_SEC;
	do {
		t += NSEC_PER_MSEC;
		sleep_until(t);
	} while (!stat("/proc/self/task", &st) && st.st_nlink > 3 && t < limit);
}
