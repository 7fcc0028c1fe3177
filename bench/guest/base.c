// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REPEATS 5
#define REST 20000000L		/* ns; ticks of 1, 4 and 10 ms fit in */

uint64_t stamp_cost;

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

void rest(void)
{
	struct timespec until;

	must(!clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_nsec = until.tv_nsec / REST * REST + 2 * REST + REST / 2;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	must(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
}

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

uint64_t now_ns(void)
{
	struct timespec ts;

	must(!clock_gettime(CLOCK_MONOTONIC, &ts));
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

void sleep_until(uint64_t ns)
{
	struct timespec ts = { ns / SECOND, ns % SECOND };
	int err;

	do {
		err = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
				      NULL);
	} while (err == EINTR);
	must(!err);
}

static void million(void)
{
	asm volatile("mov $500000, %%ecx; 1: dec %%ecx; jnz 1b" : : : "ecx", "cc");
}

void calibrate(void)
{
	uint64_t costs[REPEATS], loops[REPEATS], begin, seen;

	for (int i = 0; i < REPEATS; i++) {
		begin = tsc();
		costs[i] = tsc() - begin;
	}
	stamp_cost = median(costs, REPEATS);
	for (int i = 0; i < REPEATS; i++) {
		begin = tsc();
		million();
		loops[i] = since(begin);
	}
	seen = median(loops, REPEATS);
	printf("# a loop of 1000001 instructions counts as %llu, a stamp as %llu\n",
	       (unsigned long long)seen, (unsigned long long)stamp_cost);
	must(seen > 999000 && seen < 1020000);
}
