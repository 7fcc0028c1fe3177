// SPDX-License-Identifier: MIT
/*
 * The load that the tools look at, some 40 % of a CPU: two processes that run
 * all the time, one of 7 s every 5 s, and one of 0.2 s every 0.2 s. All run in
 * bursts.
 *
 *	load GO TRUTH SECONDS	GO, a FIFO: the first byte begins, the next ends
 *				it. In the end the file TRUTH has the CPU time
 *				in microseconds, as getrusage() knows it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000
#define SHORT_MS 200
#define MIDDLE_MS 7000
#define MIDDLE_EACH_MS 5000
#define NOPS 480		/* cheap for QEMU, but counted */

struct bursts {
	const char *name;
	int run_ms;		/* in each period */
	int each_ms;		/* from one start to the next */
	int number;
};

static const struct bursts shorts = { "load-short", 5, 50, 4 };
static const struct bursts middle = { "load-middle", 10, 100, 70 };
static struct bursts always = { "load-long", 10, 100, 0 };

static void must(int ok)
{
	if (!ok) {
		perror("load");
		exit(1);
	}
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	must(!clock_gettime(clock, &ts));
	return ts.tv_sec * 1000ull * MS + ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { ns / (1000ull * MS), ns % (1000ull * MS) };

	must(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
}

static void burn(uint64_t ns)
{
	uint64_t end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now(CLOCK_PROCESS_CPUTIME_ID) < end) {
		for (int i = 0; i < 20; i++)
			asm volatile(".rept %c0; nop; .endr" : : "i" (NOPS));
	}
}

static void run(const struct bursts *b)
{
	uint64_t begin = now(CLOCK_MONOTONIC);

	prctl(PR_SET_NAME, b->name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < b->number; i++) {
		burn((uint64_t)b->run_ms * MS);
		sleep_until(begin + (uint64_t)(i + 1) * b->each_ms * MS);
	}
}

static pid_t start(const struct bursts *b)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		run(b);
		if (b == &always)	/* it is there for the last look */
			pause();
		_exit(0);
	}
	return pid;
}

static void make_load(pid_t longs[2], int duration_ms)
{
	uint64_t begin = now(CLOCK_MONOTONIC);

	always.number = duration_ms / always.each_ms;
	for (int i = 0; i < 2; i++)
		longs[i] = start(&always);
	for (int ms = 0; ms < duration_ms; ms += SHORT_MS) {
		if (ms % MIDDLE_EACH_MS == 0 && ms + MIDDLE_MS < duration_ms)
			start(&middle);
		start(&shorts);
		sleep_until(begin + (uint64_t)(ms + SHORT_MS) * MS);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static uint64_t used_us(int who)
{
	struct rusage r;

	must(!getrusage(who, &r));
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000ull +
	       r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	pid_t longs[2];
	FILE *truth;
	char byte;
	int go;

	must(argc == 4);
	go = open(argv[1], O_RDONLY);
	must(go >= 0 && read(go, &byte, 1) == 1);
	make_load(longs, atoi(argv[3]) * 1000);
	must(read(go, &byte, 1) == 1);
	for (int i = 0; i < 2; i++)
		kill(longs[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	truth = fopen(argv[2], "w");
	must(truth && fprintf(truth, "%lu\n", used_us(RUSAGE_SELF) +
			      used_us(RUSAGE_CHILDREN)) > 0);
	must(!fclose(truth));
	return 0;
}
