// SPDX-License-Identifier: MIT
/* urt exporter writing its file. test/prometheus.sh tests its answers. */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common.h"

#define NAME "burner"
#define SITTER "sitter"

/*
 * Runs in the background until the test ends. dir is made here, for its file.
 */
static void start_exporter(const char *dir, const char *options)
{
	struct said said = shell("mkdir -p %s; urt exporter --textfile %s %s "
				 ">/dev/null 2>%s/err &", dir, dir, options,
				 dir);
	char path[64];

	said_free(&said);
	snprintf(path, sizeof(path), "%s/urt.prom", dir);
	wait_until(!access(path, R_OK), 20000, "no %s", path);
}

/* Reads a series of the present file; 0 if it is missing. */
static double value_of(const char *dir, const char *series)
{
	char path[64], *text, *at;
	double value = 0;

	snprintf(path, sizeof(path), "%s/urt.prom", dir);
	text = slurp(path);
	for (at = strstr(text, series); at; at = strstr(at + 1, series)) {
		if (at == text || at[-1] == '\n') {
			value = strtod(at + strlen(series), NULL);
			break;
		}
	}
	free(text);
	return value;
}

/* Reads a counter of the processes of one name. */
static double counter(const char *dir, const char *family, const char *name)
{
	char series[100];

	snprintf(series, sizeof(series), "%s{comm=\"%s\"} ", family, name);
	return value_of(dir, series);
}

static uint64_t counted_us(const char *dir, const char *name)
{
	double user = counter(dir, "urt_process_cpu_user_seconds_total", name);
	double sys = counter(dir, "urt_process_cpu_system_seconds_total", name);

	return (uint64_t)((user + sys) * 1e6 + 0.5);
}

static unsigned int exits(const char *dir, const char *name)
{
	return (unsigned int)counter(dir, "urt_process_exits_total", name);
}

/* Uses the CPU for a while, then sleeps until the end of its life. */
struct life {
	uint64_t busy_ns;
	uint64_t length_ns;
};

static void live(void *arg)
{
	const struct life *life = arg;
	uint64_t end = now_ns() + life->length_ns;
	struct timespec ts = { end / SEC, end % SEC };

	prctl(PR_SET_NAME, NAME);
	burn(life->busy_ns);
	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &ts, NULL);
	_exit(0);
}

static void sleep_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){ ns / SEC, ns % SEC }, NULL);
}

static void expect_counted(const char *dir, unsigned int count, uint64_t us)
{
	uint64_t seen;

	wait_until(exits(dir, NAME) == count, 20000, "%u exits, not %u",
		   exits(dir, NAME), count);
	seen = counted_us(dir, NAME);
	expect(seen + 1000ULL * count >= us && seen <= us + 1000ULL * count,
	       "wait4 has %ju us, the exporter %ju", (uintmax_t)us,
	       (uintmax_t)seen);
}

TEST(urt_exporter_again, "a name that comes again counts in full, at each phase",
     .limit = 300)
{
	struct life life = { 20 * MS, 700 * MS };
	uint64_t us = 0;
	unsigned int i;
	int status;

	start_exporter("/tmp/again", "-C " NAME " --interval 0.5");
	for (i = 0; i < 16; i++) {
		/*
		 * Alone, because the exporter follows no process when it comes.
		 */
		us += reap(child(live, &life), &status);
		sleep_ns((1100 + 61 * i) * MS);
	}
	expect_counted("/tmp/again", 16, us);
}

TEST(urt_exporter_crowd, "a name that comes while others of it live counts in full",
     .limit = 300)
{
	struct life lives[16];
	pid_t pids[16];
	uint64_t us = 0;
	unsigned int i;
	int status;

	start_exporter("/tmp/crowd", "-C " NAME " --interval 0.5");
	for (i = 0; i < 16; i++) {
		lives[i] = (struct life){ 20 * MS, (600 + 130 * i) * MS };
		pids[i] = child(live, &lives[i]);
		sleep_ns(137 * MS);
	}
	for (i = 0; i < 16; i++)
		us += reap(pids[i], &status);
	expect_counted("/tmp/crowd", 16, us);
}

static void stay(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, NAME);
	sleep_forever();
}

struct four {
	const char *dir;
	const char *options;
};

static void follow_four(void *arg)
{
	const struct four *four = arg;
	const char *dir = four->dir;
	char path[64];
	pid_t pids[4];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/urt.prom", dir);
	for (i = 0; i < 4; i++)
		pids[i] = child(stay, NULL);
	for (i = 0; i < 4; i++)
		wait_until(state_of(pids[i]) == 'S', 5000, "no sleeper");
	start_exporter(dir, four->options);
	wait_until(value_of(dir, "urt_exporter_unseen_processes ") == 2 &&
		   !value_of(dir, "urt_up "), 20000, "%s", slurp(path));
	for (i = 0; i < 4; i++)
		end(pids[i]);
	wait_until(exits(dir, NAME) == 2 && value_of(dir, "urt_up ") == 1 &&
		   !value_of(dir, "urt_exporter_unseen_processes "), 20000,
		   "%s", slurp(path));
}

TEST(urt_exporter_quota, "processes beyond the quota are counted as unseen",
     .params = "max_per_user=2 interval_ms=200")
{
	in_user(1000, follow_four, &(struct four){
		"/tmp/quota", "-C " NAME " --interval 0.1" });
}

TEST(urt_exporter_twice, "a name that is given twice counts once",
     .params = "max_per_user=2 interval_ms=200")
{
	in_user(1000, follow_four, &(struct four){
		"/tmp/twice", "-C " NAME " -C " NAME " --interval 0.1" });
}

/* It uses most of its time long before it takes the name. */
static void take_the_name(void *arg)
{
	(void)arg;
	burn(200 * MS);
	sleep_ns(1500 * MS);
	prctl(PR_SET_NAME, NAME);
	sleep_forever();
}

static void follow_own(void *arg)
{
	static const char dir[] = "/tmp/foreign";
	pid_t pid;

	(void)arg;
	start_exporter(dir, "-C " NAME " --interval 0.1");
	wait_until(value_of(dir, "urt_exporter_unseen_processes ") == 1 &&
		   !value_of(dir, "urt_up "), 20000, "%s",
		   slurp("/tmp/foreign/urt.prom"));
	pid = child(take_the_name, NULL);
	wait_until(counter(dir, "urt_processes", NAME) == 1, 20000, "%s",
		   slurp("/tmp/foreign/urt.prom"));
	end(pid);
	wait_until(exits(dir, NAME) == 1, 20000, "no exit");
	expect(counted_us(dir, NAME) < 100000 &&
	       value_of(dir, "urt_exporter_unseen_processes ") == 1, "%s",
	       slurp("/tmp/foreign/urt.prom"));
}

TEST(urt_exporter_foreign, "a process that the exporter may not follow is counted, and changes no other sum",
     .params = "restrict=1 interval_ms=200")
{
	pid_t pid = child(stay, NULL);

	wait_until(state_of(pid) == 'S', 5000, "no sleeper");
	in_user(1000, follow_own, NULL);
}

/* --- ten minutes --- */

#define MINUTES_SEED 15
#define LIVES 200
#define MINUTES_NS (600 * SEC)
#define EXPORTERS 9

/* So many come at random in ten minutes, and use the CPU in four pieces. */
struct visit {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t busy_ns[4];
};

static uint32_t chance_state;

static uint64_t chance(uint64_t below)
{
	chance_state = chance_state * 1664525 + 1013904223;
	return (chance_state >> 4) % below;
}

/* Longer than the longest interval, so that a search for its name finds it. */
static struct visit visit_by_chance(uint64_t begin_ns)
{
	uint64_t length = 5500 * MS + chance(60000) * MS;
	struct visit v = {
		.start_ns = begin_ns + SEC + chance(530000) * MS,
	};
	int i;

	v.end_ns = v.start_ns + length;
	for (i = 0; i < 4; i++)
		v.busy_ns[i] = chance(8000) * MS / 1000;
	return v;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { ns / SEC, ns % SEC };

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &ts, NULL))
		;
}

static void pay_visit(void *arg)
{
	const struct visit *v = arg;
	int i;

	for (i = 0; i < 4; i++) {
		sleep_until(v->start_ns + i * (v->end_ns - v->start_ns) / 4);
		burn(v->busy_ns[i]);
	}
	sleep_until(v->end_ns);
	_exit(0);
}

/* There from the beginning, so that its number can be given. */
static void wait_and_visit(void *arg)
{
	prctl(PR_SET_NAME, SITTER);
	pay_visit(arg);
}

static void come_and_visit(void *arg)
{
	prctl(PR_SET_NAME, NAME);
	pay_visit(arg);
}

static uint64_t reap_all(void)
{
	struct rusage used;
	uint64_t us = 0;

	while (wait4(-1, NULL, 0, &used) > 0)
		us += (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000ULL +
		      used.ru_utime.tv_usec + used.ru_stime.tv_usec;
	return us;
}

static int by_start(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/*
 * The facts about these minutes, shared with the two processes that make them.
 */
struct minutes {
	struct visit come[LIVES], sit[LIVES];
	pid_t sitters[LIVES];
	volatile int done;
	volatile uint64_t sitting_ns, came_us, sat_us;
};

/* The root of the tree. Its children are the visitors. */
static void host_visits(void *arg)
{
	struct minutes *m = arg;
	unsigned int i;

	for (i = 0; i < LIVES; i++) {
		sleep_until(m->come[i].start_ns);
		child(come_and_visit, &m->come[i]);
	}
	m->came_us = reap_all();
	m->done++;
	sleep_forever();
}

static void host_sitters(void *arg)
{
	struct minutes *m = arg;
	unsigned int i;

	for (i = 0; i < LIVES; i++)
		m->sitters[i] = child(wait_and_visit, &m->sit[i]);
	m->sitting_ns = now_ns();
	m->sat_us = reap_all();
	m->done++;
	sleep_forever();
}

/* An exporter, and its values. */
struct watched {
	char dir[32];
	const char *name;	/* the name that it counts */
	uint64_t us;
	unsigned int exits;
};

static void watch(struct watched *w)
{
	uint64_t us = counted_us(w->dir, w->name);
	unsigned int n = exits(w->dir, w->name);

	expect(us >= w->us && n >= w->exits, "%s: %ju us after %ju, %u after %u",
	       w->dir, (uintmax_t)us, (uintmax_t)w->us, n, w->exits);
	w->us = us;
	w->exits = n;
}

static void start_nine(struct watched *watched, const struct minutes *m,
		       pid_t root)
{
	static const char *const intervals[] = { "0.5", "2", "5" };
	char numbers[LIVES * sizeof("1234567,")], *at = numbers, *options;
	unsigned int i;

	for (i = 0; i < LIVES; i++)
		at += sprintf(at, "%s%d", i ? "," : "", m->sitters[i]);
	for (i = 0; i < EXPORTERS; i++) {
		struct watched *w = &watched[i];
		const char *interval = intervals[i / 3];

		*w = (struct watched){ .name = i % 3 == 2 ? SITTER : NAME };
		sprintf(w->dir, "/tmp/minutes.%u", i);
		if (i % 3 == 0)
			must(asprintf(&options, "--interval %s -C " NAME,
				      interval) > 0);
		else if (i % 3 == 1)
			must(asprintf(&options, "--interval %s --tree %d",
				      interval, root) > 0);
		else
			must(asprintf(&options, "--interval %s -p %s", interval,
				      numbers) > 0);
		start_exporter(w->dir, options);
		free(options);
	}
}

/*
 * A process that starts shortly before an exporter is new to it. These must be
 * old.
 */
static bool have_settled(const struct minutes *m)
{
	unsigned int i;

	for (i = 0; i < LIVES; i++) {
		if (state_of(m->sitters[i]) != 'S')
			return false;
	}
	return now_ns() > m->sitting_ns + SEC;
}

static uint64_t sitters_us(const struct minutes *m)
{
	uint64_t ns = 0;
	unsigned int i;

	for (i = 0; i < LIVES; i++)
		ns += cpu_ns(m->sitters[i]);
	return ns / 1000;
}

static void expect_equal(const struct watched *w, uint64_t us)
{
	note("%s: %ju us, wait4 %ju us", w->dir, (uintmax_t)w->us,
	     (uintmax_t)us);
	expect(w->exits == LIVES && w->us + 1000 >= us && w->us <= us + 1000,
	       "%s: %u exits, %ju us, wait4 has %ju us", w->dir, w->exits,
	       (uintmax_t)w->us, (uintmax_t)us);
	expect(!value_of(w->dir, "urt_exporter_vanished_processes_total ") &&
	       !value_of(w->dir, "urt_exporter_unseen_processes "),
	       "%s: some are not known", w->dir);
}

TEST(urt_exporter_minutes, "in ten minutes -C, --tree and -p count what wait4 says, and never go back",
     .full = true, .limit = 1800)
{
	struct minutes *m = share(sizeof(*m));
	struct watched watched[EXPORTERS];
	const char *given = getenv("URT_TEST_SEED");
	uint64_t begin = now_ns() + 20 * SEC, before_us;
	unsigned int i;
	pid_t root;

	chance_state = given ? (uint32_t)strtoul(given, NULL, 0) : MINUTES_SEED;
	note("URT_TEST_SEED=%u", chance_state);
	for (i = 0; i < LIVES; i++) {
		m->come[i] = visit_by_chance(begin);
		m->sit[i] = visit_by_chance(begin);
	}
	qsort(m->come, LIVES, sizeof(*m->come), by_start);
	child(host_sitters, m);
	wait_until(m->sitting_ns && have_settled(m), 20000, "they do not sit");
	before_us = sitters_us(m);
	root = child(host_visits, m);
	start_nine(watched, m, root);
	expect(now_ns() < begin, "the exporters are late");
	while (now_ns() < begin + MINUTES_NS || m->done < 2) {
		sleep_ns(500 * MS);
		for (i = 0; i < EXPORTERS; i++)
			watch(&watched[i]);
	}
	for (i = 0; i < EXPORTERS; i++)
		expect_equal(&watched[i], watched[i].name[0] == *SITTER ?
			     m->sat_us - before_us : m->came_us);
}
