// SPDX-License-Identifier: MIT
/*
 * register_and_poll: watch one's own CPU time in /proc/urt/status.
 *
 * Shows how a program uses the usertime module. It registers itself by writing
 * its PID to the file, burns user CPU time in threads, sleeps in poll(2) until
 * the module has refreshed the file, and reads it again each time. When the
 * burning is over it waits for one more refresh and compares what the file says
 * about it with what getrusage(2) says.
 *
 * Usage: register_and_poll [--seconds S] [--threads N] [--duty PERCENT]
 *                          [--quiet] [--status FILE]
 *
 * Exit status: 0 the two agree; 1 they do not, or the file could not be
 * followed to the end; 2 usage; 3 could not start, as when the module is not
 * loaded. After SIGINT or SIGTERM it reports, unregisters itself, and then dies
 * of the signal (128 + its number, in a shell).
 *
 * How far the two may be apart: see judge().
 */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long long u64;

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_USEC	1000ULL
#define USEC_PER_SEC	1000000ULL
#define USEC_PER_MSEC	1000ULL

#define STATUS_PATH	"/proc/urt/status"
#define SECONDS_MIN	0.001
#define SECONDS_MAX	86400.0
#define THREADS_MAX	1024
#define STACK_BYTES	(256UL * 1024)	/* 1,024 of them fit in 32 bits */

enum {
	STATUS_AGREE	= 0,
	STATUS_DISAGREE	= 1,
	STATUS_USAGE	= 2,
	STATUS_NO_START	= 3,
};

/* How waiting for a refresh ends. */
enum event {
	REFRESHED,
	TIME_IS_UP,
	SIGNALLED,
	BROKEN,		/* and standard error says why */
};

struct options {
	double seconds;
	unsigned int threads;
	unsigned int duty;
	bool quiet;
	const char *path;
};

/* The whole file; NUL-terminated. */
struct text {
	char *data;
	size_t len;
	size_t size;
};

/* What the first line of stat says. */
struct generation {
	u64 number;
	u64 time_ns;	/* CLOCK_BOOTTIME, when the refresh began */
	u64 interval_ms;
};

/* Our CPU time, from both sides. */
struct sample {
	struct generation generation;
	u64 file_ms;
	u64 usage_us;
	u64 main_ns;	/* CPU time of the main thread alone */
};

/* The threads that burn. */
struct crew {
	pthread_t threads[THREADS_MAX];
	unsigned int count;
	unsigned int duty;
	u64 start;		/* CLOCK_MONOTONIC */
	u64 end;
	atomic_bool stop;
};

struct run {
	struct options opt;
	pid_t pid;
	int status_fd;
	int stat_fd;
	int signal_fd;
	int signal;		/* that has ended it, or 0 */
	u64 start;		/* CLOCK_MONOTONIC */
	struct text text;
	struct sample last;
};

/* --- small things --- */

static u64 now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

static struct timespec to_timespec(u64 ns)
{
	return (struct timespec) {
		.tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_nsec = (long)(ns % NSEC_PER_SEC),
	};
}

static void sleep_until(u64 monotonic)
{
	struct timespec ts = to_timespec(monotonic);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

static u64 user_time_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (u64)usage.ru_utime.tv_sec * USEC_PER_SEC +
	       (u64)usage.ru_utime.tv_usec;
}

static double us_to_ms(u64 us)
{
	return (double)us / (double)USEC_PER_MSEC;
}

static double ns_to_s(u64 ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

/* Why standard output could not be written, at first. */
static int output_err;

static void flush_output(void)
{
	if ((fflush(stdout) || ferror(stdout)) && !output_err)
		output_err = errno;
}

__attribute__((format(printf, 1, 2)))
static void complain(const char *format, ...)
{
	va_list args;

	flush_output();
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* --- options --- */

static const struct argp_option option_table[] = {
	{ "seconds", 's', "S", 0,
	  "Burn for S seconds, 0.001 to 86400 (default 12)", 0 },
	{ "threads", 't', "N", 0,
	  "Burn in N threads, 1 to 1024 (default 1)", 0 },
	{ "duty", 'd', "PERCENT", 0,
	  "Share of the time that each thread burns, 1 to 100 (default 100)", 0 },
	{ "quiet", 'q', NULL, 0,
	  "Print the verdict only", 0 },
	{ "status", 'f', "FILE", 0,
	  "Use FILE, and stat beside it, for " STATUS_PATH, 0 },
	{ 0 }
};

static const char doc[] =
	"Register this process with the usertime module, burn user CPU time,\n"
	"print " STATUS_PATH " whenever it is refreshed, and compare its last\n"
	"value with getrusage(2).\n"
	"\v"
	"Exit status:\n"
	"  0  the file and getrusage agree\n"
	"  1  they do not, no refresh came in time, or following the file failed\n"
	"  2  usage error\n"
	"  3  could not start: module not loaded, registration refused, no threads\n"
	"After SIGINT or SIGTERM it reports, unregisters itself and dies of the signal.\n";

static double parse_seconds(struct argp_state *state, const char *arg)
{
	double value = 0;
	char *end = NULL;

	/* strtod() alone would take blanks, signs, hex, "inf" and "nan". */
	if (arg[strspn(arg, "0123456789.")] == '\0')
		value = strtod(arg, &end);
	if (!end || end == arg || *end ||
	    !(value >= SECONDS_MIN && value <= SECONDS_MAX))
		argp_error(state,
			   "--seconds: '%s' is not a number from %g to %.0f",
			   arg, SECONDS_MIN, SECONDS_MAX);
	return value;
}

static unsigned int parse_count(struct argp_state *state, const char *arg,
				const char *option, unsigned int max)
{
	unsigned long value = 0;

	/* Digits only; too many of them give ULONG_MAX, which is too large. */
	if (arg[strspn(arg, "0123456789")] == '\0')
		value = strtoul(arg, NULL, 10);
	if (value < 1 || value > max)
		argp_error(state,
			   "%s: '%s' is not a whole number from 1 to %u",
			   option, arg, max);
	return (unsigned int)value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;

	switch (key) {
	case 's':
		opt->seconds = parse_seconds(state, arg);
		return 0;
	case 't':
		opt->threads = parse_count(state, arg, "--threads",
					   THREADS_MAX);
		return 0;
	case 'd':
		opt->duty = parse_count(state, arg, "--duty", 100);
		return 0;
	case 'q':
		opt->quiet = true;
		return 0;
	case 'f':
		opt->path = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option; there are no others",
			   arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- burning --- */

/*
 * A period of work and sleep. No multiple of any tick (1, 2, 4 or 10 ms): in
 * step with the tick, its samples of user and kernel mode would always hit the
 * same point of our period, and say nothing about the rest.
 */
#define PERIOD_NS (17300 * NSEC_PER_USEC)

/*
 * User mode and nothing else, for about 0.1 ms: so long that the system calls
 * in between do not count, so short that duty and end are kept.
 */
static void spin(void)
{
	for (volatile unsigned int i = 0; i < 50000; i++)
		;
}

/*
 * Burns until this thread has had its share of the time from the start to
 * @until, or @until has come. Counted from the start: what one period spent too
 * much, or lost to other processes, the next ones make good.
 */
static void burn(struct crew *crew, u64 until)
{
	u64 share = (until - crew->start) / 100 * crew->duty;

	while (!atomic_load(&crew->stop) && now(CLOCK_MONOTONIC) < until &&
	       now(CLOCK_THREAD_CPUTIME_ID) < share)
		spin();
}

static void *work(void *arg)
{
	struct crew *crew = arg;
	u64 until = crew->start;

	while (until < crew->end && !atomic_load(&crew->stop)) {
		until += PERIOD_NS;
		if (until > crew->end)
			until = crew->end;
		burn(crew, until);
		if (!atomic_load(&crew->stop))
			sleep_until(until);
	}
	return NULL;
}

static void crew_join(struct crew *crew)
{
	while (crew->count)
		pthread_join(crew->threads[--crew->count], NULL);
}

static void crew_stop(struct crew *crew)
{
	atomic_store(&crew->stop, true);
	crew_join(crew);
}

static int crew_add(struct crew *crew)
{
	pthread_attr_t attr;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	err = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (!err)
		err = pthread_create(&crew->threads[crew->count], &attr, work,
				     crew);
	pthread_attr_destroy(&attr);
	if (!err)
		crew->count++;
	return err;
}

static bool crew_start(struct crew *crew, const struct options *opt)
{
	int err;

	crew->duty = opt->duty;
	crew->start = now(CLOCK_MONOTONIC);
	crew->end = crew->start +
		    (u64)(opt->seconds * (double)NSEC_PER_SEC);
	while (crew->count < opt->threads) {
		err = crew_add(crew);
		if (err) {
			complain("cannot start thread %u of %u: %s (limits are set by ulimit -u and by the control group's pids.max)",
				 crew->count + 1, opt->threads, strerror(err));
			crew_stop(crew);
			return false;
		}
	}
	return true;
}

/* --- the files --- */

struct advice {
	int err;
	const char *text;
};

static const struct advice open_advice[] = {
	{ ENOENT,
	  "not there; is the usertime module loaded? (sudo insmod usertime/usertime.ko)" },
	{ ENODEV,
	  "the usertime module is being unloaded; load it again (sudo insmod usertime/usertime.ko)" },
	{ EACCES,
	  "you may not open it; the module's parameter status_mode says who may: ask the administrator, or try as root" },
	{ 0 }
};

static const struct advice register_advice[] = {
	{ EDQUOT,
	  "you have registered as many processes as one user may (max_per_user); unregister some (echo -PID > /proc/urt/status)" },
	{ ENOSPC,
	  "the module has as many processes as it takes in all (max_processes); try again when some have ended" },
	{ EPERM,
	  "only your own processes may be registered here (restrict=1, or hidepid), and a set-user-ID program is nobody's; run it without that" },
	{ ESRCH,
	  "it does not know this PID; is it on the procfs of another PID namespace?" },
	{ EINVAL,
	  "it does not take a PID; is it the usertime module's?" },
	{ 0 }
};

static const char *advise(const struct advice *advice, int err)
{
	for (; advice->err; advice++)
		if (advice->err == err)
			return advice->text;
	return strerror(err);
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		complain("%s: %s", path, advise(open_advice, errno));
	return fd;
}

/* Opens the file called stat beside the status file. */
static int open_stat(const char *status)
{
	const char *slash = strrchr(status, '/');
	int dir_len = slash ? (int)(slash + 1 - status) : 0;
	char *path;
	int fd;

	if (asprintf(&path, "%.*sstat", dir_len, status) < 0) {
		complain("out of memory");
		return -1;
	}
	fd = open_file(path, O_RDONLY);
	free(path);
	return fd;
}

/*
 * Writes "PID" or "-PID", in one system call: stdio would report an error at
 * some later time, and might have cut the number in two.
 *
 * Return: 0 or an error number.
 */
static int write_word(const struct run *run, const char *sign)
{
	ssize_t ret;
	char *word;
	int len;

	len = asprintf(&word, "%s%d\n", sign, (int)run->pid);
	if (len < 0)
		return ENOMEM;
	do {
		errno = EIO;
		ret = write(run->status_fd, word, (size_t)len);
	} while (ret < 0 && errno == EINTR);
	free(word);
	return ret == len ? 0 : errno;
}

static bool register_self(const struct run *run)
{
	int err = write_word(run, "");

	if (err)
		complain("%s: cannot register PID %d: %s", run->opt.path,
			 (int)run->pid, advise(register_advice, err));
	return !err;
}

static void unregister_self(const struct run *run)
{
	int err = write_word(run, "-");

	if (err)
		complain("%s: cannot unregister PID %d: %s", run->opt.path,
			 (int)run->pid, strerror(err));
}

static ssize_t read_at(int fd, char *buf, size_t size, size_t pos)
{
	ssize_t ret;

	do {
		ret = pread(fd, buf, size, (off_t)pos);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static bool text_grow(struct text *text)
{
	size_t size = text->size ? text->size * 2 : 4096;
	char *data = realloc(text->data, size);

	if (!data)
		return false;
	text->data = data;
	text->size = size;
	return true;
}

/*
 * Reads the file to its end. The read at offset 0 takes a snapshot, which the
 * others continue: however many there are, all lines are of one moment.
 */
static bool read_text(struct run *run)
{
	struct text *text = &run->text;
	ssize_t n;

	text->len = 0;
	do {
		if (text->len + 1 >= text->size && !text_grow(text)) {
			complain("%s: out of memory at %zu bytes",
				 run->opt.path, text->len);
			return false;
		}
		n = read_at(run->status_fd, text->data + text->len,
			    text->size - 1 - text->len, text->len);
		if (n < 0) {
			complain("%s: cannot read it: %s", run->opt.path,
				 strerror(errno));
			return false;
		}
		text->len += (size_t)n;
	} while (n > 0);
	text->data[text->len] = '\0';
	return true;
}

/* Return: whether the line is "PID: MS", of this PID. */
static bool parse_line(const char *line, pid_t pid, u64 *value)
{
	char *end;

	if (strtol(line, &end, 10) != pid || strncmp(end, ": ", 2) != 0)
		return false;
	line = end + 2;
	errno = 0;
	*value = strtoull(line, &end, 10);
	return end > line && *end == '\n' && !errno;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/*
 * Takes the last of our lines: if our PID was that of a registered process that
 * has just ended, its line stays for a while, before ours.
 */
static bool find_own(const struct run *run, u64 *value)
{
	const char *line;
	bool found = false;

	for (line = run->text.data; *line; line = next_line(line))
		if (parse_line(line, run->pid, value))
			found = true;
	if (!found)
		complain("%s: no line '%d: MS'; has somebody unregistered this process?",
			 run->opt.path, (int)run->pid);
	return found;
}

static bool find_field(const char *header, const char *name, u64 *value)
{
	const char *digits = strstr(header, name);
	char *end;

	if (!digits)
		return false;
	digits += strlen(name);
	errno = 0;
	*value = strtoull(digits, &end, 10);
	return end > digits && !errno;
}

/* By name: lines may get more fields. */
static bool parse_header(char *header, struct generation *gen)
{
	header[strcspn(header, "\n")] = '\0';
	return find_field(header, " generation=", &gen->number) &&
	       find_field(header, " time_ns=", &gen->time_ns) &&
	       find_field(header, " interval_ms=", &gen->interval_ms);
}

static bool read_generation(const struct run *run, struct generation *gen)
{
	char header[512];
	ssize_t n = read_at(run->stat_fd, header, sizeof(header) - 1, 0);

	if (n < 0) {
		complain("stat beside %s: cannot read it: %s",
			 run->opt.path, strerror(errno));
		return false;
	}
	header[n] = '\0';
	if (!parse_header(header, gen)) {
		complain("stat beside %s: generation, time_ns or interval_ms is missing in line 1",
			 run->opt.path);
		return false;
	}
	return true;
}

/*
 * In this order each source is at least as new as the one before: what status
 * says is of the generation that stat names, or of a later one, and getrusage
 * is never behind status.
 */
static bool take_sample(struct run *run)
{
	struct sample *s = &run->last;

	if (!read_generation(run, &s->generation) || !read_text(run))
		return false;
	s->usage_us = user_time_us();
	s->main_ns = now(CLOCK_THREAD_CPUTIME_ID);
	return find_own(run, &s->file_ms);
}

/* --- what is printed --- */

static double seconds_since_start(const struct run *run)
{
	return ns_to_s(now(CLOCK_MONOTONIC) - run->start);
}

static void show_start(const struct run *run)
{
	const struct options *opt = &run->opt;

	if (opt->quiet)
		return;
	printf("PID %d is registered in %s, which is refreshed every %llu ms\n",
	       (int)run->pid, opt->path, run->last.generation.interval_ms);
	printf("burning for %g s: threads %u, duty %u %%\n",
	       opt->seconds, opt->threads, opt->duty);
}

static void show_sample(const struct run *run)
{
	const struct sample *s = &run->last;
	const char *line;

	if (run->opt.quiet)
		return;
	printf("[%9.3f] %d: %llu (generation %llu; getrusage %.3f)\n",
	       seconds_since_start(run), (int)run->pid, s->file_ms,
	       s->generation.number, us_to_ms(s->usage_us));
	for (line = run->text.data; *line; line = next_line(line))
		printf("            | %.*s\n", (int)strcspn(line, "\n"), line);
	flush_output();
}

static void show_waiting(const struct run *run, u64 limit)
{
	if (run->opt.quiet)
		return;
	printf("[%9.3f] burning is over; waiting for one more refresh, %.1f s at most\n",
	       seconds_since_start(run), ns_to_s(limit));
	flush_output();
}

/* --- waiting --- */

/* poll()'s timeout; rounded up, or its last millisecond would be a busy one. */
static int ms_until(u64 deadline)
{
	u64 time = now(CLOCK_MONOTONIC);
	u64 left;

	if (time >= deadline)
		return 0;
	left = (deadline - time + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static enum event take_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signal_fd, &info, sizeof(info)) != sizeof(info)) {
		complain("signalfd: %s", strerror(errno));
		return BROKEN;
	}
	run->signal = (int)info.ssi_signo;
	return SIGNALLED;
}

/* Sleeps until there is a generation newer than the one we read last. */
static enum event wait_refresh(struct run *run, u64 deadline)
{
	struct pollfd fds[] = {
		{ .fd = run->status_fd, .events = POLLIN },
		{ .fd = run->signal_fd, .events = POLLIN },
	};
	int n;

	do {
		n = poll(fds, 2, ms_until(deadline));
		if (n < 0 && errno != EINTR) {
			complain("poll: %s", strerror(errno));
			return BROKEN;
		}
	} while (n < 0 || (!n && now(CLOCK_MONOTONIC) < deadline));

	if (n == 0)
		return TIME_IS_UP;
	if (fds[1].revents)
		return take_signal(run);
	if (fds[0].revents & POLLIN)
		return REFRESHED;
	complain("%s: poll reports an error", run->opt.path);
	return BROKEN;
}

static enum event next_sample(struct run *run, u64 deadline)
{
	u64 before = run->last.generation.number;
	enum event event = wait_refresh(run, deadline);

	if (event != REFRESHED)
		return event;
	if (!take_sample(run))
		return BROKEN;
	if (run->last.generation.number <= before) {
		complain("%s: poll reports a refresh, but stat is still at generation %llu",
			 run->opt.path, before);
		return BROKEN;
	}
	show_sample(run);
	return REFRESHED;
}

/*
 * Follows the file while the others burn. The clock is looked at first: where a
 * slow console makes printing take longer than the interval, there is always
 * one more refresh.
 */
static enum event watch(struct run *run, u64 end)
{
	enum event event = REFRESHED;

	while (event == REFRESHED && now(CLOCK_MONOTONIC) < end)
		event = next_sample(run, end);
	return event == REFRESHED ? TIME_IS_UP : event;
}

/*
 * Sleeps until the kernel has counted the threads that we joined: that happens
 * when it releases them, a moment after pthread_join() returns, and until then
 * up to a tick of each may be missing. A released thread is no longer in our
 * /proc/self/task, whose link count is 2 and one for each; should it be held
 * back, by a debugger perhaps, we wait no longer than 2 s.
 */
static void settle(void)
{
	u64 t = now(CLOCK_MONOTONIC);
	u64 limit = t + 2 * NSEC_PER_SEC;
	struct stat st;

	do {
		t += NSEC_PER_MSEC;
		sleep_until(t);
	} while (!stat("/proc/self/task", &st) && st.st_nlink > 3 && t < limit);
}

/* --- the verdict --- */

/*
 * The file's value F and the later getrusage() value R, both user time, must
 * satisfy
 *
 *	-ticks <= R - F <= 1 ms + own + ticks
 *
 * - The file shows whole milliseconds, cut off: up to 1 ms.
 * - Whatever else R has more than F was used after the refresh that F is from.
 *   By then all threads but this one were gone, so it was used here: own is the
 *   CPU time, user and kernel, of this thread from before that refresh until
 *   after getrusage(). Mostly that is poll() returning and the file being read.
 * - The total is exact, but user and kernel mode are told apart by the tick, of
 *   10 ms at most, and neither part may ever shrink. Module and getrusage() have
 *   looked at different moments, and may be bound by what a first tick or two
 *   made them say: ticks is two of them.
 * - That a running thread's last tick may not have been counted does not matter:
 *   when F was taken this one slept, and the others were gone.
 */
#define TICKS_US	(2 * (10 * USEC_PER_MSEC))

static int judge(const struct run *run, u64 own_ns)
{
	const struct sample *s = &run->last;
	u64 own_us = own_ns / NSEC_PER_USEC + 1;
	u64 allowed = USEC_PER_MSEC + own_us + TICKS_US;
	u64 file_us = s->file_ms * USEC_PER_MSEC;
	bool agree = s->usage_us + TICKS_US >= file_us &&
		     s->usage_us <= file_us + allowed;

	printf("%s: file says %llu ms, getrusage %.3f ms, allowed difference -%.0f to %.3f ms\n",
	       agree ? "PASS" : "FAIL", s->file_ms, us_to_ms(s->usage_us),
	       us_to_ms(TICKS_US), us_to_ms(allowed));
	if (!run->opt.quiet)
		printf("      (1 ms: the file cuts fractions; %.3f ms: CPU time used here since before the refresh; %.0f ms: two ticks)\n",
		       us_to_ms(own_us), us_to_ms(TICKS_US));
	return agree ? STATUS_AGREE : STATUS_DISAGREE;
}

static int report_silence(const struct run *run, u64 limit)
{
	printf("FAIL: no refresh within %.1f s, although the interval is %llu ms; file says %llu ms\n",
	       ns_to_s(limit), run->last.generation.interval_ms,
	       run->last.file_ms);
	return STATUS_DISAGREE;
}

static int report_signal(const struct run *run)
{
	printf("%s after %.3f s: file said %llu ms in generation %llu, getrusage says %.3f ms now; not compared\n",
	       run->signal == SIGINT ? "SIGINT" : "SIGTERM",
	       seconds_since_start(run), run->last.file_ms,
	       run->last.generation.number, us_to_ms(user_time_us()));
	return 128 + run->signal;
}

/*
 * Waits for a refresh that began after the burning had ended: one that began
 * before may have read our time before the end and yet be reported after it.
 *
 * An interval may just have been missed, and another be as long; 5 s more are
 * for a machine that is busy, or emulated.
 */
static int confirm(struct run *run)
{
	u64 limit = 5 * NSEC_PER_SEC +
			 2 * NSEC_PER_MSEC * run->last.generation.interval_ms;
	u64 main_ns = now(CLOCK_THREAD_CPUTIME_ID);
	u64 settled, deadline;
	enum event event;

	settle();
	settled = now(CLOCK_BOOTTIME);
	deadline = now(CLOCK_MONOTONIC) + limit;
	show_waiting(run, limit);
	do {
		event = next_sample(run, deadline);
	} while (event == REFRESHED && run->last.generation.time_ns < settled);

	switch (event) {
	case REFRESHED:
		return judge(run, run->last.main_ns - main_ns);
	case TIME_IS_UP:
		return report_silence(run, limit);
	case SIGNALLED:
		return report_signal(run);
	default:
		return STATUS_DISAGREE;
	}
}

/* --- from start to end --- */

/* Everything between registering and unregistering. */
static int measure(struct run *run)
{
	static struct crew crew;
	enum event event;

	if (!take_sample(run))
		return STATUS_DISAGREE;
	show_start(run);
	show_sample(run);
	if (!crew_start(&crew, &run->opt))
		return STATUS_NO_START;
	event = watch(run, crew.end);
	if (event == TIME_IS_UP) {
		crew_join(&crew);
		return confirm(run);
	}
	crew_stop(&crew);
	return event == SIGNALLED ? report_signal(run) : STATUS_DISAGREE;
}

static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

/*
 * From now on SIGINT and SIGTERM are something to poll for, in no thread a
 * reason to die; unless they are ignored, as in a shell's background jobs.
 */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	if (!is_ignored(SIGINT))
		sigaddset(&set, SIGINT);
	if (!is_ignored(SIGTERM))
		sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		complain("signalfd: %s", strerror(errno));
	return fd;
}

/* Whoever waits for us shall see what ended us. */
static void die_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	raise(signal);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* What nobody could read was not reported. */
static int finish_output(int status)
{
	flush_output();
	if (!output_err)
		return status;
	complain("cannot write to standard output: %s", strerror(output_err));
	return status == STATUS_AGREE ? STATUS_DISAGREE : status;
}

static int registered_run(struct run *run)
{
	int status;

	if (!register_self(run))
		return STATUS_NO_START;
	status = finish_output(measure(run));
	unregister_self(run);
	free(run->text.data);
	return status;
}

/* What is printed must not go to a file that got a standard descriptor's number. */
static void hold_standard_fds(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = doc,
	};
	struct run run = {
		.opt = {
			.seconds = 12,
			.threads = 1,
			.duty = 100,
			.path = STATUS_PATH,
		},
		.pid = getpid(),
		.start = now(CLOCK_MONOTONIC),
	};
	int status;

	hold_standard_fds();
	argp_err_exit_status = STATUS_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &run.opt))
		return STATUS_USAGE;
	/* Whole lines to a slow console: one write for a file, not thousands. */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);

	run.status_fd = open_file(run.opt.path, O_RDWR);
	if (run.status_fd < 0)
		return STATUS_NO_START;
	run.stat_fd = open_stat(run.opt.path);
	if (run.stat_fd < 0)
		return STATUS_NO_START;
	run.signal_fd = open_signals();
	if (run.signal_fd < 0)
		return STATUS_NO_START;

	status = registered_run(&run);
	if (run.signal)
		die_of(run.signal);
	return status;
}
