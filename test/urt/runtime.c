// SPDX-License-Identifier: MIT
/* urt runtime, compared with our own clock and with get_process_runtime(). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>

#include "../syscall/common.h"
#include "common.h"

/* The output of urt runtime about one process, and when it was asked. */
struct answer {
	uint64_t before, after;
	uint64_t start, runtime;
};

static struct answer ask(pid_t pid)
{
	struct answer a = { .before = now_ns() };
	struct said said = shell("urt runtime --json %d", pid);
	json_t *all, *row;

	a.after = now_ns();
	expect(!said.status && !*said.err, "%d: %s", said.status, said.err);
	all = parse_json(said.out);
	expect(json_array_size(json_object_get(all, "processes")) == 1, "%s",
	       said.out);
	row = json_array_get(json_object_get(all, "processes"), 0);
	a.start = number(row, "start_ns");
	a.runtime = number(row, "runtime_ns");
	expect(a.start + a.runtime >= a.before && a.start + a.runtime <= a.after,
	       "asked from %" PRIu64 " to %" PRIu64 ": %s", a.before, a.after,
	       said.out);
	json_decref(all);
	said_free(&said);
	return a;
}

static void expect_answer(pid_t pid, const struct start *start)
{
	struct answer a = ask(pid);

	expect(a.start >= start->after && a.start <= start->before,
	       "process %d started at %" PRIu64 ", not %" PRIu64 " to %" PRIu64,
	       pid, a.start, start->after, start->before);
}

/* urt must report the start of the system call, to 2 ms. */
static void expect_same(pid_t pid)
{
	struct answer a = ask(pid);
	uint64_t before, after, least, most;
	int tries = 10;
	long ms;

	do {	/* again if interrupted */
		before = now_ns();
		ms = runtime_of(pid);
		after = now_ns();
	} while (after - before >= MS && --tries);
	expect(ms >= 0, "%s", strerror(-ms));
	expect(tries, "the call took %" PRIu64 " ns", after - before);
	least = before - (uint64_t)(ms + 1) * MS;
	most = after - (uint64_t)ms * MS;
	expect(a.start >= least && a.start <= most,
	       "process %d started at %" PRIu64 " as urt says, at %" PRIu64
	       " to %" PRIu64 " as the system call does", pid, a.start, least,
	       most);
}

/*
 * A process that child() has not made, because its parent's end is not its end.
 */
static void leave_orphan(void *pid)
{
	pid_t orphan = fork();

	must(orphan >= 0);
	if (!orphan)
		sleep_forever();
	*(pid_t *)pid = orphan;
}

static pid_t orphan(void)
{
	pid_t *pid = share(sizeof(*pid));

	in_child(leave_orphan, pid);
	must(proc_field(*pid, 4) == 1);
	return *pid;
}

TEST(urt_runtime_clock, "urt runtime agrees with a clock of the test")
{
	struct start *start;
	pid_t pid = start_sleeper(&start);
	struct answer a;

	expect_answer(pid, start);
	burn(50 * MS);
	expect_answer(pid, start);
	kill(pid, SIGKILL);
	wait_until(state_of(pid) == 'Z', 5000, "state %c", state_of(pid));
	expect_answer(pid, start);
	a = ask(1);
	expect(a.start / (10 * MS) == proc_field(1, 22), "%" PRIu64 ", /proc: %llu",
	       a.start, proc_field(1, 22));
}

static void same_inside(void *unused)
{
	pid_t pid = sleeper();

	expect(now_ns() > 1000 * SEC, "not in the time namespace");
	expect_same(1);
	burn(20 * MS);
	expect_same(pid);
}

TEST(urt_runtime_syscall, "urt runtime agrees with get_process_runtime(): new, old, container, orphan")
{
	struct start *start;
	pid_t pid;

	need_patches();
	expect_same(sleeper());
	expect_same(1);
	expect_same(orphan());
	pid = start_apart(CLONE_NEWPID | CLONE_NEWTIME, same_inside, NULL, &start);
	expect_same(pid);
	expect_good_end(pid);
}

static void answer_inside(void *arg)
{
	struct start *host = *(struct start **)arg;
	const struct start shifted = {
		host->after + 1000 * SEC, host->before + 1000 * SEC,
	};

	expect_answer(1, &shifted);
}

TEST(urt_runtime_container, "urt runtime in a container uses its PIDs and clocks")
{
	struct start **start = share(sizeof(*start));
	pid_t pid;

	pid = start_apart(CLONE_NEWPID | CLONE_NEWTIME, answer_inside, start,
			  start);
	expect_answer(pid, *start);
	expect_good_end(pid);
}

static void *sleep_in_thread(void *fd)
{
	pid_t id = (pid_t)syscall(SYS_gettid);

	must(write(*(int *)fd, &id, sizeof(id)) == sizeof(id));
	sleep_forever();
}

static void have_thread(void *fd)
{
	pthread_t thread;

	burn(30 * MS);
	must(!pthread_create(&thread, NULL, sleep_in_thread, fd));
	sleep_forever();
}

TEST(urt_runtime_thread, "urt runtime of a thread's number is that of its process")
{
	struct start *start;
	int fds[2];
	pid_t pid, id;

	must(!pipe(fds));
	pid = start_child(have_thread, &fds[1], &start);
	must(read(fds[0], &id, sizeof(id)) == sizeof(id) && id != pid);
	expect_answer(id, start);
	expect(strstr(shell("urt runtime --csv %d", id).out, "\n"), "no row");
	expect(atoi(strchr(shell("urt runtime --csv %d", id).out, '\n') + 1) ==
	       pid, "the row is not process %d's", pid);
}

TEST(urt_runtime_forms, "urt runtime prints seconds, CSV or JSON, in the order of its arguments")
{
	pid_t a = sleeper(), b = sleeper();
	struct said said = shell("urt runtime %d %d %d", b, a, b);
	char want[64];
	double seconds;
	json_t *json;
	int pid, n = 0;

	expect(!said.status && sscanf(said.out, " PID real s name %d %lf %*s %n",
				      &pid, &seconds, &n) == 2 && pid == b,
	       "%d: %s%s", said.status, said.out, said.err);
	expect(seconds < 5 * slowness() && atoi(said.out + n) == a, "%s",
	       said.out);
	expect(lines_of(said.out) == 4, "not four lines");
	said = shell("urt runtime --csv %d", a);
	snprintf(want, sizeof(want), "pid,start_ns,runtime_ns,name,within_ns\n%d,", a);
	expect(!said.status && !strncmp(said.out, want, strlen(want)), "%d: %s",
	       said.status, said.out);
	said = shell("urt runtime --json %d %d", a, b);
	json = json_object_get(parse_json(said.out), "processes");
	expect(json_array_size(json) == 2 &&
	       number(json_array_get(json, 1), "pid") == (uint64_t)b &&
	       *string(json_array_get(json, 0), "name"), "%s", said.out);
}

TEST(urt_runtime_leaves, "urt runtime leaves nothing registered, and no session",
     .params = "interval_ms=200 max_sessions=1 max_per_user=1")
{
	pid_t pid = sleeper();
	struct said said;

	said = shell("urt runtime %d %d 1 >/dev/null && cat " STATUS, pid, pid);
	expect(!said.status && !*said.out, "%d: %s%s", said.status, said.out,
	       said.err);
	expect(!unload(), "the module is in use");
	must(!load(""));
}

#define TICK (10 * MS)

/* Seen elsewhere: a question is refused since too much is being recorded. */
/* About one process with a known start. The user has no quota left. */
static void expect_rough(const char *arguments, pid_t pid,
			 const struct start *start)
{
	struct said said = shell("urt runtime --json %s", arguments);
	json_t *row;

	expect(!said.status && strstr(said.err, "1 of 1 are from /proc"),
	       "%d: %s", said.status, said.err);
	row = json_array_get(json_object_get(parse_json(said.out), "processes"), 0);
	expect(number(row, "pid") == (uint64_t)pid &&
	       number(row, "within_ns") == TICK &&
	       number(row, "start_ns") + TICK > start->after &&
	       number(row, "start_ns") <= start->before &&
	       *string(row, "name"), "%s", said.out);
}

struct full {
	pid_t pid, thread;
	struct start *start;
	bool sessions;
};

static void ask_when_full(void *arg)
{
	struct full *full = arg;
	int fd = open_session();
	char text[16];

	if (!full->sessions)
		must(put(fd, "%d", getpid()) >= 0);
	snprintf(text, sizeof(text), "%d", full->pid);
	expect_rough(text, full->pid, full->start);
	snprintf(text, sizeof(text), "%d", full->thread);
	expect_rough(text, full->pid, full->start);
	expect(shell("urt runtime %d 32767", full->pid).status == 1,
	       "32767 is there");
}

TEST(urt_runtime_full, "urt runtime answers with a full quota, to 10 ms",
     .params = "max_per_user=1 max_sessions=1")
{
	struct full full;
	int fds[2];

	must(!pipe(fds));
	full.pid = start_child(have_thread, &fds[1], &full.start);
	must(read(fds[0], &full.thread, sizeof(full.thread)) ==
	     sizeof(full.thread));
	full.sessions = true;
	in_user(1000, ask_when_full, &full);
	full.sessions = false;
	must(!unload() && !load("max_per_user=1"));
	in_user(1000, ask_when_full, &full);
	must(!unload() && !load("max_processes=1"));
	in_user(1000, ask_when_full, &full);
}

TEST(urt_runtime_usage, "urt runtime names what it cannot do, and exits with 1 or 2")
{
	static const struct ending endings[] = {
		{ "", 2, "of which processes?" },
		{ "0", 2, "'0' is not a process's number" },
		{ "-- -1", 2, "'-1' is not a process's number" },
		{ "1x", 2, "'1x' is not a process's number" },
		{ "4294967297", 2, "is not a process's number" },
		{ "--nonsense 1", 2, "nonsense" },
		{ "32767", 1, "process 32767: there is no such process" },
		{ "1 >/dev/full", 1, "cannot write" },
		{ NULL }
	};
	struct said said;

	expect_endings("urt runtime", endings);
	/* The known values are printed all the same. */
	said = shell("urt runtime --csv 32767 1");
	expect(said.status == 1 && strstr(said.out, "\n1,"), "%d: %s",
	       said.status, said.out);
	must(!unload());
	said = shell("urt runtime 1");
	expect(said.status == 1 && strstr(said.err, "module is not loaded"),
	       "%d: %s", said.status, said.err);
	must(!load(""));
}
