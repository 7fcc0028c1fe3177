// SPDX-License-Identifier: MIT
/* Effects of clocks, and refreshes that fall behind them. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "lib.h"
#include "crowd.h"

#define YEAR (365 * 86400LL)

static unsigned long long clock_now(clockid_t clock)
{
	struct timespec ts;

	must(!clock_gettime(clock, &ts));
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* --- the time of day --- */

static long long stepped;	/* s; the present offset of the time of day */

static void step(long long s)
{
	struct timespec ts;

	must(!clock_gettime(CLOCK_REALTIME, &ts));
	ts.tv_sec += s;
	must(!clock_settime(CLOCK_REALTIME, &ts));
	stepped += s;
}

struct facts {
	struct row row;
	struct header header;
};

static struct facts facts_of(pid_t pid)
{
	struct facts f;

	next_generation();
	f.header = stat_header();
	expect(stat_row(pid, &f.row), "%s", slurp(STAT));
	return f;
}

/* Compares two refreshes. There may be a step of the clock between them. */
static void expect_same(const struct facts *a, const struct facts *b)
{
	unsigned long long ms = (b->header.time - a->header.time) / MS;
	unsigned long long n = b->header.generation - a->header.generation;
	unsigned long long ran = b->row.runtime - a->row.runtime;
	long long late;

	expect(b->row.start == a->row.start, "started at %llu, and at %llu",
	       a->row.start, b->row.start);
	expect(b->row.utime == a->row.utime && b->row.stime == a->row.stime,
	       "a sleeper has used %llu + %llu ns, and then %llu + %llu",
	       a->row.utime, a->row.stime, b->row.utime, b->row.stime);
	expect(ran == ms || ran + 1 == ms || ran == ms + 1,
	       "it ran for %llu ms in %llu ms", ran, ms);
	late = b->header.time - a->header.time - n * 200 * MS;
	expect(n && llabs(late) <= (long long)late_ns(),
	       "%llu generations in %llu ms", n, ms);
}

TEST(time_step, "steps of the clock change no CPU time, no start and no pace")
{
	static const long long steps[] = {
		10 * YEAR, -10 * YEAR, -3600, 3600, 1, -1, 100 * YEAR,
		-100 * YEAR,
	};
	pid_t pid = sleeper();
	struct facts a, b;

	registers("%d", pid);
	a = facts_of(pid);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		step(steps[i]);
		b = facts_of(pid);
		expect_same(&a, &b);
		a = b;
	}
	expect(!stepped, "%lld s off", stepped);
}

static void burn_and_wait(void *fd)
{
	char c;

	burn(20 * MS);
	must(read(*(int *)fd, &c, 1) == 1);
}

TEST(time_step_record, "steps of the clock change no time of a record")
{
	unsigned long long before, after;
	struct session s;
	struct record r;
	int fds[2];
	pid_t pid;

	session_open(&s);
	must(!pipe(fds));
	before = now_ns();
	pid = child(burn_and_wait, &fds[0]);
	must(put(s.fd, "%d", pid) > 0);
	step(10 * YEAR);
	nap();
	step(-10 * YEAR - 7200);
	must(write(fds[1], "", 1) == 1);
	reap(pid, NULL);
	after = now_ns();
	step(7200);
	expect(skip_to(&s, pid, &r) == EXIT, "no record");
	/*
	 * A start is cut to a tick, because the clock is read without a lock.
	 */
	expect(r.start + 20 * MS >= before && r.start + r.runtime <= after,
	       "from %llu for %llu ns; it was from %llu to %llu", r.start,
	       r.runtime, before, after);
	expect(r.utime + r.stime >= 20 * MS && r.utime + r.stime <=
	       r.runtime + MS, "%llu + %llu ns in %llu", r.utime, r.stime,
	       r.runtime);
}

/* --- suspend --- */

#define RTC "/sys/class/rtc/rtc0/wakealarm"
#define ASLEEP 30		/* s */

static int try_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/*
 * Sleeps until the real-time clock wakes the machine. Return: how long, in ns.
 */
static unsigned long long suspend(void)
{
	unsigned long long off;
	char text[16];
	int err;

	off = clock_now(CLOCK_BOOTTIME) - clock_now(CLOCK_MONOTONIC);
	try_write(RTC, "0");
	snprintf(text, sizeof(text), "+%d", ASLEEP);
	if (try_write(RTC, text))
		skip("there is no clock that would wake the machine");
	err = try_write("/sys/power/state", "mem");
	if (err)
		err = try_write("/sys/power/state", "freeze");
	if (err) {
		note("%s", strerror(err));
		skip("the machine cannot be suspended");
	}
	return clock_now(CLOCK_BOOTTIME) - clock_now(CLOCK_MONOTONIC) - off;
}

TEST(time_suspend, "suspended time is run time, but no CPU time, and makes no generations",
     .limit = 120, .slow = true)
{
	unsigned long long asleep, generations, ms, used;
	pid_t pid = sleeper();
	struct facts a, b, c;

	registers("%d", pid);
	a = facts_of(pid);
	asleep = suspend();
	expect(asleep > ASLEEP / 2 * SEC, "asleep for %llu ns", asleep);
	b = facts_of(pid);
	generations = b.header.generation - a.header.generation;
	ms = (b.header.time - a.header.time) / MS;
	note("asleep for %llu ms; %llu generations in %llu ms", asleep / MS,
	     generations, ms);
	/* A few generations before and after, and one that was under way. */
	expect(generations <= 10 + (ms - asleep / MS) / 190,
	       "%llu generations in %llu ms", generations, ms);
	expect(b.row.start == a.row.start, "started at %llu, and at %llu",
	       a.row.start, b.row.start);
	/* The process wakes up for being frozen, and sleeps on. */
	used = b.row.utime + b.row.stime - a.row.utime - a.row.stime;
	expect(used < 10 * MS, "a sleeper has used %llu ns", used);
	expect(b.row.runtime - a.row.runtime + 1 >= ms &&
	       b.row.runtime - a.row.runtime <= ms + 1,
	       "it ran for %llu ms in %llu ms", b.row.runtime - a.row.runtime,
	       ms);
	c = facts_of(pid);
	expect_same(&b, &c);
}

/* --- more work than time --- */

/* The longest time from the start of a work to its end, in ms. */
static double longest_refresh(void)
{
	char *trace = slurp("/sys/kernel/tracing/trace"), *line, *save, *at;
	double begin = 0, time, longest = 0;

	for (line = strtok_r(trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		at = strchr(line, ']');
		if (!strstr(line, "function update_cputimes") || !at ||
		    sscanf(at, "] %*s %lf:", &time) != 1)
			continue;
		if (strstr(line, "workqueue_execute_start:"))
			begin = time;
		if (strstr(line, "workqueue_execute_end:") && begin &&
		    time - begin > longest)
			longest = time - begin;
	}
	free(trace);
	return longest * 1000;
}

/* Return: how many generations there are in so many ms. */
static unsigned long long generations_in(const struct urt_map *map,
					 unsigned int ms)
{
	unsigned long long until = now_ns() + ms * MS;
	struct pace begin = pace_of(map);

	while (now_ns() < until)
		nap();
	return pace_of(map).generation - begin.generation;
}

/* The interval is 10 ms, and one refresh takes longer than that. */
static void overload(unsigned int n, double at_least_ms)
{
	const struct urt_map *map;
	unsigned long long seen;
	double took;
	pid_t *pids = calloc(n, sizeof(*pids));
	int fd, i;

	crowd_fits(n);
	crowd(pids, n);
	fd = open_session();
	map = map_session(fd, n);
	must(put(fd, "interval 10 ") > 0);
	register_all(fd, pids, n);
	must(put(fd, "%d", getpid()) > 0);
	wait_until(pace_of(map).generation >= 2, 30000, "no refresh");

	trace_begin();
	seen = generations_in(map, 5000);
	took = longest_refresh();
	note("%u processes: a refresh takes %.1f ms; %llu in 5 s; every %u ms "
	     "says the header", n, took, seen, map->interval_ms);
	expect(took > at_least_ms, "not long enough: %.1f ms", took);
	expect(traced("queue_work: ") || !traced("function=update_cputimes"),
	       "no trace");
	trace_end();
	/* A 20th of the time, and a quarter for the kernel's other work. */
	expect(seen && seen * took < 5000 / 20.0 * 1.3, "%llu of %.1f ms in 5 s",
	       seen, took);
	expect(map->interval_ms >= 20 * took * 0.8, "every %u ms",
	       map->interval_ms);

	/* No refresh waits to make up for the past. */
	for (i = 0; i < (int)n; i++)
		must(put(fd, "-%d", pids[i]) > 0);
	wait_until(map->interval_ms == 10, 60000, "%u", map->interval_ms);
	seen = generations_in(map, 1000);
	note("then %llu in a second", seen);
	/* Each refresh may be late. The next one counts from there. */
	expect(seen >= 1000 / (10 + late_ns() / MS) - 1 && seen <= 102,
	       "%llu in a second", seen);
}

TEST(time_overload, "a refresh longer than its interval stretches the interval, but no more",
     .params = "max_per_user=20000", .slow = true, .limit = 300)
{
	overload(4000, 0.5);
}

TEST(time_overload_10000, "a refresh of 10,000 processes stretches an interval of 10 ms, but no more",
     .params = "max_per_user=20000", .full = true, .limit = 600)
{
	overload(10000, 10);
}
