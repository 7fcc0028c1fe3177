// SPDX-License-Identifier: MIT
/*
 * The cost of one refresh for its worker, in instructions.
 *
 * The kernel's own tracepoints stamp the begin and the end of every work item
 * with the time stamp counter. They are recorded twice, in two instances of
 * tracefs, one after the other:
 *
 *	start in A, start in B, the work proper, end in A, end in B
 *
 * The time from "start in A" to "start in B" is the cost of recording an event.
 * This cost is also between "start in B" and "end in A", besides the work, and
 * is subtracted.
 */
#include "refresh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

#define INSTANCES "/sys/kernel/tracing/instances"
#define EVENTS "events/workqueue/workqueue_execute"
#define INTERVAL "/sys/module/usertime/parameters/interval_ms"

static const char *const instances[] = { "A", "B" };
static uint64_t ended, woken;	/* of the last measured refresh */

struct stamps {
	uint64_t start;
	uint64_t end;
};

static void trace_set(const char *instance, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), INSTANCES "/%s/%s", instance, file);
	spit(path, text);
}

void refresh_init(void)
{
	char dir[64];

	for (int i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), INSTANCES "/%s", instances[i]);
		must(!mkdir(dir, 0755));
		trace_set(instances[i], "trace_clock", "x86-tsc");
		trace_set(instances[i], EVENTS "_start/enable", "1");
		trace_set(instances[i], EVENTS "_end/enable", "1");
	}
}

/* The number before ": EVENT:" in a line, or 0. */
static uint64_t stamp(const char *line, const char *event)
{
	const char *at = strstr(line, event);

	if (!at || !strstr(at, "update_cputimes"))
		return 0;
	while (at > line && isdigit(at[-1]))
		at--;
	return strtoull(at, NULL, 10);
}

/* Exactly one refresh must have come. */
static struct stamps stamps(const char *instance)
{
	struct stamps found = { };
	char line[512];
	uint64_t t;
	FILE *f;

	snprintf(line, sizeof(line), INSTANCES "/%s/trace", instance);
	f = fopen(line, "r");
	must(f);
	while (fgets(line, sizeof(line), f)) {
		t = stamp(line, ": workqueue_execute_start: ");
		if (t) {
			must(!found.start);
			found.start = t;
		}
		t = stamp(line, ": workqueue_execute_end: ");
		if (t) {
			must(!found.end);
			found.end = t;
		}
	}
	fclose(f);
	must(found.start && found.end);
	return found;
}

/*
 * Sleeps until the next refresh is over. There is one CPU, and we do not
 * preempt. The worker therefore has the CPU for itself, and has ended when we
 * are back.
 */
static void wait_for_refresh(int fd, short event)
{
	struct pollfd p = { .fd = fd, .events = event };

	must(poll(&p, 1, 60000) == 1 && p.revents & event);
	woken = tsc();
}

static void clear(void)
{
	trace_set("A", "trace", "");
	trace_set("B", "trace", "");
}

/* The cost of the last refresh. */
uint64_t refresh_cost(void)
{
	struct stamps a = stamps("A"), b = stamps("B"), first, second;

	/* Either of the two may come first. */
	first = a.start < b.start ? a : b;
	second = a.start < b.start ? b : a;
	must(second.start < first.end);
	ended = second.end + (second.end - first.end);
	return first.end - second.start - (second.start - first.start);
}

/* For callers that wait themselves: asks for refreshes, every 10 ms. */
void refresh_ask(void)
{
	clear();
	spit(INTERVAL, "10");
}

/* Call it after the first of these refreshes, and before the second one. */
void refresh_enough(void)
{
	spit(INTERVAL, "3600000");
}

/* When the worker had done its work, and its end was recorded. */
uint64_t refresh_ended(void)
{
	return ended;
}

/* When we were back from waiting for it. */
uint64_t refresh_woken(void)
{
	return woken;
}

/* Asks for a refresh in 10 ms, and for no other one within the hour. */
uint64_t refresh_measure(int status)
{
	char c;

	must(pread(status, &c, 1, 0) == 1);	/* the present generation */
	refresh_ask();
	wait_for_refresh(status, POLLIN);
	refresh_enough();
	return refresh_cost();
}

static void set_interval(int session, const char *word)
{
	ssize_t len = strlen(word);

	must(write(session, word, len) == len);
}

uint64_t refresh_measure_session(int session)
{
	struct pollfd p = { .fd = session, .events = POLLPRI };

	must(poll(&p, 1, 0) >= 0);		/* the present generation */
	clear();
	set_interval(session, "interval 10");
	wait_for_refresh(session, POLLPRI);
	set_interval(session, "interval 3600000");
	return refresh_cost();
}
