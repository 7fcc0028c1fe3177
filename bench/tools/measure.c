// SPDX-License-Identifier: MIT
/*
 * Runs in a guest. Each tool looks at the same load, among idle processes. The
 * cost of the tool is measured, and the CPU time that it has missed.
 *
 *	measure IDLE INTERVAL[,INTERVAL]... [SCRIPT[,SCRIPT]...]
 *
 * A tool is a shell script, started with "start INTERVAL" and a word of its
 * own, in a control group whose CPU time is the tool's cost. Later the script
 * with "seen INTERVAL" prints how much of the load's CPU time the tool has
 * seen, in ms. In the environment: LOAD, the process id of the load's root, or
 * nothing, and LOAD_SECONDS, the duration of the load.
 *
 * Prints lines "tools,NAME,COLUMN,VALUE,UNIT", and "# REMARK".
 */
#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETTLE 25		/* s, until a tool has started */
#define WINDOW 30		/* s, at least; or so many looks: */
#define LOOKS 12
#define LAST 30			/* s, that a tool may take to end */
#define GO "/tmp/go"
#define TRUTH "/tmp/truth"
#define SEEN "/tmp/seen"	/* scripts have the tool write here */

struct tool {
	const char *name;
	const char *script;
	const char *word;
	bool starts_load;	/* it starts the load and ends with it */
};

static const struct tool tools[] = {
	{ "pidstat", "pidstat", "", false },
	{ "pidstat -G load", "pidstat", "-G load", false },
	{ "process-exporter", "exporter", "", false },
	{ "atop", "atop", "", false },
	{ "PCP pmdaproc", "pcp", "", false },
	{ "urt stat of all", "urt_stat", "1", false },
	{ "urt stat of the load", "urt_stat", "", false },
	{ "urt run", "urt_run", "", true },
};

void fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: failed: %s (%s)\n", file, line, what, strerror(errno));
	fflush(stdout);
	exit(1);
}

static void spit(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void nap(int seconds)
{
	struct timespec ts = { .tv_sec = seconds };

	must(!nanosleep(&ts, NULL));
}

static void start_idle(int count)
{
	pid_t pid;

	for (int i = 0; i < count; i++) {
		pid = fork();
		must(pid >= 0);
		if (pid)
			continue;
		prctl(PR_SET_NAME, "idle");
		for (;;)
			pause();
	}
}

static pid_t start_load(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		execl("/bin/load", "load", GO, TRUTH, getenv("LOAD_SECONDS"), NULL);
		_exit(127);
	}
	return pid;
}

/* Output goes to a file, so that no terminal slows it down. */
static pid_t start_tool(const struct tool *tool, const char *interval)
{
	char path[64];
	pid_t pid;
	int fd;

	pid = fork();
	must(pid >= 0);
	if (pid)
		return pid;
	spit(GROUP "/tool/cgroup.procs", "0");
	fd = open("/tmp/errors", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(fd, 1);
	dup2(fd, 2);
	snprintf(path, sizeof(path), "/tools/%s.sh", tool->script);
	execl("/bin/sh", "sh", path, "start", interval, tool->word, NULL);
	_exit(127);
}

/*
 * Return: the CPU time that the tool has seen, in ms; negative: it does not
 * say.
 */
static double seen_by(const struct tool *tool, const char *interval)
{
	double ms = -1;
	char command[96];
	FILE *f;

	snprintf(command, sizeof(command), "sh /tools/%s.sh seen %s 2>>/tmp/errors",
		 tool->script, interval);
	/* NOLINTNEXTLINE(cert-env33-c): nothing of it comes from outside */
	f = popen(command, "r");
	must(f);
	if (fscanf(f, "%lf", &ms) != 1)
		ms = -1;
	pclose(f);
	return ms;
}

static double truth_ms(void)
{
	FILE *f = fopen(TRUTH, "r");
	double us;

	must(f && fscanf(f, "%lf", &us) == 1);
	fclose(f);
	return us / 1000;
}

static void give_up(const struct tool *tool, const char *why)
{
	char line[160], last[160] = "";
	FILE *f = fopen("/tmp/errors", "r");

	while (f && fgets(line, sizeof(line), f))
		snprintf(last, sizeof(last), "%s", line);
	if (f)
		fclose(f);
	last[strcspn(last, "\n")] = '\0';
	printf("# %s left out: %s (%s)\n", tool->name, why, last);
}

static void print(const struct tool *tool, const char *interval,
		  double us_per_s, double seen)
{
	double truth = truth_ms();
	double missed = 100 * (1 - seen / truth);

	/* Some tools know a few microseconds more: print no "-0.00". */
	if (missed < 0.005 && missed > -0.005)
		missed = 0;
	printf("tools,%s,CPU s/h at %s s,%.3f,s/h\n", tool->name, interval,
	       us_per_s * 3600 / 1000000);
	printf("tools,%s,missed at %s s,%.2f,%%\n", tool->name, interval,
	       missed);
	printf("# %s at %s s: %.1f ms of %.1f ms seen\n", tool->name, interval,
	       seen, truth);
}

/* Return: the cost of the tool in so many seconds, in microseconds. */
static double watch(int window)
{
	double before = cost_us();

	spit(GO, "g");
	nap(window);
	return cost_us() - before;
}

/*
 * The order matters, because a tool that looks at intervals ends before the
 * load.
 */
static void end(const struct tool *tool)
{
	if (!tool->starts_load)
		group_end("tool", SIGINT, LAST);
	spit(GO, "e");
	group_end("load", 0, LAST);
	group_end("tool", 0, LAST);
	group_end("aside", SIGKILL, LAST);
}

/*
 * Opens the FIFO that tells the load to begin and to end, on our side as well.
 */
static int set_up(const struct tool *tool, int seconds)
{
	char number[16] = "";
	int go = open(GO, O_RDWR | O_CLOEXEC);

	must(go >= 0);
	unlink(SEEN);
	unlink(TRUTH);
	snprintf(number, sizeof(number), "%d", seconds);
	setenv("LOAD_SECONDS", number, 1);
	number[0] = '\0';
	if (!tool->starts_load) {
		snprintf(number, sizeof(number), "%d", start_load());
		group_move("load", number);
	}
	setenv("LOAD", number, 1);
	return go;
}

static int longer(int a, int b)
{
	return a > b ? a : b;
}

static void measure(const struct tool *tool, const char *interval)
{
	int window = longer(LOOKS * atoi(interval), WINDOW);
	/* Two looks come after the load. */
	int go = set_up(tool, window - 2 * atoi(interval) - 2);
	double cost, seen;
	bool runs;

	start_tool(tool, interval);
	nap(SETTLE);
	runs = group_count("tool") > 0;
	cost = watch(window);
	runs = runs && group_count("tool") > 0;
	end(tool);
	close(go);
	seen = seen_by(tool, interval);
	if (!runs)
		give_up(tool, "it ended early");
	else if (seen <= 0)
		give_up(tool, "it has seen nothing");
	else
		print(tool, interval, cost / window, seen);
	fflush(stdout);
}

/* Whether the name is in a list, with commas, or there is no list. */
static bool is_wanted(const char *name, const char *list)
{
	char names[128], item[32];

	if (!list)
		return true;
	snprintf(names, sizeof(names), ",%s,", list);
	snprintf(item, sizeof(item), ",%s,", name);
	return strstr(names, item);
}

int main(int argc, char **argv)
{
	const size_t count = sizeof(tools) / sizeof(*tools);

	must(argc == 3 || argc == 4);
	must(!mkfifo(GO, 0600));
	groups_init();
	start_idle(atoi(argv[1]));
	for (char *i = strtok(argv[2], ","); i; i = strtok(NULL, ",")) {
		for (size_t t = 0; t < count; t++) {
			if (is_wanted(tools[t].script, argv[3]))
				measure(&tools[t], i);
		}
	}
	return 0;
}
