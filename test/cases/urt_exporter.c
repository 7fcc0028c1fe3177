// SPDX-License-Identifier: MIT
/* urt exporter, as it writes its file. How it answers is in test/prometheus.sh. */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "urt_lib.h"

#define NAME "burner"

/* Runs in the background until the test ends. dir: of its file, made here. */
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

/* A series of the file that is there now; 0 without one. */
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

static uint64_t counted_us(const char *dir)
{
	return (uint64_t)(1e6 *
		(value_of(dir, "urt_process_cpu_user_seconds_total{comm=\""
			       NAME "\"} ") +
		 value_of(dir, "urt_process_cpu_system_seconds_total{comm=\""
			       NAME "\"} ")) + 0.5);
}

static unsigned int exits(const char *dir)
{
	return (unsigned int)value_of(dir, "urt_process_exits_total{comm=\""
					   NAME "\"} ");
}

/* Uses the CPU for a while, then sleeps until it has lived so long. */
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

	wait_until(exits(dir) == count, 20000, "%u exits, not %u", exits(dir),
		   count);
	seen = counted_us(dir);
	expect(seen + 1000 * count >= us && seen <= us + 1000 * count,
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
		/* Alone: the exporter follows nobody when it comes. */
		us += reap(child(live, &life), &status);
		sleep_ns((1100 + 61 * i) * MS);
	}
	expect_counted("/tmp/again", 16, us);
}

TEST(urt_exporter_crowd, "a name that comes while others of it live counts",
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
