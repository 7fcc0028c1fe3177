// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints that tell of the beginning and the end of processes.
 *
 * They are attached from load to unload and fire for every process of the
 * system: one test, while nothing is registered. A probe is called with
 * preemption disabled up to Linux 6.12 and under SRCU in 7.2, and on PREEMPT_RT
 * may not sleep, allocate or wake anybody: it relies on none of it, takes its
 * own rcu_read_lock() and raw locks only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>
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
	if (!thread_group_leader(child))
		return;
	/*
	 * If a search for descendants does not find the child, we find that
	 * its parent has been reached. Pairs with the one in tree.c's pass().
	 */
	smp_mb();
	if (!urt_index_empty())
		urt_tree_task_fork(parent, child);
}

static void on_exit(URT_EXIT_PROBE_ARGS)
{
	if (!urt_index_empty())
		urt_entry_task_exit(task);
}

/*
 * The leader's is the process's end. A leader that execve() of another thread
 * replaced is none any more when it gets here.
 */
static void on_free(void *data, struct task_struct *task)
{
	if (!urt_index_empty() && thread_group_leader(task))
		urt_entry_task_free(task);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;	/* while attached */
} probes[] = {
	{ "sched_process_fork", on_fork },
	{ "sched_process_exit", on_exit },
	{ "sched_process_free", on_free },
};

/* The kernel exports the walk over its tracepoints, not each of them. */
static void note_tracepoint(struct tracepoint *tp, void *data)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tracepoint = tp;
	}
}

static void detach(int n)
{
	while (n--)
		tracepoint_probe_unregister(probes[n].tracepoint,
					    probes[n].probe, NULL);
	/* No probe is running when this returns. */
	tracepoint_synchronize_unregister();
}

/**
 * urt_lifecycle_init() - attach the probes
 *
 * Return: 0, -ENOENT on a kernel without these tracepoints, or what
 * tracepoint_probe_register() says.
 */
int urt_lifecycle_init(void)
{
	int i, err;

	for_each_kernel_tracepoint(note_tracepoint, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i].tracepoint)
			err = tracepoint_probe_register(probes[i].tracepoint,
							probes[i].probe, NULL);
		else
			err = -ENOENT;
		if (err) {
			pr_err("cannot attach to tracepoint %s: %d\n",
			       probes[i].name, err);
			detach(i);
			return err;
		}
	}
	return 0;
}

void urt_lifecycle_exit(void)
{
	detach(ARRAY_SIZE(probes));
}
