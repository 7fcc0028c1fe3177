// SPDX-License-Identifier: MIT
/* A tree is unregistered while a member forks. */
#define _GNU_SOURCE
#include "lib.h"

#define TRACING "/sys/kernel/tracing/"

static void stop_slowing(void)
{
	spit(TRACING "events/slow/enable", "0");
	spit(TRACING "kprobe_events", "%s", "");
	spit(TRACING "options/stacktrace", "0");
	trace_forget();
}

/*
 * A fork probe that has found a member allocates before it takes a lock.
 * Kprobes that take stack traces there make this last about a millisecond.
 * Return: the trace that shows when it begins.
 */
static int slow_allocation(void)
{
	char text[4096];
	int i, fd, len = 0;

	if (is_realtime())
		skip("its probe does not allocate");
	if (access(TRACING "kprobe_events", W_OK))
		skip("the kernel has no kprobe events");
	for (i = 0; i < 64; i++)
		len += sprintf(text + len, "p:slow/at%d usertime:urt_entry_alloc\n",
			       i);
	fd = open(TRACING "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	must(fd >= 0);
	spit(TRACING "kprobe_events", "%s", text);
	atexit(stop_slowing);
	spit(TRACING "options/stacktrace", "1");
	spit(TRACING "events/slow/enable", "1");
	return fd;
}

static struct turns {
	volatile int turn;
	volatile pid_t child;
} *turns;

/* Forks a sleeping child each time that the turn changes. */
static void fork_in_turn(void *arg)
{
	int turn = 0;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		while (turns->turn == turn)
			;
		turn = turns->turn;
		pid = fork();
		if (!pid)
			sleep_forever();
		turns->child = pid;
	}
}

/*
 * Return: the child that was forked while the last process of the tree left
 * status.
 */
static pid_t fork_while_removed(int status, int trace, pid_t root)
{
	uint64_t until = now_ns() + limit_ns(5000);
	char event[64];

	must(put(status, "tree %d", root) > 0);
	trace_forget();
	turns->child = 0;
	turns->turn++;
	while (read(trace, event, sizeof(event)) < 0)
		expect(now_ns() < until, "no fork is seen");
	must(put(status, "-%d", root) > 0);
	wait_until(turns->child > 0, 5000, "no child");
	return turns->child;
}

TEST(tree_last_fork, "a child that is forked during the removal is refreshed, or not listed",
     .params = "interval_ms=10", .boot = "two")
{
	int status = open_status(), trace, i, members = 0;
	unsigned long long before;
	pid_t root, pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("one CPU does not do both at once");
	turns = share(sizeof(*turns));
	root = child(fork_in_turn, NULL);
	trace = slow_allocation();
	for (i = 0; i < 100; i++) {
		pid = fork_while_removed(status, trace, root);
		if (listed(pid, NULL)) {
			members++;
			before = generation();
			wait_until(generation() > before, 1000,
				   "no refresh after %llu: %s", before,
				   slurp(STAT));
			registers("-%d", pid);
		}
		kill(pid, SIGKILL);
	}
	note("%d of %d children were members", members, i);
}
