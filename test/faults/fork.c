// SPDX-License-Identifier: MIT
/* Faults while members of trees fork and exit. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>

#include "common.h"

static struct counts {
	unsigned int forked;	/* number of forks that succeeded */
	unsigned int failed;
	unsigned int faults;
} *counts;

/* --- fork --- */

static int exit_at_once(void *arg)
{
	_exit(0);
}

/*
 * The child has no copy of our memory, so that no page of ours takes the fault.
 */
static pid_t fork_once(void)
{
	static char stack[16384] __attribute__((aligned(16)));

	return clone(exit_at_once, stack + sizeof(stack),
		     CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

static void fork_with_faults(void *arg)
{
	bool fired = true;
	unsigned int n;
	pid_t pid;
	int err;

	for (n = 1; fired; n++) {
		fault_arm(n);
		pid = fork_once();
		err = errno;
		fired = fault_fired();
		expect(pid > 0 || err == ENOMEM || err == EAGAIN,
		       "fault %u: %s", n, strerror(err));
		expect(pid > 0 || fired, "without a fault: %s", strerror(err));
		if (pid > 0)
			reap(pid, NULL);
		counts->forked += pid > 0;
		counts->failed += pid < 0;
	}
	counts->faults = n - 2;
}

/* The kernel's caches decide where a fork itself fails. */
static void fork_as_user(void (*fn)(void *))
{
	counts = share(sizeof(*counts));
	faults_need();
	faults_only_of_module();
	in_user(1000, fn, NULL);
	faults_anywhere();
	/* Without memory for a stack, the kernel writes to its log. */
	faults_not_below("__vmalloc_node_range_noprof");
	*counts = (struct counts){ };
	in_user(1000, fn, NULL);
}

/* The lines of a session about a tree that has ended. */
struct told {
	unsigned long long exits, missed, lost;
};

static struct told told_by(struct session *s)
{
	struct told told = { };
	struct record r;

	while (next_record(s, &r) != END) {
		told.exits += r.kind == EXIT;
		told.missed += r.kind == MISSED ? r.count : 0;
		told.lost += r.kind == LOST ? r.count : 0;
	}
	return told;
}

static void expect_fork_quota(struct session *s, int most)
{
	while (most--)
		must(put(s->fd, "%d", sleeper()) > 0);
	expect(put(s->fd, "%d", sleeper()) == -EDQUOT, "more than the quota");
}

static void fork_in_session(void *arg)
{
	struct session s;
	struct told told;
	pid_t root;
	int status;

	session_open(&s);
	root = stopped(fork_with_faults, NULL);
	must(put(s.fd, "tree %d", root) > 0);
	kill(root, SIGCONT);
	reap(root, &status);
	expect(!status, "%#x", status);
	told = told_by(&s);
	expect(told.exits + told.missed == counts->forked + 1 && !told.lost,
	       "%llu exits, %llu missed, %llu lost, of %u", told.exits,
	       told.missed, told.lost, counts->forked + 1);
	expect(told.missed || counts->failed, "%u faults, none missed",
	       counts->faults);
	faults_count("fork", counts->faults, counts->failed);
	expect_fork_quota(&s, 10);
}

TEST(faults_fork, "each child of a tree that is forked under faults is recorded or missed",
     .params = "max_per_user=10", .faults = true)
{
	fork_as_user(fork_in_session);
}

static void fork_in_status(void *arg)
{
	pid_t root = stopped(fork_with_faults, NULL);
	unsigned long long lost = stat_header().lost;
	int status;

	registers("tree %d", root);
	kill(root, SIGCONT);
	reap(root, &status);
	expect(!status, "%#x", status);
	lost = stat_header().lost - lost;
	expect(lost || counts->failed, "%u faults, none lost", counts->faults);
	faults_count("fork, in status", counts->faults, counts->failed);
}

TEST(faults_fork_status, "stat counts the children that could not be registered",
     .faults = true)
{
	fork_as_user(fork_in_status);
}

/* --- exit --- */

static void exit_with_fault(void *n)
{
	burn(2 * MS);
	fault_arm((intptr_t)n);
	syscall(SYS_exit_group, 3);
}

/* A zombie keeps the count that its exit has left. */
static bool fired_in(pid_t pid)
{
	char path[64], *text;
	siginfo_t info;
	bool fired;

	must(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	text = slurp(path);
	fired = !strcmp(text, "0\n");
	free(text);
	return fired;
}

/* Return: whether an allocation was left to fail in its exit. */
static bool expect_record(struct session *s, const char *word, intptr_t n)
{
	pid_t pid = stopped(exit_with_fault, (void *)n);
	struct record r;
	int64_t us;
	int status;
	bool fired;

	must(put(s->fd, "%s%d", word, pid) > 0);
	kill(pid, SIGCONT);
	fired = fired_in(pid);
	us = reap(pid, &status);
	expect(status == 3 << 8, "%#x", status);
	expect(next_record(s, &r) == EXIT && r.pid == pid && r.status == status,
	       "fault %d: kind %d, pid %d, status %d", (int)n, r.kind, r.pid,
	       r.status);
	/* wait4() cuts both parts to microseconds. */
	expect((int64_t)((r.utime + r.stime) / 1000) - us <= 500 &&
	       (int64_t)((r.utime + r.stime) / 1000) >= us,
	       "fault %d: %llu ns, wait4 says %lld us", (int)n,
	       r.utime + r.stime, (long long)us);
	return fired;
}

static void walk_exits(const char *word)
{
	struct session s;
	intptr_t n = 1;

	session_open(&s);
	while (expect_record(&s, word, n))
		n++;
	faults_count(*word ? "exit of a tree" : "exit", n - 1, 0);
	close(s.fd);
}

static void exit_in_session(void *arg)
{
	walk_exits("");
	walk_exits("tree ");
}

TEST(faults_exit, "an exit under faults is recorded with all its time",
     .faults = true)
{
	faults_need();
	in_user(1000, exit_in_session, NULL);
}
