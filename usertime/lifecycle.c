// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints that tell of the beginning and the end of processes.
 *
 * They fire for every process of the system: for one test, while nothing is
 * registered. Those of exit and free are attached from load to unload; that of
 * fork from the first tree on, since the kernel's part of calling it costs more
 * than ours. (It stays: attaching patches the kernel's code on all CPUs, which
 * users should not be able to cause as often as they like.) A probe is called
 * with preemption disabled up to Linux 6.12 and under SRCU in 7.2, and on
 * PREEMPT_RT may not sleep, allocate or wake anybody: it relies on none of it,
 * takes its own rcu_read_lock() and raw locks only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "entry.h"
#include "index.h"
#include "lifecycle.h"
#include "tree.h"

/* The parent is whoever forks; threads are no news. */
static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	struct hlist_head *bucket;

	if (!thread_group_leader(child))
		return;
	/*
	 * If a search for descendants does not find the child, we find that
	 * its parent has been reached. Pairs with the one in tree.c's pass().
	 */
	smp_mb();
	bucket = urt_index_look(parent->signal);
	if (bucket)
		urt_tree_task_fork(bucket, parent, child);
}

/*
 * Threads that leave others behind are no news, either: whoever registers a
 * process in many sessions makes its threads no slower.
 */
static void on_exit(URT_EXIT_PROBE_ARGS)
{
	struct hlist_head *bucket = urt_index_look(task->signal);

	if (bucket && !atomic_read(&task->signal->live))
		urt_entry_task_exit(bucket, task);
}

/*
 * The leader's is the process's end. A leader that execve() of another thread
 * replaced is none any more when it gets here.
 */
static void on_free(void *data, struct task_struct *task)
{
	struct hlist_head *bucket = urt_index_look(task->signal);

	if (bucket && thread_group_leader(task))
		urt_entry_task_free(bucket, task);
}

enum { FORK, EXIT, FREE, PROBES };

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
	bool attached;
} probes[PROBES] = {
	[FORK] = { "sched_process_fork", on_fork },
	[EXIT] = { "sched_process_exit", on_exit },
	[FREE] = { "sched_process_free", on_free },
};

static DEFINE_MUTEX(fork_lock);		/* who attaches to fork */

/* The kernel exports the walk over its tracepoints, not each of them. */
static void note_tracepoint(struct tracepoint *tp, void *data)
{
	int i;

	for (i = 0; i < PROBES; i++) {
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tracepoint = tp;
	}
}

static int attach(int i)
{
	int err;

	err = tracepoint_probe_register(probes[i].tracepoint, probes[i].probe,
					NULL);
	if (err)
		pr_err_ratelimited("no probe at tracepoint %s: %d\n",
				   probes[i].name, err);
	else
		probes[i].attached = true;
	return err;
}

static void detach_all(void)
{
	int i;

	for (i = 0; i < PROBES; i++) {
		if (probes[i].attached)
			tracepoint_probe_unregister(probes[i].tracepoint,
						    probes[i].probe, NULL);
	}
	/* No probe is running when this returns. */
	tracepoint_synchronize_unregister();
}

/**
 * urt_lifecycle_init() - attach the probes of exit and free
 *
 * Return: 0, -ENOENT on a kernel without these tracepoints, or what
 * tracepoint_probe_register() says.
 */
int urt_lifecycle_init(void)
{
	int i, err;

	for_each_kernel_tracepoint(note_tracepoint, NULL);
	for (i = 0; i < PROBES; i++) {
		if (!probes[i].tracepoint) {
			pr_err("there is no tracepoint %s\n", probes[i].name);
			return -ENOENT;
		}
	}
	err = attach(EXIT);
	if (!err)
		err = attach(FREE);
	if (err)
		detach_all();
	return err;
}

void urt_lifecycle_exit(void)
{
	detach_all();
}

/**
 * urt_lifecycle_follow_forks() - attach the probe of fork, if it is not yet
 *
 * Whoever forks after this has returned comes to urt_tree_task_fork().
 *
 * Return: 0, what tracepoint_probe_register() says, or -EINTR when killed.
 */
int urt_lifecycle_follow_forks(void)
{
	int err = 0;

	if (mutex_lock_killable(&fork_lock))
		return -EINTR;
	if (!probes[FORK].attached)
		err = attach(FORK);
	mutex_unlock(&fork_lock);
	return err;
}
