// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes of fork, exit and free, and all that happens in them. Their
 * tracepoints tell of the beginning and the end of processes.
 *
 * The tracepoints fire for every process of the system. While nothing is
 * registered, the probes of exit and free make one test. They are attached from
 * load to unload. The probe of fork also has a barrier. It is attached from the
 * first tree word on, because the kernel's part of the call costs more than
 * ours. It then stays, because attaching patches the code of the kernel on all
 * CPUs. Users must not be able to cause that as often as they like.
 *
 * Linux 6.12 calls probes with preemption disabled, and 7.2 under SRCU. Ours do
 * not rely on either. They take rcu_read_lock() themselves. On PREEMPT_RT, a
 * probe may not allocate, nor take a lock that sleeps. Ours take raw locks
 * only.
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
#include "sample.h"

/* --- fork --- */

/* Return: whether the entry is a member, by a search that has succeeded. */
static bool is_member(const struct urt_entry *entry)
{
	return entry->member ||
	       entry->searches & entry->registry->committing;
}

/* Return: the running searches that have reached the entry. */
static u32 searches_of(const struct urt_entry *entry)
{
	return entry->searches & entry->registry->searching;
}

/*
 * The child inherits membership, and the running searches that have reached the
 * parent.
 */
static void inherit(const struct urt_entry *parent, struct urt_entry *child)
{
	WRITE_ONCE(child->searches, child->searches | searches_of(parent));
	if (is_member(parent)) {
		child->committed = true;
		child->member = true;
	}
}

/* A child that is being forked, and its samples, for all of its entries. */
struct fork {
	struct task_struct *child;
	struct urt_samples *samples;	/* or NULL */
};

/* No probe can find the entry yet. */
static void want_samples(struct urt_entry *entry, const struct fork *fork)
{
	struct urt_precise *precise = urt_entry_precise(entry);

	if (!precise)
		return;
	precise->samples = fork->samples;
	if (fork->samples)
		urt_samples_want(fork->samples, entry->registry->precise_us);
}

/* Uses *spare, or else the pool. Return: whether the child is registered. */
static bool add_child(struct urt_entry *parent, const struct fork *fork,
		      struct urt_entry **spare)
{
	struct task_struct *child = fork->child;
	struct urt_registry *reg = parent->registry;
	struct urt_user *payer = parent->tree;
	struct urt_entry *entry;

	if (urt_quota_charge(payer, parent->tree_exempt))
		return false;
	entry = *spare ?: urt_pool_take(reg);
	if (!entry) {
		urt_quota_uncharge(payer, 1);	/* not the last one; no lock */
		return false;
	}
	*spare = NULL;
	urt_entry_prepare(entry, reg, child, task_tgid(child));
	entry->user = payer;
	urt_entry_join_tree(entry, payer, parent->tree_exempt);
	inherit(parent, entry);
	want_samples(entry, fork);
	/* Before the entry can be on final: urt_registry_collect_final(). */
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
 * The child was registered before this probe ran, by its number or by a search.
 * It now inherits what it would have inherited then, but keeps its user.
 */
static void make_member(struct urt_entry *parent, struct urt_entry *child)
{
	if (!child->tree)
		urt_entry_join_tree(child, parent->tree, parent->tree_exempt);
	inherit(parent, child);
}

/* Counts a missed child. Return: whether it is the first one to report. */
static bool miss_child(struct urt_entry *parent)
{
	struct urt_registry *reg = parent->registry;
	bool first;

	/* Only searches have reached the parent. They look again instead. */
	if (!is_member(parent)) {
		reg->search_again |= searches_of(parent);
		return false;
	}
	/*
	 * stat shows the count. The barrier of atomic64_inc_return() pairs with
	 * smp_rmb() in view.c's render(). Without the pair, a text with the old
	 * count could be taken for one of the new version.
	 */
	first = atomic64_inc_return(&reg->missed) == 1;
	atomic64_inc(&reg->version);
	return first;
}

static void register_child(struct urt_entry *parent, struct fork *fork)
{
	struct urt_registry *reg = parent->registry;
	struct urt_entry *spare = NULL, *old;
	unsigned long flags;
	bool first = false;

	/*
	 * GFP_ATOMIC may use reserves. Memory pressure from other users thus
	 * costs fewer children than with GFP_NOWAIT.
	 */
	if (!URT_PROBES_NEED_POOL)
		spare = urt_entry_alloc(reg, GFP_ATOMIC | __GFP_ACCOUNT |
					__GFP_NOWARN);
	if (READ_ONCE(reg->precise_us) && !fork->samples)
		fork->samples = urt_samples_alloc_in_probe();
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	if (!parent->unlinked && parent->tree &&
	    (is_member(parent) || searches_of(parent))) {
		old = find_child(reg, fork->child);
		if (old)
			make_member(parent, old);
		else if (!add_child(parent, fork, &spare))
			first = miss_child(parent);
	}
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (spare)
		urt_entry_free(spare);
	if (first)
		urt_pace_queue_upkeep(reg);
}

/*
 * Handles a child that has not run yet. @parent is the process that called
 * clone(), even if the child has another parent (CLONE_PARENT). This is
 * out of line, so that unregistered processes need not save registers for it.
 */
static noinline void handle_fork(struct hlist_head *bucket,
				 struct task_struct *parent,
				 struct task_struct *child)
{
	struct fork fork = { .child = child };
	struct urt_entry *entry;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, parent->signal); entry;
	     entry = urt_index_next(entry)) {
		if (READ_ONCE(entry->tree))
			register_child(entry, &fork);
	}
	rcu_read_unlock();
	if (fork.samples) {
		urt_sample_child(child, fork.samples);
		urt_samples_put(fork.samples);
	}
}

/* Of new threads, only those of a sampled process are of interest. */
static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	struct hlist_head *bucket;

	if (!thread_group_leader(child)) {
		if (urt_sample_has_notifier(parent))
			urt_sample_thread(child);
		return;
	}
	/*
	 * Pairs with smp_mb() in tree.c's pass(). Without the pair, a search
	 * could miss the child while this probe misses that the search has
	 * reached the parent.
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

/*
 * Runs at the exit of the last thread. If several threads exit at once, this
 * may run for each of them.
 */
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
 * Ignores a thread that leaves other threads behind. Thus a user who registers
 * a process in many sessions does not slow its threads down.
 */
static void on_exit(URT_EXIT_PROBE_ARGS)
{
	/*
	 * do_exit() has counted signal->live down, with a full barrier. The
	 * barrier pairs with the one in urt_entry_start().
	 */
	struct hlist_head *bucket = urt_index_look(task->signal);

	if (bucket && !atomic_read(&task->signal->live))
		handle_exit(bucket, task);
}

/* --- free --- */

/* Notes the exit status, and what decides which readers may see it. */
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

/* Return: the samples, which the entry does not want any more, or NULL. */
static struct urt_samples *note_final_precise(struct urt_precise *precise,
					      struct task_struct *leader)
{
	struct urt_samples *samples = precise->samples;

	urt_cputime_final_precise(leader, &precise->entry.final_time, samples,
				  &precise->final_accuracy);
	precise->samples = NULL;
	return samples;
}

/*
 * Return: whether the caller has to queue upkeep; *samples: what it has to give
 * back after it has released probe_lock, or NULL.
 */
static bool note_final(struct urt_entry *entry, struct task_struct *leader,
		       struct urt_samples **samples)
{
	struct urt_registry *reg = entry->registry;

	lockdep_assert_held(&reg->probe_lock);
	*samples = NULL;
	if (entry->unlinked || entry->final)
		return false;
	/* No refresh samples it: its release is a grace period ago. */
	entry->final_time = entry->time;
	if (entry->precise)
		*samples = note_final_precise(urt_entry_precise(entry), leader);
	else
		urt_cputime_final(leader, &entry->final_time);
	if (reg->ops) {
		note_record(entry, leader);
		hlist_del_init_rcu(&entry->exited);
	} else {
		urt_entry_note_exited(entry, leader);
	}
	/*
	 * Pairs with the acquire in sample_entry(). Without the pair, a refresh
	 * could see final set and still read an old final_time.
	 */
	smp_store_release(&entry->final, true);
	return reg->ops && llist_add(&entry->final_node, &reg->final);
}

static noinline void handle_free(struct hlist_head *bucket,
				 struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;
	struct urt_entry *entry, *next;
	struct urt_samples *samples;
	struct urt_registry *reg;
	unsigned long flags;
	bool tell;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, sig); entry; entry = next) {
		next = urt_index_next(entry);
		reg = entry->registry;
		raw_spin_lock_irqsave(&reg->probe_lock, flags);
		urt_index_del(entry);
		tell = note_final(entry, leader, &samples);
		raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
		if (samples)
			urt_samples_unwant(samples);
		if (tell)
			urt_pace_queue_upkeep(reg);
	}
	rcu_read_unlock();
}

/*
 * The kernel frees the leader last. If execve() of another thread has replaced
 * a leader, the old one is no leader any more when it gets here.
 */
static void on_free(void *data, struct task_struct *task)
{
	struct hlist_head *bucket;

	if (!atomic_read(&urt_indexed))
		return;
	/* The notifier of a thread goes with its memory. */
	if (urt_sample_has_notifier(task))
		urt_sample_forget(task);
	bucket = urt_index_look(task->signal);
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

static DEFINE_MUTEX(fork_lock);		/* one task attaches to fork */

/* The kernel exports a walk over its tracepoints, but not each of them. */
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

static void detach(int i)
{
	if (probes[i].attached)
		tracepoint_probe_unregister(probes[i].tracepoint,
					    probes[i].probe, NULL);
	probes[i].attached = false;
}

static void detach_all(void)
{
	int i;

	for (i = 0; i < PROBES; i++)
		detach(i);
	/* No probe is running when this returns. */
	tracepoint_synchronize_unregister();
}

/**
 * urt_lifecycle_init() - attach the probes of exit and free
 *
 * Context: Process. May sleep.
 * Return: 0, -ENOENT on a kernel without these tracepoints, or an error of
 * tracepoint_probe_register().
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

/**
 * urt_lifecycle_exit() - detach all probes
 *
 * Context: Process. Waits until no probe is running.
 */
void urt_lifecycle_exit(void)
{
	detach(FORK);
	tracepoint_synchronize_unregister();
	urt_sample_stop();
	detach_all();
}

/**
 * urt_lifecycle_follow_forks() - attach the probe of fork, at the first call
 *
 * Every fork that begins after this has returned calls on_fork().
 *
 * Context: Process. Takes fork_lock.
 * Return: 0, an error of tracepoint_probe_register(), or -EINTR if killed.
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
