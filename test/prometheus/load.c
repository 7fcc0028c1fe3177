// SPDX-License-Identifier: MIT
/*
 * Processes for the exporter, in a guest, and their CPU time from wait4().
 *
 *	load run NAME COUNT BURN_MS LIVE_MS
 *		COUNT processes of that name one after the other, each of which
 *		uses so much CPU time and lives so long. Prints
 *		"truth NAME SECONDS COUNT", and "total SECONDS COUNT" of all,
 *		those included that made them.
 *	load idle COUNT NAMES
 *		COUNT processes that sleep, with so many different names. Prints
 *		"ready", and sleeps, too.
 *
 * All of them are in the system registry, as a tree.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ULL

static void must(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static void register_tree(void)
{
	FILE *status = fopen("/proc/urt/status", "w");

	must(status && fprintf(status, "tree %d\n", getpid()) > 0 &&
	     !fclose(status), "/proc/urt/status");
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

static double seconds(const struct rusage *used)
{
	return used->ru_utime.tv_sec + used->ru_stime.tv_sec +
	       (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

static void live(const char *name, uint64_t burn_ns, uint64_t live_ns)
{
	uint64_t end = now(CLOCK_MONOTONIC) + live_ns;
	struct timespec ts = { end / (1000 * MS), end % (1000 * MS) };

	prctl(PR_SET_NAME, name);
	burn(burn_ns);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	_exit(0);
}

/*
 * One process makes them, and we wait for that process, whose sum is that of
 * all.
 */
static void run(char **argv)
{
	int count = atoi(argv[1]);
	struct rusage used;
	double sum = 0;

	register_tree();
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (!pid)
			live(argv[0], atoi(argv[2]) * MS, atoi(argv[3]) * MS);
		must(wait4(pid, NULL, 0, &used) == pid, "wait4");
		sum += seconds(&used);
	}
	printf("truth %s %.6f %d\n", argv[0], sum, count);
	fflush(stdout);
	_exit(0);
}

static void run_and_wait(char **argv)
{
	struct rusage used;
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (!pid)
		run(argv);
	must(wait4(pid, &status, 0, &used) == pid && !status, "wait4");
	printf("total %.6f %d\n", seconds(&used), atoi(argv[1]) + 1);
}

static void idle(int count, int names)
{
	char name[16];

	register_tree();
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid)
			continue;
		snprintf(name, sizeof(name), "idle-%d", i % names);
		prctl(PR_SET_NAME, name);
		for (;;)
			pause();
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "run"))
		run_and_wait(argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "idle"))
		idle(atoi(argv[2]), atoi(argv[3]));
	else
		return 2;
	return 0;
}
