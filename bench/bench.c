// SPDX-License-Identifier: MIT
/*
 * Runs in a guest under -icount with one CPU and prints what samples of many
 * processes cost, in instructions of the whole machine:
 *
 *	bench N[,N]...		prints lines "STATE,N,WHAT,INSTRUCTIONS"
 *	bench profile		forks for the profile, prints its phases
 *
 * INSTRUCTIONS are for all N processes together (of "register one", for one).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define REPEATS 5
#define PATH_LEN 24		/* "/proc/4194304/stat" */

/* What is measured, with one set of processes. */
static int count;
static pid_t *pids;
static int status;		/* kept open */
static char *text;
static size_t text_size;
static char (*paths)[PATH_LEN];
static int *fds;
static clockid_t *clocks;
static uint64_t stamp_cost;

void fail(const char *file, int line, const char *what)
{
	fflush(stdout);
	printf("# %s:%d: failed: %s (%s)\n", file, line, what, strerror(errno));
	exit(1);
}

void spit(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t len = strlen(line);

	must(fd >= 0 && (!len || write(fd, line, len) == len));
	close(fd);
}

void module_load(const char *parameters)
{
	int fd = open("/usertime.ko", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && !syscall(SYS_finit_module, fd, parameters, 0));
	close(fd);
}

void module_unload(void)
{
	must(!syscall(SYS_delete_module, "usertime", O_NONBLOCK));
}

static uint64_t timed(void (*fn)(void))
{
	uint64_t begin = tsc();

	fn();
	return tsc() - begin - stamp_cost;
}

/* --- what is measured --- */

static void nothing(void)
{
}

static void million(void)
{
	asm volatile("mov $500000, %%ecx; 1: dec %%ecx; jnz 1b" : : : "ecx", "cc");
}

static void read_text(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = pread(fd, text + len, text_size - len, len)) > 0)
		len += n;
	must(!n && len && len < text_size);
}

static void status_kept(void)
{
	read_text(status);
}

static void status_opened(void)
{
	int fd = open(STATUS, O_RDONLY);

	read_text(fd);
	close(fd);
}

static void stat_opened(void)
{
	char line[1024];
	int fd;

	for (int i = 0; i < count; i++) {
		fd = open(paths[i], O_RDONLY);
		must(read(fd, line, sizeof(line)) > 0);
		close(fd);
	}
}

static void stat_kept(void)
{
	char line[1024];

	for (int i = 0; i < count; i++)
		must(pread(fds[i], line, sizeof(line), 0) > 0);
}

static void clock_of_process(void)
{
	struct timespec ts;

	for (int i = 0; i < count; i++)
		must(!clock_gettime(clocks[i], &ts));
}

static void system_call(void)
{
	for (int i = 0; i < count; i++)
		getppid();
}

/* --- in which order --- */

enum what {
	REFRESH, STATUS_FIRST, STATUS_AGAIN, STATUS_OPENED, STAT_OPENED,
	STAT_KEPT, CLOCK, SYSTEM_CALL, WHATS
};

static const char *const names[WHATS] = {
	[REFRESH] = "refresh",
	[STATUS_FIRST] = "status first read",
	[STATUS_AGAIN] = "status read again",
	[STATUS_OPENED] = "status open-read-close",
	[STAT_OPENED] = "/proc/PID/stat open-read-close",
	[STAT_KEPT] = "/proc/PID/stat kept open",
	[CLOCK] = "clock_gettime",
	[SYSTEM_CALL] = "getppid",
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t median(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void print(const char *state, const char *what, uint64_t instructions)
{
	printf("%s,%d,%s,%llu\n", state, count, what,
	       (unsigned long long)instructions);
}

static int open_status(void)
{
	int fd = open(STATUS, O_RDWR | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

/*
 * Whoever is first to look after a process has run brings its times up to date
 * for the others, too: each that does so gets a round of its own.
 */
static void sample(uint64_t *seen[WHATS], int nr, bool run)
{
	if (run)
		children_run();
	seen[REFRESH][nr] = refresh_measure(status);
	seen[STATUS_FIRST][nr] = timed(status_kept);
	seen[STATUS_AGAIN][nr] = timed(status_kept);
	seen[CLOCK][nr] = timed(clock_of_process);
	seen[SYSTEM_CALL][nr] = timed(system_call);

	/* With no other file open there is no text to share. */
	close(status);
	seen[STATUS_OPENED][nr] = timed(status_opened);
	status = open_status();

	if (run)
		children_run();
	seen[STAT_OPENED][nr] = timed(stat_opened);
	if (run)
		children_run();
	seen[STAT_KEPT][nr] = timed(stat_kept);
}

static void measure(const char *state, bool run)
{
	uint64_t values[WHATS][REPEATS + 1], *seen[WHATS];

	for (int i = 0; i < WHATS; i++)
		seen[i] = values[i];
	/* The first one fills caches and is not counted. */
	for (int nr = 0; nr <= REPEATS; nr++)
		sample(seen, nr, run);
	for (int i = 0; i < WHATS; i++)
		print(state, names[i], median(values[i] + 1, REPEATS));
}

/* In the end: who is registered twice costs others more. */
static void measure_mapped(void)
{
	uint64_t reads[REPEATS + 1], refreshes[REPEATS + 1];

	mapped_open(pids, count);
	for (int nr = 0; nr <= REPEATS; nr++) {
		refreshes[nr] = mapped_refresh();
		reads[nr] = timed(mapped_read);
	}
	print("idle", "mapped read", median(reads + 1, REPEATS));
	print("idle", "refresh mapped", median(refreshes + 1, REPEATS));
	mapped_close();
}

/* A write() each; the median of the last ones is with nearly all registered. */
static void register_all(void)
{
	uint64_t *costs = calloc(count, sizeof(*costs)), begin, all = 0;
	int last = count < 100 ? count : count / 10;
	char word[16];
	int len;

	must(costs);
	for (int i = 0; i < count; i++) {
		len = snprintf(word, sizeof(word), "%d\n", pids[i]);
		begin = tsc();
		must(write(status, word, len) == len);
		costs[i] = tsc() - begin - stamp_cost;
		all += costs[i];
	}
	print("idle", "register", all);
	print("idle", "register one", median(costs + count - last, last));
	free(costs);
}

/* So that the dearest path is measured: be_seen_by_tick() has worked. */
static void check_split(void)
{
	unsigned long long utime, stime;
	FILE *f = fopen("/proc/urt/stat", "r");
	int both = 0, rows = 0;
	char line[256];

	must(f && fgets(line, sizeof(line), f) && fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		rows++;
		must(sscanf(line, "%*d %*d %*u %*c %*u %llu %llu", &utime,
			    &stime) == 2);
		both += utime && stime;
	}
	fclose(f);
	must(rows == count);
	printf("# %d processes, %d with user and system time\n", count, both);
	must(both >= count - count / 20);
}

static void set_up(void)
{
	pids = children_start(count);
	text_size = count * 32 + 4096;
	text = malloc(text_size);
	paths = calloc(count, sizeof(*paths));
	fds = calloc(count, sizeof(*fds));
	clocks = calloc(count, sizeof(*clocks));
	must(text && paths && fds && clocks);
	memset(text, 0, text_size);
	for (int i = 0; i < count; i++) {
		snprintf(paths[i], PATH_LEN, "/proc/%d/stat", pids[i]);
		fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
		must(fds[i] >= 0 && !clock_getcpuclockid(pids[i], &clocks[i]));
	}
	/* Maps have room for no more than max_per_user. */
	module_load("interval_ms=3600000 max_per_user=20000");
	status = open_status();
}

static void tear_down(void)
{
	close(status);
	module_unload();
	for (int i = 0; i < count; i++)
		close(fds[i]);
	children_end();
	free(text);
	free(paths);
	free(fds);
	free(clocks);
}

static void bench(int n)
{
	count = n;
	set_up();
	register_all();
	check_split();
	measure("idle", false);
	measure("running", true);
	measure_mapped();
	tear_down();
	fflush(stdout);
}

/* Nothing below means anything unless the counter counts instructions. */
static void calibrate(void)
{
	uint64_t costs[REPEATS], loops[REPEATS], seen;

	for (int i = 0; i < REPEATS; i++)
		costs[i] = timed(nothing);
	stamp_cost = median(costs, REPEATS);
	for (int i = 0; i < REPEATS; i++)
		loops[i] = timed(million);
	seen = median(loops, REPEATS);
	printf("# a loop of 1000001 instructions counts as %llu, a stamp as %llu\n",
	       (unsigned long long)seen, (unsigned long long)stamp_cost);
	must(seen > 999000 && seen < 1020000);
}

int main(int argc, char **argv)
{
	struct sched_param param = { };
	struct rlimit limit = { PROCESSES_MAX + 64, PROCESSES_MAX + 64 };

	must(argc == 2);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	calibrate();
	/* Processes of this kind do not preempt whoever wakes them. */
	must(!sched_setscheduler(0, SCHED_BATCH, &param));
	must(!setrlimit(RLIMIT_NOFILE, &limit));
	if (!strcmp(argv[1], "profile")) {
		forks_profile();
		return 0;
	}
	refresh_init();
	for (char *n = strtok(argv[1], ","); n; n = strtok(NULL, ","))
		bench(atoi(n));
	forks_measure();
	return 0;
}
