// SPDX-License-Identifier: MIT
/* urt stat. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>

#include "common.h"

/* Parses the lines of urt stat --json into an array. */
static json_t *parse_lines(char *text)
{
	json_t *reports = json_array();
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		json_array_append_new(reports, parse_json(line));
	expect(json_array_size(reports), "nothing was printed");
	return reports;
}

static json_t *__attribute__((format(printf, 2, 3)))
stat_json(int want, const char *fmt, ...)
{
	char command[256];
	struct said said;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	said = shell("%s", command);
	expect(said.status == want, "%s: %d, %s %s", command, said.status,
	       said.out, said.err);
	return parse_lines(said.out);
}

static json_t *last_of(const json_t *reports)
{
	return json_array_get(reports, json_array_size(reports) - 1);
}

TEST(urt_stat_count, "urt stat makes COUNT intervals of the length asked for, then the average")
{
	json_t *reports = stat_json(0, "urt stat -p %d 0.3 4 --json", sleeper());
	json_t *report;
	uint64_t ms;
	size_t i;

	expect(json_array_size(reports) == 5, "%zu reports",
	       json_array_size(reports));
	json_array_foreach(reports, i, report) {
		expect(!strcmp(string(report, "report"),
			       i < 4 ? "interval" : "average"), "report %zu is %s",
		       i, string(report, "report"));
		ms = number(report, "elapsed_ns") / MS;
		expect(ms >= (i < 4 ? 200 : 1000) && ms <= (i < 4 ? 1500 : 6000),
		       "report %zu took %" PRIu64 " ms", i, ms);
	}
}

static void burn_forever(void *unused)
{
	for (;;)
		burn(SEC);
}

TEST(urt_stat_rate, "%usr and %sys are the growth of the times in the interval")
{
	pid_t pid = child(burn_forever, NULL);
	json_t *reports = stat_json(0, "urt stat -p %d 0.5 3 --json", pid);
	json_t *report, *row;
	double percent, cpu, before = -1;
	size_t i;

	json_array_foreach(reports, i, report) {
		if (strcmp(string(report, "report"), "interval"))
			continue;
		row = row_of_pid(report, pid);
		expect(row, "%s", json_dumps(report, 0));
		percent = json_real_value(json_object_get(row, "cpu_percent"));
		cpu = (double)(number(row, "user_ns") + number(row, "sys_ns"));
		if (before >= 0)
			expect(llabs((long long)(percent * 100 -
			       (cpu - before) * 1e4 /
			       (double)number(report, "elapsed_ns"))) <= 2,
			       "%.2f %%, %.0f ns more: %s", percent,
			       cpu - before, json_dumps(report, 0));
		before = cpu;
	}
	end(pid);
}

static double percent_of(const json_t *row)
{
	return json_real_value(json_object_get(row, "cpu_percent"));
}

/* A single thread uses at most one CPU, in every row and in their sum. */
static void expect_possible(const json_t *reports)
{
	json_t *report, *row;
	double ns, cpu;
	size_t i, j;

	json_array_foreach(reports, i, report) {
		json_array_foreach(rows(report), j, row)
			expect(percent_of(row) < 102, "report %zu: %s", i,
			       json_dumps(report, 0));
		if (json_is_null(json_object_get(report, "elapsed_ns")))
			continue;
		ns = (double)number(report, "elapsed_ns");
		cpu = (double)(number(report, "user_ns") +
			       number(report, "sys_ns"));
		expect(cpu < ns * 1.02, "report %zu: %s", i,
		       json_dumps(report, 0));
	}
}

struct late {
	pid_t burner;
	pid_t sleeper;
};

static void follow_late(void *arg)
{
	const struct late *late = arg;
	char command[128];

	snprintf(command, sizeof(command),
		 "exec urt stat --json -p %d,%d 2 4 >/tmp/late", late->burner,
		 late->sleeper);
	execl("/bin/sh", "sh", "-c", command, NULL);
}

/* The time of the last report in the file. */
static uint64_t reported_ns(const char *path)
{
	return number(last_of(parse_lines(slurp(path))), "time_ns");
}

TEST(urt_stat_late, "an exit after a refresh is in the next report, also if it is read late",
     .limit = 120)
{
	struct late late = { child(burn_forever, NULL), sleeper() };
	json_t *reports, *row, *dead = NULL;
	uint64_t refresh;
	int status;
	size_t i;
	pid_t urt;

	unlink("/tmp/late");
	urt = child(follow_late, &late);
	wait_until(!access("/tmp/late", F_OK) && *slurp("/tmp/late"), 20000,
		   "no report");
	must(!kill(urt, SIGSTOP));
	/*
	 * The report misses the next refresh by a second. The burner runs so
	 * much longer.
	 */
	refresh = reported_ns("/tmp/late") + 2 * SEC;
	wait_until(now_ns() > refresh + SEC, 20000, "no time passes");
	end(late.burner);
	wait_until(now_ns() > refresh + SEC + 300 * MS, 20000, "no time passes");
	must(!kill(urt, SIGCONT));
	must(waitpid(urt, &status, 0) == urt);
	reports = parse_lines(slurp("/tmp/late"));
	expect_possible(reports);
	for (i = 0; i < 4; i++) {
		row = row_of_pid(json_array_get(reports, i), late.burner);
		if (row && !strcmp(string(row, "state"), "X"))
			dead = json_array_get(reports, i);
	}
	expect(dead && number(dead, "time_ns") > refresh + SEC, "%s",
	       json_dumps(reports, 0));
}

static void follow_idly(void *arg)
{
	const pid_t *pid = arg;
	char command[128];

	must(!sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 }));
	snprintf(command, sizeof(command),
		 "exec urt stat --json -p %d -C tests 20 1 >/tmp/idly", *pid);
	execl("/bin/sh", "sh", "-c", command, NULL);
}

TEST(urt_stat_starved, "no thread has more than one CPU, also if urt stat is late",
     .slow = true, .limit = 600)
{
	pid_t pid = child(burn_forever, NULL);
	int status, i;

	/* It is registered first, and registering these takes time. */
	for (i = 0; i < 40; i++)
		sleeper();

	reap(child(follow_idly, &pid), &status);
	expect(!status, "status %#x", status);
	expect_possible(parse_lines(slurp("/tmp/idly")));
	end(pid);
}

TEST(urt_stat_stale, "a process registered after an idle time has used no CPU in that time",
     .params = "interval_ms=1000")
{
	pid_t pid = child(burn_forever, NULL), before = sleeper();
	json_t *reports, *row;
	uint64_t begin;

	registers("%d", before);
	wait_until(strstr(slurp(STAT), "generation=2 "), 20000, "no refresh");
	registers("-%d", before);
	begin = now_ns();
	wait_until(now_ns() > begin + 8 * SEC, 60000, "no time passes");
	registers("%d", pid);
	reports = stat_json(0, "urt stat --json 1 2");
	expect_possible(reports);
	row = row_of_pid(json_array_get(reports, 0), pid);
	expect(row && percent_of(row) > 30, "%s", json_dumps(reports, 0));
	/* Since its start, because it began before the latest refresh. */
	reports = stat_json(0, "urt stat --json");
	expect_possible(reports);
	end(pid);
}

/* A tree whose processes come and go. All of it is reported. */
static void spawn(void *unused)
{
	int i;
	pid_t pid;

	raise(SIGSTOP);
	for (i = 0; i < 40; i++) {
		pid = fork();
		if (!pid) {
			burn(5 * MS);
			_exit(7);
		}
		waitpid(pid, NULL, 0);
	}
}

static void follow_tree(void *pid)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "exec urt stat --json 0.2 --tree %d >/tmp/stat",
		 (int)(intptr_t)pid);
	execl("/bin/sh", "sh", "-c", command, NULL);
}

TEST(urt_stat_tree, "each CPU time of a tree is in one interval, and urt stat ends with the tree")
{
	pid_t pid = child(spawn, NULL), urt;
	uint64_t user = 0, sys = 0, us, exits = 0;
	json_t *reports, *report, *row;
	int status;
	size_t i, j;

	must(waitpid(pid, &status, WUNTRACED) == pid);
	us = cpu_ns(pid) / 1000;
	unlink("/tmp/stat");
	urt = child(follow_tree, (void *)(intptr_t)pid);
	wait_until(!access("/tmp/stat", F_OK) && *slurp("/tmp/stat"), 10000,
		   "no report");
	kill(pid, SIGCONT);
	us = reap(pid, &status) - us;
	must(waitpid(urt, &status, 0) == urt);
	expect(!status, "status %#x", status);
	reports = parse_lines(slurp("/tmp/stat"));
	json_array_foreach(reports, i, report) {
		if (strcmp(string(report, "report"), "interval"))
			continue;
		user += number(report, "user_ns");
		sys += number(report, "sys_ns");
		json_array_foreach(rows(report), j, row)
			exits += json_integer_value(
				json_object_get(row, "exit")) == 7;
	}
	expect(exits == 40, "%" PRIu64 " exits", exits);
	/*
	 * On two CPUs, wait4() may return before the last moments are counted.
	 */
	expect(llabs((long long)((user + sys) / 1000 - us)) < 2000,
	       "%" PRIu64 " us in the reports, %" PRIu64 " us as wait4 says",
	       (user + sys) / 1000, us);
	report = last_of(reports);
	expect(!strcmp(string(report, "report"), "average") &&
	       number(report, "user_ns") == user &&
	       number(report, "sys_ns") == sys && number(report, "count") == 41,
	       "%s", json_dumps(report, 0));
}

TEST(urt_stat_exit, "an exited process is a row with final values in the interval of its exit")
{
	struct said said = shell("sleep 0.7 & urt stat -p $! 0.2 2>&1");
	char *line = strstr(said.out, "exit 0");

	expect(!said.status && line && strstr(line, "average"), "%d: %s",
	       said.status, said.out);
	expect(!strstr(line + 1, "exit 0") ||
	       strstr(line + 1, "average") < strstr(line + 1, "exit 0"),
	       "twice: %s", said.out);
	said = shell("sleep 1000 & p=$!; (sleep 0.5; kill -KILL $p) & "
		     "urt stat -p $p 0.2");
	expect(!said.status && strstr(said.out, "SIGKILL"), "%d: %s",
	       said.status, said.out);
}

TEST(urt_stat_interrupt, "Ctrl-C ends urt stat with the average, and status 0")
{
	struct said said = shell(">/tmp/stat; urt stat -p $$ 0.2 >/tmp/stat & p=$!; "
				 "until grep -q sh /tmp/stat; do :; done; "
				 "kill -INT $p; wait $p");

	/*
	 * A shell's background process ignores SIGINT, but urt must still see
	 * it.
	 */
	expect(!said.status && strstr(slurp("/tmp/stat"), "average"), "%d: %s",
	       said.status, slurp("/tmp/stat"));
}

TEST(urt_stat_once, "urt stat without an interval reports once, since the start")
{
	pid_t pid = sleeper();
	json_t *reports = stat_json(0, "urt stat -p %d --json", pid);

	expect(json_array_size(reports) == 1 &&
	       !strcmp(string(json_array_get(reports, 0), "report"),
		       "lifetime") &&
	       row_of_pid(json_array_get(reports, 0), pid), "%s",
	       json_dumps(reports, 0));
}

TEST(urt_stat_name, "-C NAME is all processes of that name")
{
	struct said said = shell("sleep 1000 & sleep 1000 & "
				 "until [ $(pidof sleep | wc -w) = 2 ]; do :; done; "
				 "urt stat -C sleep --json");
	json_t *report = parse_json(said.out);

	expect(!said.status && number(report, "count") == 2, "%d: %s %s",
	       said.status, said.out, said.err);
}

TEST(urt_stat_system, "urt stat without a selection follows the system registry",
     .params = "interval_ms=200")
{
	pid_t a = sleeper(), b = child(burn_forever, NULL);
	json_t *reports, *report;

	registers("%d %d", a, b);
	reports = stat_json(0, "urt stat 0.4 3 --json");
	expect(json_array_size(reports) == 4, "%s", json_dumps(reports, 0));
	report = json_array_get(reports, 1);
	expect(row_of_pid(report, a) && row_of_pid(report, b) &&
	       number(report, "elapsed_ns") >= 300 * MS, "%s",
	       json_dumps(report, 0));
}

TEST(urt_stat_system_end, "urt stat ends with final values when the system registry is empty")
{
	struct said said = shell("sleep 1 & echo $!; urt add $!; "
				 "urt stat 0.2 --json >/tmp/stat");
	json_t *reports = parse_lines(slurp("/tmp/stat")), *report, *row;
	int exits = 0;
	size_t i;

	json_array_foreach(reports, i, report) {
		row = row_of_pid(report, atoi(said.out));
		exits += row && !strcmp(string(row, "state"), "X") &&
			 !strcmp(string(report, "report"), "interval");
	}
	expect(!said.status && exits == 1, "%d, %d exits: %s", said.status,
	       exits, json_dumps(reports, 0));
}

TEST(urt_stat_usage, "urt stat names what it cannot do, and exits with 1 or 2")
{
	static const struct ending endings[] = {
		{ "-p 1x", 2, "'1x' is not a process's number" },
		{ "-p 0", 2, "'0' is not a process's number" },
		{ "-p 4294967297", 2, "is not a process's number" },
		{ "-p ,", 2, "a number is missing" },
		{ "-C ''", 2, "is empty" },
		{ "-p 1 zwei", 2, "'zwei' is not an interval" },
		{ "-p 1 0", 2, "'0' is not an interval" },
		{ "-p 1 -- -1", 2, "'-1' is not an interval" },
		{ "-p 1 1 0", 2, "'0' is not a number of reports" },
		{ "-p 1 1 1 1", 2, "one argument too many" },
		{ "-p 1 0.001", 1, "out of your range" },
		{ "-p 1 4000", 1, "out of your range" },
		{ "-p 99999", 1, "process 99999: there is no such process" },
		{ "-C nobody-has-it", 1, "no process named 'nobody-has-it'" },
		{ "", 1, "nothing is registered" },
		{ NULL }
	};
	struct said said;

	expect_endings("urt stat", endings);
	/* Processes that can be followed are followed all the same. */
	said = shell("urt stat -p 1,99999 --json");
	expect(said.status == 1 && row_of_pid(parse_json(said.out), 1), "%d: %s",
	       said.status, said.out);
}
