/* SPDX-License-Identifier: MIT */
/*
 * The parts of tests. A test is a function. It returns if its claim holds. If
 * not, it prints what it saw:
 *
 *	TEST(order, "processes are listed in the order of registration")
 *	{
 *		expect(strcmp(text, want) == 0, "want %s, saw %s", want, text);
 *	}
 *
 * A test runs as root, in a process of its own, with the module freshly loaded.
 * Afterwards the module must unload, and the kernel must have logged nothing.
 */
#ifndef TEST_LIB_H
#define TEST_LIB_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "urt.h"

#ifndef CLONE_NEWTIME	/* Debian 11's C library has no name for it */
#define CLONE_NEWTIME 0x80
#endif

#define STATUS "/proc/urt/status"
#define STAT "/proc/urt/stat"
#define SESSION "/proc/urt/session"
#define MS 1000000ULL		/* in ns */
#define SEC 1000000000ULL

struct test {
	const char *name;
	const char *claim;
	void (*run)(void);
	const char *params;	/* of the module; NULL: "interval_ms=200" */
	const char *boot;	/* "two": also two CPUs; "nohz": only there */
	unsigned int limit;	/* seconds; 0: 60 */
	bool slow;		/* with --all only */
	bool full;		/* with --full only */
	bool faults;		/* it injects faults, which the kernel logs */
	bool chosen;		/* the runner's */
	struct test *next;
};

void test_add(struct test *test);

#define TEST(id, text, ...)						\
	static void test_##id(void);					\
	static struct test test_def_##id = {				\
		.name = #id, .claim = text, .run = test_##id,		\
		__VA_ARGS__						\
	};								\
	__attribute__((constructor)) static void test_add_##id(void)	\
	{								\
		test_add(&test_def_##id);				\
	}								\
	static void test_##id(void)

/* Ends the test as failed, unless cond. */
#define expect(cond, ...)						\
	((cond) ? (void)0 : broken(__FILE__, __LINE__, #cond, __VA_ARGS__))
void broken(const char *file, int line, const char *cond, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
/* Does what expect() does, for conditions that only a broken machine fails. */
#define must(cond) expect(cond, "%s", strerror(errno))
/* Ends the test as skipped. */
void skip(const char *why) __attribute__((noreturn));
/* Prints a remark. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The seed for random tests: URT_TEST_SEED of run.sh, or the clock. */
unsigned int seed_of_run(void);

int slowness(void);		/* of the kernel, 1 is none */
extern int patience;		/* more if the clock is a busy host's */
bool counts_time(void);	/* in instructions, whatever the host does */
uint64_t limit_ns(unsigned int ms);	/* limit for work of ms */

/*
 * Waits until cond holds. If that takes more than ms milliseconds, the test
 * fails.
 */
#define wait_until(cond, ms, ...)					\
	do {								\
		uint64_t until_ = now_ns() + limit_ns(ms);		\
		while (!(cond)) {					\
			expect(now_ns() < until_, __VA_ARGS__);		\
			nap();						\
		}							\
	} while (0)

uint64_t now_ns(void);		/* CLOCK_BOOTTIME */
/*
 * How late a refresh may be on a CPU without other work: the timer may wait for
 * one tick, and the worker for the next one.
 */
uint64_t late_ns(void);
bool is_realtime(void);		/* PREEMPT_RT */
bool preempts(void);		/* the kernel preempts kernel code */
long long waiter_misses(void);	/* at most, us of a child's total, on one CPU */
int scaled(int count);		/* fewer, where the kernel is slow */
void nap(void);			/* a millisecond */
void burn(uint64_t ns);		/* user CPU time of this thread */
uint64_t cpu_ns(pid_t pid);	/* of a process, all of it */

/* Processes. All of them are killed at the end of the test. */
pid_t child(void (*fn)(void *), void *arg);
pid_t sleeper(void);
pid_t sleeper_as(unsigned int uid);	/* returns when it runs as that user */
pid_t stopped(void (*fn)(void *), void *arg);	/* before fn; SIGCONT starts it */
char state_of(pid_t pid);		/* as in ps; 0: there is none */
unsigned long long proc_field(pid_t pid, int nr);	/* of /proc/PID/stat */
void sleep_forever(void) __attribute__((noreturn));
void end(pid_t pid);		/* kills and reaps it */
uint64_t reap(pid_t pid, int *status);	/* its CPU time in us, as wait4 says */
extern uint64_t reaped_user_us;		/* user part of this time */
uint64_t user_us(void);			/* our own, as getrusage says */
void become(unsigned int uid);	/* an unprivileged user, for good */
void in_user(unsigned int uid, void (*fn)(void *), void *arg);
void in_child(void (*fn)(void *), void *arg);	/* its failure is ours */

/* Makes zeroed memory that children share. */
void *share(size_t size);
long memory_kb(void);		/* of the kernel: slab and vmalloc */
/*
 * Checks that so many rounds of an action leave no memory behind. The kernel's
 * caches fill up in the first rounds, which do not count. The module is
 * unloaded for measuring memory, and loaded with params. If params is NULL, it
 * stays loaded.
 */
void leaves_no_memory(void (*one_round)(void), int first, int rounds,
		      const char *params);

/* Files. */
int open_status(void);		/* O_RDWR */
int put(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *slurp_fd(int fd);		/* from offset 0; malloc'ed */
char *slurp(const char *path);
int lines_of(char *text);		/* counts; frees text */
void spit(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void registers(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int write_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The contents of the files. */
struct row {
	int pid, ppid;
	unsigned int uid, threads;
	char state;
	unsigned long long utime, stime, start, runtime;
	char error[24];			/* a number, "-", or "" */
	char comm[80];
};
struct header {
	unsigned long long generation, time, interval, processes, lost;
};
bool listed(pid_t pid, long long *ms);	/* in status */
int stat_rows(struct row *rows, int max);	/* returns how many there are */
bool stat_row(pid_t pid, struct row *row);	/* the last row of this pid */
struct header stat_header(void);
unsigned long long generation(void);
void next_generation(void);		/* uses a file of its own */
bool readable(int fd, int ms);		/* poll() */

/* Sessions; urt.h describes what they read. */
enum kind { END, EXIT, LOST, MISSED };
struct record {
	enum kind kind;
	unsigned long long count;	/* 1 of an EXIT; 0 at the END */
	int pid, ppid;
	unsigned int uid;
	unsigned long long utime, stime, start, runtime;
	int status;			/* -1: hidden */
	bool split;			/* a line of that came before it, with */
	unsigned long long samples, error;
	char comm[80];			/* escaped, as it was read */
};
struct session {
	int fd;
	size_t at, len;			/* of text, as far as it was read */
	char text[4097];
};
int open_session(void);			/* O_RDWR */
void session_open(struct session *s);
void record_parse(const char *line, struct record *r);
bool line_waits(struct session *s, int ms);	/* or the end of the session */
enum kind next_record(struct session *s, struct record *r);
/*
 * Does what next_record() does, and reaps a child meanwhile, without which the
 * session has no end.
 */
enum kind next_reaping(struct session *s, struct record *r, pid_t pid);
enum kind skip_to(struct session *s, pid_t pid, struct record *r);
short events_of(int fd, short asked);		/* the result of poll() now */

const struct urt_map *map_session(int fd, unsigned int capacity);
/* Call it only if no new generation comes meanwhile. */
const struct urt_map_snapshot *map_latest(const struct urt_map *map);
unsigned int session_members(int fd, unsigned int capacity);

/* The module. */
int load(const char *params);		/* 0 or an errno */
int unload(void);
void set_interval(unsigned int ms);
void hold_tracepoints(void);	/* on several CPUs, no code gets patched then */
void trace_begin(void);			/* traces timers and works */
int traced(const char *text);		/* counts it in the trace */
void trace_forget(void);
void trace_end(void);
/*
 * Checks that since trace_forget() no timer fired and, if works, no work ran.
 * Ends the trace.
 */
void stays_idle(unsigned int seconds, bool works);

#endif
