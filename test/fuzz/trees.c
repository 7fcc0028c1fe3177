// SPDX-License-Identifier: MIT
/*
 * Random trees against a model. Each process carries out a random plan. The
 * kernel itself writes each fork, its parent and each status to shared memory,
 * in the middle of clone() and wait4(). This memory is therefore right whenever
 * a signal ends the writer.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib.h"

#define NODES 8			/* of a tree, at most */
#define TREES 50		/* at a time */
#define CHANCE(percent) (rnd(100) < (percent))

struct node {
	volatile pid_t pid;		/* 0: never forked */
	volatile pid_t parent;		/* forked it, or CLONE_PARENT's */
	volatile bool adopted;		/* its parent may be the driver */
	volatile bool quiet;		/* its children's status is unknown */
	volatile int status;		/* as wait4 said; -1: not asked */
	volatile int plan;		/* the status, if no signal hits it */
	volatile uint64_t signals;	/* that were sent to it */
	volatile int shells;		/* children that it has as a shell */
	unsigned int seed;
	bool seen;
};

struct tree {
	volatile int used;
	struct node nodes[NODES];
};

static struct tree *trees, *tree;	/* tree: that of this process */
static struct node *self;
static pid_t driver;
static int gate;
static unsigned int rng;

static unsigned int rnd(unsigned int n)
{
	rng = rng * 1664525 + 1013904223;
	return (rng >> 8) % n;
}

static void run_node(struct node *node) __attribute__((noreturn));

/* Return: the child, unless it is another process's. */
static struct node *fork_node(int flags)
{
	int at = __sync_fetch_and_add(&tree->used, 1);
	struct node *node;
	pid_t pid;

	if (at >= NODES)
		return NULL;
	node = &tree->nodes[at];
	node->seed = rnd(1 << 24);
	node->parent = (flags & CLONE_PARENT) ? getppid() : getpid();
	node->adopted = flags & CLONE_PARENT;
	pid = syscall(SYS_clone, flags | CLONE_PARENT_SETTID | SIGCHLD, NULL,
		      &node->pid, NULL, NULL);
	if (!pid)
		run_node(node);
	return pid > 0 && !(flags & CLONE_PARENT) ? node : NULL;
}

static void *fork_thread(void *child)
{
	*(struct node **)child = fork_node(0);
	return NULL;
}

static struct node *fork_in_thread(void)
{
	struct node *child = NULL;
	pthread_t t;

	if (!pthread_create(&t, NULL, fork_thread, &child))
		pthread_join(t, NULL);
	return child;
}

static struct node *fork_somehow(void)
{
	switch (rnd(8)) {
	case 0:
		return fork_node(CLONE_PARENT);
	case 1:
		return fork_node(CLONE_VFORK);
	case 2:
		return fork_in_thread();
	default:
		return fork_node(0);
	}
}

static void wait_for(struct node *child)
{
	if (child)
		syscall(SYS_wait4, child->pid, &child->status, 0, NULL);
}

static void hit_somebody(void)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGUSR1 };
	int used = tree->used, nr = signals[rnd(3)];
	struct node *node = &tree->nodes[rnd(used < NODES ? used : NODES)];

	if (!node->pid)
		return;
	__sync_fetch_and_or(&node->signals, 1ULL << nr);
	kill(node->pid, nr);
}

/* --- ends --- */

static void *exec_thread(void *argv)
{
	execv("/bin/busybox", argv);
	return NULL;
}

static void exec_words(char *const argv[], int code)
{
	pthread_t t;

	self->plan = code << 8;
	if (CHANCE(30) && !pthread_create(&t, NULL, exec_thread, (void *)argv))
		pause();
	execv("/bin/busybox", argv);
}

static void exec_something(void)
{
	static char *const yes[] = { "true", NULL }, *const no[] = { "false", NULL };
	static char *const shell[] = { "sh", "-c", "(exit 4); exit 9", NULL };

	switch (rnd(4)) {
	case 0:
		exec_words(no, 1);
		break;
	case 1:
		self->shells = 1;
		exec_words(shell, 9);
		break;
	default:
		exec_words(yes, 0);
	}
}

static void *end_thread(void *code)
{
	sched_yield();
	syscall(SYS_exit_group, (int)(intptr_t)code);
	return NULL;
}

static void end_somehow(void)
{
	int code = rnd(256);
	pthread_t t;

	switch (rnd(12)) {
	case 0:
		exec_something();
		break;
	case 1:
		self->plan = SIGUSR2;
		kill(getpid(), SIGUSR2);
		break;
	case 2:
		/* The leader exits first. */
		self->plan = code << 8;
		if (!pthread_create(&t, NULL, end_thread, (void *)(intptr_t)code))
			syscall(SYS_exit, 77);
		break;
	}
	self->plan = code << 8;
	syscall(SYS_exit_group, code);
}

static void run_node(struct node *node)
{
	struct node *children[NODES] = { NULL };
	int steps, i;

	self = node;
	rng = node->seed;
	steps = rnd(6);
	signal(SIGCHLD, CHANCE(10) ? SIG_IGN : SIG_DFL);
	for (i = 0; i < steps; i++) {
		switch (rnd(10)) {
		case 0:
			nap();
			break;
		case 1:
			setsid();
			break;
		case 2:
			if (CHANCE(40))
				hit_somebody();
			break;
		case 3:
			wait_for(children[rnd(i + 1)]);
			break;
		default:
			children[i] = fork_somehow();
		}
	}
	if (CHANCE(60)) {
		for (i = 0; i < steps; i++)
			wait_for(children[i]);
	}
	end_somehow();
	__builtin_unreachable();
}

/* --- the driver --- */

static void run_root(void *arg)
{
	tree = arg;
	tree->used = 1;
	must(read(gate, &(char){ 0 }, 1) == 0);
	run_node(&tree->nodes[0]);
}

static struct node *find(pid_t pid)
{
	struct node *node;

	for (int i = 0; i < TREES; i++) {
		for (node = trees[i].nodes; node < trees[i].nodes + NODES; node++) {
			if (node->pid == pid)
				return node;
		}
	}
	return NULL;
}

/* Reaps orphans, which are ours. */
static void reap_all(void)
{
	struct node *node;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		node = find(pid);
		if (node)
			node->status = status;
	}
}

static void dump(const struct node *of)
{
	const struct tree *t = trees + ((char *)of - (char *)trees) / sizeof(*t);
	const struct node *n;

	for (n = t->nodes; n < t->nodes + NODES && n->pid; n++)
		note("%d of %d%s: status %#x, plan %#x, signals %#" PRIx64 "%s", n->pid,
		     n->parent, n->adopted ? " (or ours)" : "", n->status,
		     n->plan, n->signals, n->seen ? "" : ", not recorded");
}

static void check_record(const struct record *r)
{
	struct node *node = find(r->pid), *shell = find(r->ppid);
	bool good;

	expect(r->kind == EXIT, "kind %d, %llu", r->kind, r->count);
	if (!node) {
		if (shell && !shell->shells)
			dump(shell);
		expect(shell && shell->shells-- > 0 && r->status == 4 << 8,
		       "%d of %d (%s, %#x) is in no tree", r->pid, r->ppid,
		       r->comm, r->status);
		return;
	}
	good = r->ppid == node->parent || (node->adopted && r->ppid == driver);
	if (!good || node->seen)
		dump(node);
	expect(good && !node->seen, "%d of %d (%s): twice, or not the parent",
	       r->pid, r->ppid, r->comm);
	node->seen = true;
	if (node->status >= 0)
		good = r->status == node->status;
	else
		good = r->status == node->plan ||
		       (r->status < 64 && node->signals >> r->status & 1);
	if (!good)
		dump(node);
	expect(good, "%d ended with %#x", r->pid, r->status);
}

/* Return: how many processes there were. */
static int check_trees(void)
{
	struct node *node;
	int i, count = 0;

	for (i = 0; i < TREES; i++) {
		for (node = trees[i].nodes; node < trees[i].nodes + NODES; node++) {
			if (!node->pid)
				continue;
			count++;
			if (!node->seen)
				dump(node);
			expect(node->seen, "no record of %d", node->pid);
			expect(!node->shells || node->signals, "no record of a "
			       "child of the shell %d", node->pid);
		}
	}
	return count;
}

static int run_trees(struct session *s)
{
	struct node *node;
	struct record r;
	int fds[2], i;
	pid_t pid;

	memset(trees, 0, TREES * sizeof(*trees));
	must(!pipe(fds));
	gate = fds[0];
	for (i = 0; i < TREES * NODES; i++)
		trees[i / NODES].nodes[i % NODES].status = -1;
	for (i = 0; i < TREES; i++) {
		node = trees[i].nodes;
		node->seed = rnd(1 << 24);
		node->parent = driver;
		pid = fork();
		if (!pid) {
			close(fds[1]);
			close(s->fd);
			run_root(&trees[i]);
		}
		node->pid = pid;
		must(put(s->fd, "tree %d", pid) > 0);
	}
	close(fds[1]);		/* They go. */
	do {
		while (!line_waits(s, 2))
			reap_all();
		reap_all();
		if (next_record(s, &r) != END)
			check_record(&r);
	} while (r.kind != END);
	reap_all();
	close(fds[0]);
	return check_trees();
}

static void run_many(int count)
{
	struct session s;
	int i, processes = 0;

	rng = seed_of_run();
	driver = getpid();
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	trees = share(TREES * sizeof(*trees));
	session_open(&s);
	for (i = 0; i < count / TREES; i++)
		processes += run_trees(&s);
	note("%d trees, %d processes", count, processes);
}

TEST(model_quick, "300 random trees have the model's records and ends",
     .boot = "two")
{
	run_many(scaled(300));
}

TEST(model_trees, "10,000 random trees have the model's processes, parents and ends",
     .full = true, .limit = 900, .boot = "two")
{
	run_many(10000);
}
