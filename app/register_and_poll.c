// SPDX-License-Identifier: MIT
/*
 * register_and_poll shows how a program uses the usertime module. It
 *
 *	registers itself: writes its PID to /proc/urt/status;
 *	sleeps in poll(2), and reads that file each time the module has refreshed
 *	it, while its threads burn user CPU time (burn.c);
 *	compares the last value with the value of getrusage(2), see judge();
 *	unregisters itself: writes -PID.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"

#define TICKS_US	20000	/* two ticks, of 10 ms each */

static struct options options;
static int status_fd, stat_fd;
static sigset_t old_mask;
static char *text;		/* the whole of status, as of the last read */
static size_t text_size;

/* Our CPU time as the module and as getrusage() report it. */
static struct sample {
	uint64_t generation, time_ns, interval_ms;	/* the head of stat */
	uint64_t file_ms;	/* our line of status */
	uint64_t usage_us;	/* getrusage() */
	uint64_t own_ns;	/* of this thread alone */
} sample;

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		error(NO_START, 0, "%s: %s", path, advise(errno));
	return fd;
}

/* Writes "PID" or "-PID" with one system call. Return: success. */
static bool write_word(const char *sign)
{
	char word[16];
	int length = snprintf(word, sizeof(word), "%s%d\n", sign, getpid());

	return write(status_fd, word, (size_t)length) == length;
}

static void unregister(void)
{
	if (!write_word("-"))
		error(0, errno, "cannot unregister PID %d", getpid());
}

/*
 * Reads the file to its end. The read at offset 0 takes a snapshot, and later
 * reads continue it. All lines are therefore of one moment, also if it takes
 * many reads.
 */
static void read_status(void)
{
	FILE *file = fdopen(dup(status_fd), "r");

	errno = 0;
	if (!file || lseek(status_fd, 0, SEEK_SET) ||
	    getdelim(&text, &text_size, '\0', file) < 0)
		error(DISAGREE, errno, "%s: cannot be read, or is empty",
		      options.status);
	fclose(file);
}

/*
 * Takes the last of our lines, because our PID may have been another process's
 * until just now.
 */
static uint64_t own_line(void)
{
	const char *at, *own = NULL;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d: ", getpid());
	for (at = text; (at = strstr(at, pid)); at++)
		if (at == text || at[-1] == '\n')
			own = at + strlen(pid);
	if (!own)
		error(DISAGREE, 0, "%s: no line '%sMS'; has somebody unregistered this process?",
		      options.status, pid);
	return strtoull(own, NULL, 10);
}

static uint64_t usage_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_utime.tv_sec * 1000000 +
	       (uint64_t)usage.ru_utime.tv_usec;
}

/* In this order, each source is at least as new as the one before it. */
static void take_sample(void)
{
	char head[512] = "";

	if (pread(stat_fd, head, sizeof(head) - 1, 0) < 0 ||
	    /* The module wrote the numbers. NOLINTNEXTLINE(cert-err34-c) */
	    sscanf(head, "# generation=%" SCNu64 " time_ns=%" SCNu64
		   " interval_ms=%" SCNu64, &sample.generation,
		   &sample.time_ns, &sample.interval_ms) != 3)
		error(DISAGREE, 0, "cannot read %s", options.stat);
	read_status();
	sample.usage_us = usage_us();
	sample.own_ns = now(CLOCK_THREAD_CPUTIME_ID);
	sample.file_ms = own_line();
}

static void show_sample(void)
{
	const char *line;

	if (options.quiet)
		return;
	printf("[%9.3f] %d: %" PRIu64 " (generation %" PRIu64 "; getrusage %.3f)\n",
	       seconds_since_start(), getpid(), sample.file_ms,
	       sample.generation, sample.usage_us / 1e3);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("            | %s\n", line);
	fflush(stdout);
}

/*
 * Sleeps until there is a generation newer than the last one that we read, and
 * reads it. Return: false if the time is up or a signal was caught.
 */
static bool next_sample(uint64_t deadline)
{
	struct pollfd p = { .fd = status_fd, .events = POLLIN };
	uint64_t time = now(CLOCK_MONOTONIC);
	uint64_t left = deadline > time ? deadline - time : 0;
	struct timespec ts = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };

	if (signal_came(&old_mask) || !ppoll(&p, 1, &ts, &old_mask) || caught)
		return false;
	if (!(p.revents & POLLIN))
		error(DISAGREE, 0, "%s: poll reports an error", options.status);
	take_sample();
	show_sample();
	return true;
}

/*
 * F, the file's value, and R, which getrusage() returns later, must satisfy
 *
 *	-ticks <= R - F <= 1 ms + own + ticks
 *
 * The file cuts fractions of a millisecond. When the module made F, all threads
 * except this one had ended. R therefore exceeds F only by the CPU time that
 * this thread has used since. The total is exact, but the tick divides it into
 * user and kernel mode. The two sources divide it at different moments, and
 * neither part ever shrinks.
 */
static int judge(uint64_t own_us)
{
	uint64_t allowed = 1000 + own_us + TICKS_US;
	uint64_t file_us = sample.file_ms * 1000;
	bool agree = sample.usage_us + TICKS_US >= file_us &&
		     sample.usage_us <= file_us + allowed;

	printf("%s: file says %" PRIu64 " ms, getrusage %.3f ms, allowed difference -%.0f to %.3f ms\n",
	       agree ? "PASS" : "FAIL", sample.file_ms,
	       sample.usage_us / 1e3, TICKS_US / 1e3, allowed / 1e3);
	if (!options.quiet)
		printf("      (1 ms: the file cuts fractions; %.3f ms: CPU time used here since before the refresh; %.0f ms: two ticks)\n",
		       own_us / 1e3, TICKS_US / 1e3);
	return agree ? AGREE : DISAGREE;
}

static void report_signal(void)
{
	printf("%s after %.3f s: file said %" PRIu64 " ms in generation %" PRIu64 ", getrusage says %.3f ms now; not compared\n",
	       caught == SIGINT ? "SIGINT" : "SIGTERM", seconds_since_start(),
	       sample.file_ms, sample.generation, usage_us() / 1e3);
}

/*
 * Waits for a refresh that began after the end. Limit: 5 s, for a busy machine.
 */
static int confirm(struct burn *burn)
{
	uint64_t limit = 5 * NSEC_PER_SEC + sample.interval_ms * 2000000;
	uint64_t own_ns = now(CLOCK_THREAD_CPUTIME_ID), finished, deadline;

	burn_finish(burn);
	finished = now(CLOCK_BOOTTIME);
	deadline = now(CLOCK_MONOTONIC) + limit;
	if (!options.quiet)
		printf("[%9.3f] burning is over; waiting for one more refresh, %.1f s at most\n",
		       seconds_since_start(), (double)limit / NSEC_PER_SEC);
	fflush(stdout);
	while (sample.time_ns < finished && next_sample(deadline))
		;
	if (sample.time_ns >= finished)
		return judge((sample.own_ns - own_ns) / 1000 + 1);
	if (!caught)
		printf("FAIL: no refresh within %.1f s, although the interval is %" PRIu64 " ms; file says %" PRIu64 " ms\n",
		       (double)limit / NSEC_PER_SEC, sample.interval_ms,
		       sample.file_ms);
	return DISAGREE;
}

/* Follows the file while the other threads burn. */
static int follow(struct burn *burn)
{
	take_sample();
	if (!options.quiet)
		printf("PID %d is registered in %s, which is refreshed every %" PRIu64 " ms\n"
		       "burning for %g s: threads %u, duty %u %%\n",
		       getpid(), options.status, sample.interval_ms,
		       burn->seconds, burn->threads, burn->duty);
	show_sample();
	if (!burn_start(burn))
		return NO_START;
	while (now(CLOCK_MONOTONIC) < burn->end_ns && next_sample(burn->end_ns))
		;
	if (!caught)
		return confirm(burn);
	burn_stop(burn);
	return DISAGREE;
}

int main(int argc, char **argv)
{
	int status;

	parse_options(argc, argv, &options);
	status_fd = open_file(options.status, O_RDWR);
	stat_fd = open_file(options.stat, O_RDONLY);
	catch_signals(&old_mask);
	if (!write_word(""))
		error(NO_START, 0, "%s: cannot register PID %d: %s",
		      options.status, getpid(), advise(errno));
	atexit(unregister);
	status = follow(&options.burn);
	if (caught)
		report_signal();
	return finish_output(status);
}
