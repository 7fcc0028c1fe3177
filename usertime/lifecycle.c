// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fork, exit and free: the tracepoints that tell of the beginning and the end of
 * processes, and all that happens at them.
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

#include "lifecycle.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "entry.h"
#include "index.h"
#include "opener.h"
#include "pace.h"
#include "pool.h"
#include "quota.h"
#include "registry.h"

/* --- fork --- */

/* Return: whether it is a member by a word that has been done. */
static bool is_member(const struct urt_entry *entry)
{
	return entry->member ||
	       entry->searches & entry->registry->committing;
}

/* Return: the searches under way that have reached it. */
static u32 searches_of(const struct urt_entry *entry)
{
	return entry->searches & entry->registry->searching;
}

/* The child is a member as its parent is, by a word or by searches. */
static void inherit(const struct urt_entry *parent, struct urt_entry *child)
{
	WRITE_ONCE(child->searches, child->searches | searches_of(parent));
	if (is_member(parent)) {
		child->committed = true;
		child->member = true;
	}
}

/* Return: whether the child is registered; if so, *spare may be used up. */
static bool add_child(struct urt_entry *parent, struct task_struct *child,
		      struct urt_entry **spare)
{
	struct urt_registry *reg = parent->registry;
	struct urt_user *payer = parent->tree;
	struct urt_entry *entry;

	if (urt_quota_charge(payer, parent->tree_exempt))
		return false;
	entry = *spare ?: urt_pool_take(reg);
	if (!entry) {
		urt_quota_uncharge(payer, 1);	/* not its last reference */
		return false;
	}
	*spare = NULL;
	urt_entry_prepare(entry, reg, child, task_tgid(child));
	entry->user = payer;
	urt_entry_join_tree(entry, payer, parent->tree_exempt);
	inherit(parent, entry);
	/* Before it can be final: see urt_registry_collect_final(). */
	llist_add(&entry->forked, &reg->forked);
	urt_entry_start(entry, child);
	return true;
}

static struct urt_entry *find_child(const struct urt_registry *reg,
				    const struct task_struct *child)
{
	return urt_index_look(child->signal) ? urt_entry_find(reg, child) :
					       NULL;
}

/*
 * Somebody has registered the child before we are told of it: by its number, or
 * in a search. It is a member as if we had come first.
 */
static void make_member(struct urt_entry *parent, struct urt_entry *child)
{
	if (!child->tree)
		urt_entry_join_tree(child, parent->tree, parent->tree_exempt);
	inherit(parent, child);
}

/* Return: whether it counts as missed, and nobody has been told of one yet. */
static bool miss_child(struct urt_entry *parent)
{
	struct urt_registry *reg = parent->registry;

	/* Not counted before the search has ended: it looks again. */
	if (!is_member(parent)) {
		reg->search_again |= searches_of(parent);
		return false;
	}
	atomic64_inc(&reg->version);	/* stat shows it */
	return atomic64_inc_return(&reg->missed) == 1;
}

static void register_child(struct urt_entry *parent, struct task_struct *child)
{
	struct urt_registry *reg = parent->registry;
	struct urt_entry *spare = NULL, *old;
	unsigned long flags;
	bool first = false;

	/* Others' memory pressure must not cost a record: hence not GFP_NOWAIT. */
	if (!URT_PROBES_NEED_POOL)
		spare = urt_entry_alloc(GFP_ATOMIC | __GFP_ACCOUNT |
					__GFP_NOWARN);
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	if (!parent->unlinked && parent->tree &&
	    (is_member(parent) || searches_of(parent))) {
		old = find_child(reg, child);
		if (old)
			make_member(parent, old);
		else if (!add_child(parent, child, &spare))
			first = miss_child(parent);
	}
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (spare)
		urt_entry_free(spare);
	if (first)
		urt_pace_queue_upkeep(reg);
}

/*
 * Of a child that has not run yet. The parent is whoever called fork(), whoever
 * it made the child's. Out of line: processes that nobody registered do not pay
 * for its registers.
 */
static noinline void handle_fork(struct hlist_head *bucket,
				 struct task_struct *parent,
				 struct task_struct *child)
{
	struct urt_entry *entry;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, parent->signal); entry;
	     entry = urt_index_next(entry)) {
		if (READ_ONCE(entry->tree))
			register_child(entry, child);
	}
	rcu_read_unlock();
}

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
		handle_fork(bucket, parent, child);
}

/* --- exit --- */

static void note_exit(struct urt_entry *entry, struct task_struct *task)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	if (entry->unlinked || entry->final)
		return;
	urt_entry_note_identity(entry, task->group_leader);
	entry->end_ns = ktime_get_boottime_ns();
	urt_entry_note_exited(entry, task);
}

/* Of the last thread; several may each believe that it is theirs. */
static noinline void handle_exit(struct hlist_head *bucket,
				 struct task_struct *task)
{
	struct urt_entry *entry;
	unsigned long flags;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, task->signal); entry;
	     entry = urt_index_next(entry)) {
		raw_spin_lock_irqsave(&entry->registry->probe_lock, flags);
		note_exit(entry, task);
		raw_spin_unlock_irqrestore(&entry->registry->probe_lock, flags);
	}
	rcu_read_unlock();
}

/*
 * Threads that leave others behind are no news, either: whoever registers a
 * process in many sessions makes its threads no slower.
 */
static void on_exit(URT_EXIT_PROBE_ARGS)
{
	struct hlist_head *bucket = urt_index_look(task->signal);

	if (bucket && !atomic_read(&task->signal->live))
		handle_exit(bucket, task);
}

/* --- free --- */

/* What an exit record says beyond what stat does. */
static void note_record(struct urt_entry *entry, struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;
	const struct cred *cred = __task_cred(leader);

	entry->dumpable = urt_was_dumpable(leader);
	entry->same_creds = urt_opener_same_creds(entry->registry->opener,
						  cred);
	if (!entry->same_creds)
		entry->user_ns = get_user_ns(cred->user_ns);
	entry->status = (sig->flags & SIGNAL_GROUP_EXIT) ?
			sig->group_exit_code : leader->exit_code;
}

/* Return: whether somebody has to be told. */
static bool note_final(struct urt_entry *entry, struct task_struct *leader)
{
	struct urt_registry *reg = entry->registry;

	lockdep_assert_held(&reg->probe_lock);
	if (entry->unlinked || entry->final)
		return false;
	/* The last sample was taken under RCU. It has ended by now. */
	entry->final_time = entry->time;
	urt_cputime_final(leader, &entry->final_time);
	if (reg->ops) {
		note_record(entry, leader);
		hlist_del_init_rcu(&entry->exited);
	} else {
		urt_entry_note_exited(entry, leader);
	}
	/* Pairs with the acquire in sample_entry(). */
	smp_store_release(&entry->final, true);
	return reg->ops && llist_add(&entry->final_node, &reg->final);
}

static noinline void handle_free(struct hlist_head *bucket,
				 struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;
	struct urt_entry *entry, *next;
	struct urt_registry *reg;
	unsigned long flags;
	bool tell;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, sig); entry; entry = next) {
		next = urt_index_next(entry);
		reg = entry->registry;
		raw_spin_lock_irqsave(&reg->probe_lock, flags);
		urt_index_del(entry);
		tell = note_final(entry, leader);
		raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
		if (tell)
			urt_pace_queue_upkeep(reg);
	}
	rcu_read_unlock();
}

/*
 * The leader's is the process's end. A leader that execve() of another thread
 * replaced is none any more when it gets here.
 */
static void on_free(void *data, struct task_struct *task)
{
	struct hlist_head *bucket = urt_index_look(task->signal);

	if (bucket && thread_group_leader(task))
		handle_free(bucket, task);
}

/* --- attaching --- */

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
 * Every fork that begins after this has returned calls on_fork().
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
