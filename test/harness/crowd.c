// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "crowd.h"

/* --- many processes --- */

#define STACK 1024

static int sleep_in_crowd(void *arg)
{
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL);
	return 0;
}

void crowd(pid_t *pids, unsigned int n)
{
	char *stacks;

	spit("/proc/sys/kernel/threads-max", "120000");
	/* 32-bit kernels have a limit of their own. */
	if (sizeof(long) > 4)
		spit("/proc/sys/kernel/pid_max", "120000");
	stacks = mmap(NULL, (size_t)n * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(stacks != MAP_FAILED);
	for (unsigned int i = 0; i < n; i++) {
		stacks += STACK;
		pids[i] = clone(sleep_in_crowd, stacks, CLONE_VM | CLONE_FS |
				CLONE_FILES | CLONE_SIGHAND | SIGCHLD, NULL);
		must(pids[i] > 0);
	}
}

void crowd_fits(unsigned int n)
{
	char *text = slurp("/proc/meminfo"), *at;
	long before, each;
	pid_t pids[100];

	before = memory_kb();
	crowd(pids, 100);
	/*
	 * Adds memory that is not counted there: user stacks, an entry, a map's
	 * share.
	 */
	each = (memory_kb() - before) / 100 + 3;
	at = strstr(text, "MemAvailable:");
	must(at);
	for (unsigned int i = 0; i < 100; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	note("%ld kB for a process", each);
	if (strtol(at + 13, NULL, 10) < each * (long)n)
		skip("there is no memory for so many processes");
	free(text);
}

void register_all(int fd, const pid_t *pids, unsigned int n)
{
	char text[URT_WRITE_MAX];
	unsigned int i = 0;
	size_t len;

	while (i < n) {
		for (len = 0; i < n && len < sizeof(text) - 16; i++)
			len += sprintf(text + len, "%d\n", pids[i]);
		expect(write(fd, text, len) == (ssize_t)len, "%s at the %uth",
		       strerror(errno), i);
	}
}

/* --- many threads --- */

struct threads {
	unsigned int uid, n;
	volatile unsigned int started;
};

static void *idle(void *arg)
{
	struct threads *t = arg;

	__sync_fetch_and_add(&t->started, 1);
	sleep_forever();
}

static void have_threads(void *arg)
{
	struct threads *t = arg;
	pthread_attr_t attr;
	pthread_t thread;

	if (t->uid)
		become(t->uid);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (unsigned int i = 0; i < t->n; i++)
		must(!pthread_create(&thread, &attr, idle, t));
	sleep_forever();
}

pid_t threaded(unsigned int n, unsigned int uid)
{
	struct threads *t = share(sizeof(*t));
	pid_t pid;

	*t = (struct threads){ .uid = uid, .n = n };
	pid = child(have_threads, t);
	wait_until(t->started == n, 60000, "%u", t->started);
	return pid;
}

/* --- the kernel's time --- */

struct pace pace_of(const struct urt_map *map)
{
	const struct urt_map_snapshot *snap = (void *)((char *)map +
		map->snapshot_offset[map->sequence & 1]);

	return (struct pace){ snap->generation, snap->time_ns };
}

unsigned long long workers_ns(void)
{
	unsigned long long sum = 0, ns;
	char path[64], text[128];
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	FILE *f;

	must(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(text, sizeof(text), f) && strstr(text, "kworker")) {
			snprintf(path, sizeof(path), "/proc/%.20s/schedstat",
				 entry->d_name);
			must(sscanf(slurp(path), "%llu", &ns) == 1);
			sum += ns;
		}
		fclose(f);
	}
	closedir(dir);
	return sum;
}

/* --- stretches --- */

static void loop(unsigned long n)
{
#if defined(__x86_64__) || defined(__i386__)
	asm volatile("1: dec %0; jnz 1b" : "+r" (n));
#elif defined(__aarch64__)
	asm volatile("1: subs %0, %0, #1; b.ne 1b" : "+r" (n));
#else
	while (n--)
		asm volatile("");
#endif
}

#define LOOPS 2000000	/* of two instructions */

double instruction_ns(void)
{
	uint64_t best = UINT64_MAX, begin, took;

	for (int i = 0; i < 5; i++) {
		begin = now_ns();
		loop(LOOPS);
		took = now_ns() - begin;
		if (took < best)
			best = took;
	}
	return (double)best / (2 * LOOPS);
}

#define TRACING "/sys/kernel/tracing/"

static pid_t impatient;

/*
 * The number of instructions after which it gives way. To wake up and to sleep
 * again takes about 100,000 on a debug kernel, and the other processes must get
 * further.
 */
#define IMPATIENCE 300000

static void want_cpu(void *arg)
{
	struct sched_param first = { .sched_priority = 50 };
	struct timespec soon = { .tv_nsec = IMPATIENCE * instruction_ns() };

	must(!sched_setscheduler(0, SCHED_FIFO, &first));
	for (;;)
		nanosleep(&soon, NULL);
}

void stretches_begin(void)
{
	impatient = child(want_cpu, NULL);
	trace_begin();
	spit(TRACING "events/timer/enable", "0");
	spit(TRACING "events/workqueue/workqueue_queue_work/enable", "0");
	spit(TRACING "events/sched/sched_switch/enable", "1");
	trace_forget();
}

struct stretch {
	int worker;		/* its PID; 0: none works */
	double since, longest;	/* s */
	unsigned int runs;
};

/* "kworker/u2:1-30  [000] d..2.  12.345678: sched_switch: ..." */
static void take_line(const char *line, const char *function, struct stretch *s)
{
	const char *cpu = strstr(line, " ["), *event, *at, *dash;
	double time;
	int pid;

	at = cpu ? strchr(cpu, ']') : NULL;
	event = at ? strchr(at, ':') : NULL;
	if (!event || sscanf(at, "] %*s %lf:", &time) != 1)
		return;
	for (dash = cpu; dash > line && *dash != '-'; dash--)
		;
	pid = atoi(dash + 1);
	if (strstr(event, "workqueue_execute_start:") &&
	    strstr(event, function)) {
		s->worker = pid;
		s->since = time;
		s->runs++;
		return;
	}
	if (!s->worker)
		return;
	if (pid == s->worker && time - s->since > s->longest)
		s->longest = time - s->since;
	if (strstr(event, "workqueue_execute_end:") && pid == s->worker)
		s->worker = 0;
	at = strstr(event, "next_pid=");
	if (at && atoi(at + 9) == s->worker)
		s->since = time;
}

unsigned long long stretches_end(const char *function, const char *what)
{
	char *trace = slurp(TRACING "trace"), *line, *save, pattern[80];
	struct stretch s = { 0 };
	unsigned long long most;

	snprintf(pattern, sizeof(pattern), "function %s", function);
	for (line = strtok_r(trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		take_line(line, pattern, &s);
	free(trace);
	spit(TRACING "events/sched/sched_switch/enable", "0");
	trace_end();
	end(impatient);
	expect(s.runs, "%s has not run", function);
	most = s.longest * 1e9 / instruction_ns();
	note("%s: %llu instructions in a stretch at most, %u runs", what, most,
	     s.runs);
	return most;
}
