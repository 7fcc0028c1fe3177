/* SPDX-License-Identifier: MIT */
/*
 * What tests are made of. Each is a function that returns when its claim holds
 * and says what it saw when it does not:
 *
 *	TEST(order, "processes are listed in the order of registration")
 *	{
 *		expect(strcmp(text, want) == 0, "want %s, saw %s", want, text);
 *	}
 *
 * A test runs in a process of its own, as root, with the module freshly loaded;
 * afterwards the module must unload and the kernel have logged nothing.
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
	const char *boot;	/* "two": with two CPUs, too; "nohz": only there */
	unsigned int limit;	/* seconds; 0: 60 */
	bool slow;		/* with --all only */
	bool full;		/* with --full only */
	bool faults;		/* it injects some, which the kernel tells of */
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
/* The same for what only fails when the machine is to blame. */
#define must(cond) expect(cond, "%s", strerror(errno))
/* Ends the test as skipped. */
void skip(const char *why) __attribute__((noreturn));
/* A remark in the output. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For random tests: what is given to run.sh as URT_TEST_SEED, or the clock's. */
unsigned int seed_of_run(void);

int slowness(void);		/* of the kernel, 1 is none */
extern int patience;		/* more where the clock is a busy host's */
bool counts_time(void);	/* in instructions, whatever the host does */
uint64_t limit_ns(unsigned int ms);	/* what shall take ms may take so long */

/* Until cond holds, or the test fails after ms milliseconds. */
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
 * How late a refresh may be on a CPU that others do not want: its timer waits for
 * the next tick at most, and its worker for the tick after that.
 */
uint64_t late_ns(void);
bool is_realtime(void);		/* PREEMPT_RT */
bool preempts(void);		/* the kernel, wherever it is */
long long waiter_misses(void);	/* us of a child's total, at most, on one CPU */
int scaled(int count);		/* fewer, where the kernel is slow */
void nap(void);			/* a millisecond */
void burn(uint64_t ns);		/* user CPU time of this thread */
uint64_t cpu_ns(pid_t pid);	/* of a process, all of it */

/* Processes. All of them are killed when the test ends. */
pid_t child(void (*fn)(void *), void *arg);
pid_t sleeper(void);
pid_t sleeper_as(unsigned int uid);	/* comes back when it is that user's */
pid_t stopped(void (*fn)(void *), void *arg);	/* before fn; SIGCONT starts it */
char state_of(pid_t pid);		/* as in ps; 0: there is none */
unsigned long long proc_field(pid_t pid, int nr);	/* of /proc/PID/stat */
void sleep_forever(void) __attribute__((noreturn));
void end(pid_t pid);		/* kill and reap */
uint64_t reap(pid_t pid, int *status);	/* its CPU time as wait4 says, in us */
extern uint64_t reaped_user_us;		/* the user part of that */
uint64_t user_us(void);			/* our own, as getrusage says */
void become(unsigned int uid);	/* an unprivileged user, for good */
void in_user(unsigned int uid, void (*fn)(void *), void *arg);
void in_child(void (*fn)(void *), void *arg);	/* its failures are ours */

/* Memory that children share, zeroed. */
void *share(size_t size);
long memory_kb(void);		/* of the kernel: slab and vmalloc */
/*
 * That many rounds of something leave no memory behind. The kernel's caches fill up
 * in the first ones, which do not count. The module is unloaded where memory is
 * measured, and loaded with params; it stays if they are NULL.
 */
void leaves_no_memory(void (*one_round)(void), int first, int rounds,
		      const char *params);

/* Files. */
int open_status(void);		/* O_RDWR */
int put(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *slurp_fd(int fd);		/* from offset 0; malloc'ed */
char *slurp(const char *path);
int lines_of(char *text);		/* how many; frees it */
void spit(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void registers(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int write_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What the files say. */
struct row {
	int pid, ppid;
	unsigned int uid, threads;
	char state;
	unsigned long long utime, stime, start, runtime;
	char comm[80];
};
struct header {
	unsigned long long generation, time, interval, processes, lost;
};
bool listed(pid_t pid, long long *ms);	/* in status */
int stat_rows(struct row *rows, int max);	/* how many there are */
bool stat_row(pid_t pid, struct row *row);	/* the last one of this pid */
struct header stat_header(void);
unsigned long long generation(void);
void next_generation(void);		/* waits for it, on a file of its own */
bool readable(int fd, int ms);		/* poll() */

/* Sessions; urt.h says what they read. */
enum kind { END, EXIT, LOST, MISSED };
struct record {
	enum kind kind;
	unsigned long long count;	/* 1 of an EXIT; 0 at the END */
	int pid, ppid;
	unsigned int uid;
	unsigned long long utime, stime, start, runtime;
	int status;			/* -1: hidden */
	char comm[80];			/* escaped, as it was read */
};
struct session {
	int fd;
	size_t at, len;			/* what of text has been taken */
	char text[4097];
};
int open_session(void);			/* O_RDWR */
void session_open(struct session *s);
void record_parse(const char *line, struct record *r);
bool line_waits(struct session *s, int ms);	/* or the end */
enum kind next_record(struct session *s, struct record *r);
/* The same, and waits for a child meanwhile, without which there is no end. */
enum kind next_reaping(struct session *s, struct record *r, pid_t pid);
enum kind skip_to(struct session *s, pid_t pid, struct record *r);
short events_of(int fd, short asked);		/* what poll() says now */

const struct urt_map *map_session(int fd, unsigned int capacity);
/* Where nobody makes a new one meanwhile. */
const struct urt_map_snapshot *map_latest(const struct urt_map *map);
unsigned int session_members(int fd, unsigned int capacity);

/* The module. */
int load(const char *params);		/* 0 or an errno */
int unload(void);
void set_interval(unsigned int ms);
void hold_tracepoints(void);	/* several CPUs patch no code from here on */
void trace_begin(void);			/* timers and works from here on */
int traced(const char *text);		/* how often */
void trace_forget(void);
void trace_end(void);
/* That since trace_forget() no timer fired, nor work ran if works; ends the trace. */
void stays_idle(unsigned int seconds, bool works);

#endif
