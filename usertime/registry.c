// SPDX-License-Identifier: GPL-2.0-only
/*
 * A registry: a mutex-protected list of processes, refreshed by a timer.
 *
 * Lock order:
 *	session's write_lock, file's write_lock
 *	  mmap_lock			of who writes, maps or unmaps a session
 *	  lifecycle.c's fork_lock	nothing of ours inside
 *	  part's search_lock		one search of a user in status
 *	    registry->lock		lists, values, the timer's arming
 *	      registry->probe_lock	raw; with probes: an entry's second half
 *	        index.c's bucket lock	raw; with probes
 *	      quota.c's users_lock	when a charge is given back
 *	      wake.c's waiters_lock	nothing inside
 *	      registry->wait's lock	with epoll's inside
 *	file's read_lock
 *	  view->lock
 *	    registry->lock
 *	kernel_param_lock		of who writes interval_ms
 *	  registry->lock
 *	user's views_lock		nothing inside
 * No lock that others may want is held while memory is allocated for a user.
 * Renderers hold a registry's lock for as long as they are scheduled to run
 * through its list; a refresh waits for them.
 *
 * Probes never take the mutex. What they find out waits on two lock-free lists:
 * forked, of members that are in the index but not on the list yet, and final, of
 * final entries that a session wants as records. A task that holds the mutex and
 * needs to know takes them over (urt_registry_link_forked(),
 * urt_registry_collect_final()). The upkeep work does so when a record has come.
 *
 * The timer (pace.c) may fire once more while its registry empties or dies: the
 * work it queues finds nothing to do, or is cancelled by urt_registry_exit().
 */
#include "registry.h"

#include <linux/capability.h>
#include <linux/hrtimer.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "entry.h"
#include "opener.h"
#include "pace.h"
#include "pool.h"
#include "quota.h"
#include "wake.h"

void (*urt_registry_set_up_halves)(struct urt_registry *reg) __ro_after_init;

/* --- what probes leave behind --- */

/* Takes the entries over. Return: the oldest one. */
static struct llist_node *take(struct llist_head *head)
{
	return llist_empty(head) ? NULL :
				   llist_reverse_order(llist_del_all(head));
}

/**
 * urt_registry_link_forked() - give new members their place on the list
 * @reg: its lock held
 *
 * Also needed by whoever has found an entry in the index, before it uses it as
 * one that is on the list.
 */
void urt_registry_link_forked(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;

	lockdep_assert_held(&reg->lock);
	llist_for_each_entry_safe(entry, next, take(&reg->forked), forked) {
		list_add_tail(&entry->list, &reg->entries);
		reg->count++;
	}
}

/**
 * urt_registry_drop() - forget a process
 * @reg: its lock held; it may be empty afterwards
 * @entry: on its list
 */
void urt_registry_drop(struct urt_registry *reg, struct urt_entry *entry)
{
	urt_entry_unlink(entry);
	/* What is final waits on @final: who collects it from there frees it. */
	if (!reg->ops || !entry->final)
		urt_entry_free_rcu(entry);
	reg->count--;
	atomic64_inc(&reg->version);
}

/**
 * urt_registry_announce() - count the next generation, and wake who waits for it
 * @reg: its lock held; its values are those of @reg->time_ns
 */
void urt_registry_announce(struct urt_registry *reg)
{
	atomic64_inc(&reg->version);
	atomic64_inc(&reg->generation);
	if (reg->ops) {
		reg->ops->refreshed(reg);
		urt_wake(&reg->wait, EPOLLPRI);
	} else {
		urt_waiters_tell();
	}
}

/**
 * urt_registry_disarm_if_empty() - stop the timer when nobody is left
 * @reg: its lock held; somebody has left its list
 *
 * A child that a probe registers has a living parent on the list, or is on
 * @forked before its parent leaves that: one look after the last has left is
 * enough. No refresh would take the last one out of a session's map.
 */
void urt_registry_disarm_if_empty(struct urt_registry *reg)
{
	urt_registry_link_forked(reg);
	if (reg->count)
		return;
	hrtimer_cancel(&reg->timer);
	urt_pool_drain(reg);
	if (reg->ops && !reg->dying) {
		reg->time_ns = ktime_get_boottime_ns();
		urt_registry_announce(reg);
	}
}

/**
 * urt_registry_collect_final() - take over what probes have left behind: final
 *				  entries, and forked ones before them
 * @reg: its lock held
 */
void urt_registry_collect_final(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;
	struct llist_node *first;
	LIST_HEAD(entries);
	unsigned int n = 0;

	/* In this order: what is final was on @forked before. */
	first = take(&reg->final);
	urt_registry_link_forked(reg);
	if (!first)
		return;
	llist_for_each_entry_safe(entry, next, first, final_node) {
		if (entry->unlinked) {	/* unregistered: no record */
			urt_entry_free_rcu(entry);
			continue;
		}
		urt_entry_unlink_final(entry, &entries);
		if (++n % 16)
			continue;
		reg->ops->collected(reg, &entries);
		urt_pace_resched(reg);
	}
	reg->ops->collected(reg, &entries);
	reg->count -= n;
	if (n)
		urt_quota_uncharge(reg->opener->user, n);
	urt_registry_disarm_if_empty(reg);
}

static void upkeep(struct work_struct *work)
{
	struct urt_registry *reg = container_of(to_delayed_work(work),
						struct urt_registry, upkeep);

	mutex_lock(&reg->lock);
	urt_pace_begin(reg);
	urt_registry_collect_final(reg);
	urt_registry_changed(reg);
	urt_pace_pay(reg);
	mutex_unlock(&reg->lock);
	urt_pool_refill_paid(reg);
}

/* --- what users ask for --- */

/* Whoever finds a process under RCU has its leader and its pid for as long. */
static struct task_struct *find_process(const struct urt_opener *who, pid_t nr,
					struct pid **pid)
{
	struct task_struct *leader = urt_opener_find(who, nr);

	/* Being released, it has lost its pid already. */
	*pid = leader ? READ_ONCE(leader->signal->pids[PIDTYPE_TGID]) : NULL;
	return *pid ? leader : NULL;
}

/* What somebody wants to be registered. */
struct request {
	const struct urt_opener *who;
	pid_t nr;
	enum urt_role role;
	u32 search;
};

static int may_add(const struct urt_registry *reg, const struct request *req,
		   struct task_struct *leader)
{
	const struct urt_opener *who = req->who;

	switch (req->role) {
	case URT_DESCENDANT:	/* its number may mean another by now */
		return urt_entry_parent_reached(reg, leader, req->search) ?
		       0 : -ESRCH;
	case URT_ROOT:
		if (!urt_opener_may_tree(who, leader))
			return -EPERM;
		fallthrough;
	default:
		if (who->restricted &&
		    !urt_opener_owns(who, urt_cred_owner(__task_cred(leader))))
			return -EPERM;
		return 0;
	}
}

/*
 * Wanted for itself now, and paid for: it stays if searches are undone. Return:
 * 0 or -EDQUOT; *put: a reference to be put.
 */
static int commit(struct urt_entry *entry, const struct urt_opener *who,
		  struct urt_user **put)
{
	int err;

	if (!entry->committed && entry->user != who->user) {
		err = urt_quota_move(entry->user, who->user, who->exempt);
		if (err)
			return err;
		*put = urt_entry_charge(entry, who->user);
	}
	entry->committed = true;
	return 0;
}

/*
 * Return: 0, or 1 when the process is registered already, or an error; *put: a
 * reference to be put.
 */
static int enter(struct urt_registry *reg, const struct request *req,
		 struct task_struct *leader, struct urt_entry *entry,
		 struct urt_user **put)
{
	const struct urt_opener *who = req->who;
	struct urt_entry *old;
	int err;

	lockdep_assert_held(&reg->probe_lock);
	old = urt_entry_find(reg, leader);
	if (!old) {
		err = urt_quota_charge(who->user, who->exempt);
		if (err)
			return err;
		entry->user = who->user;
		urt_entry_start(entry, leader);
	}
	if (req->role != URT_PLAIN) {
		urt_entry_reach(old ?: entry, who, req->search);
	} else {
		err = commit(old ?: entry, who, put);
		if (err)
			return err;
	}
	return !!old;
}

/*
 * sched_process_free of a task that had not been released when we entered comes
 * after we leave, and finds the entry in the index.
 */
static int add_locked(struct urt_registry *reg, const struct request *req,
		      struct urt_entry *entry)
{
	struct urt_user *put = NULL;
	struct task_struct *leader;
	unsigned long flags;
	struct pid *pid;
	int err;

	lockdep_assert_held(&reg->lock);
	urt_registry_link_forked(reg);	/* they come first */
	rcu_read_lock();
	leader = find_process(req->who, req->nr, &pid);
	err = leader ? may_add(reg, req, leader) : -ESRCH;
	if (!err) {
		urt_entry_prepare(entry, reg, leader, pid);
		urt_entry_sample(entry, leader);
		raw_spin_lock_irqsave(&reg->probe_lock, flags);
		err = enter(reg, req, leader, entry, &put);
		raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	}
	rcu_read_unlock();
	if (put)
		urt_user_put(put);
	/* Another file may have emptied the registry, and the pool with it. */
	if (err >= 0 && req->role == URT_ROOT)
		reg->pooling = URT_PROBES_NEED_POOL;
	if (err)
		return err;

	list_add_tail(&entry->list, &reg->entries);
	reg->ever_used = true;
	if (!reg->count++)
		urt_pace_arm(reg);
	urt_registry_changed(reg);
	return 0;
}

/**
 * urt_registry_add() - register a process
 * @reg: where
 * @who: wants it
 * @nr: its number, or that of one of its threads, as @who counts
 * @role: how it comes in
 * @search: the bit of the one that adds it, unless it is plain; see tree.c
 *
 * Return: 0, also for one that is registered; -ESRCH, -EPERM, -EDQUOT or
 * -ENOSPC as urt.h has it; -ENOMEM; -EINTR when killed while waiting.
 */
int urt_registry_add(struct urt_registry *reg, const struct urt_opener *who,
		     pid_t nr, enum urt_role role, u32 search)
{
	struct request req = {
		.who = who,
		.nr = nr,
		.role = role,
		.search = search,
	};
	struct urt_entry *entry;
	int err;

	/* Before the lock: who is short of memory makes nobody else wait. */
	entry = urt_entry_alloc(GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	err = mutex_lock_killable(&reg->lock);
	if (!err) {
		err = add_locked(reg, &req, entry);
		mutex_unlock(&reg->lock);
	}
	if (err)
		urt_entry_free(entry);
	return err > 0 ? 0 : err;
}

/*
 * An exited process has no task to find it by; there are few of those. Under
 * RCU: probes add to the list meanwhile, and take off. Only the lock lets an entry
 * itself go.
 */
static struct urt_entry *find_exited(struct urt_registry *reg,
				     const struct urt_opener *who, pid_t nr)
{
	struct urt_entry *entry;

	hlist_for_each_entry_rcu(entry, &reg->exited, exited) {
		if (pid_nr_ns(entry->pid, who->pid_ns) == nr)
			return entry;
	}
	return NULL;
}

static struct urt_entry *find_by_number(struct urt_registry *reg,
					const struct urt_opener *who, pid_t nr)
{
	struct task_struct *leader;
	struct urt_entry *entry;

	rcu_read_lock();
	leader = urt_opener_find(who, nr);
	/* Only the lock lets it go: it is there when RCU has ended, too. */
	entry = leader ? urt_entry_find(reg, leader) :
			 find_exited(reg, who, nr);
	rcu_read_unlock();
	urt_registry_link_forked(reg);
	return entry;
}

/*
 * Searches that have reached an entry which is being unregistered may not have
 * reached its children yet.
 */
static void search_again(struct urt_entry *entry)
{
	struct urt_registry *reg = entry->registry;
	unsigned long flags;

	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	reg->search_again |= entry->searches;
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
}

/**
 * urt_registry_remove() - unregister a process
 * @reg: where
 * @who: wants it
 * @nr: its number; a living process's, if there is one, else an exited one's
 *
 * Return: 0, -ENOENT when it is not registered, -EPERM when @who neither
 * registered nor owns it, -EINTR when killed while waiting.
 */
int urt_registry_remove(struct urt_registry *reg, const struct urt_opener *who,
			pid_t nr)
{
	struct urt_entry *entry;
	int err;

	err = mutex_lock_killable(&reg->lock);
	if (err)
		return err;
	urt_registry_collect_final(reg);
	entry = find_by_number(reg, who, nr);
	if (!entry) {
		err = -ENOENT;
	} else if (!urt_opener_owns(who, entry->user->uid) &&
		   !urt_opener_owns(who, urt_entry_owner(entry)) &&
		   !urt_opener_capable(who, CAP_SYS_PTRACE)) {
		err = -EPERM;
	} else {
		search_again(entry);
		urt_registry_drop(reg, entry);
		urt_registry_disarm_if_empty(reg);
	}
	urt_registry_changed(reg);
	mutex_unlock(&reg->lock);
	return err;
}

/* --- lifetime --- */

/**
 * urt_registry_init() - an empty registry
 * @reg: to fill in; zeroed
 * @interval_ms: between two refreshes
 * @ops: of its owner, or NULL
 * @quiet_until: where the time is kept that work has to be paid for; shared
 *		 by all sessions of a user
 */
void urt_registry_init(struct urt_registry *reg, unsigned int interval_ms,
		       const struct urt_registry_ops *ops,
		       atomic64_t *quiet_until)
{
	mutex_init(&reg->lock);
	raw_spin_lock_init(&reg->probe_lock);
	INIT_LIST_HEAD(&reg->entries);
	INIT_LIST_HEAD(&reg->searches);
	INIT_HLIST_HEAD(&reg->exited);
	init_llist_head(&reg->forked);
	init_llist_head(&reg->final);
	init_llist_head(&reg->pool);
	init_waitqueue_head(&reg->wait);
	urt_registry_set_up_halves(reg);
	INIT_DELAYED_WORK(&reg->upkeep, upkeep);
	reg->ops = ops;
	reg->quiet_until = quiet_until;
	reg->interval_ms = interval_ms;
	reg->time_ns = ktime_get_boottime_ns();
}

/**
 * urt_registry_set_interval() - refresh at another pace, from now on
 * @reg: the registry; its lock not held
 * @ms: the new interval; the caller has checked its bounds
 */
void urt_registry_set_interval(struct urt_registry *reg, unsigned int ms)
{
	mutex_lock(&reg->lock);
	reg->interval_ms = ms;
	atomic64_inc(&reg->version);	/* stat shows it */
	urt_pace_arm(reg);
	urt_registry_changed(reg);
	mutex_unlock(&reg->lock);
}

static void drop_all(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;

	do {
		list_for_each_entry_safe(entry, next, &reg->entries, list) {
			urt_registry_drop(reg, entry);
			cond_resched();
		}
		urt_registry_link_forked(reg);	/* what they forked meanwhile */
	} while (reg->count);
}

/**
 * urt_registry_exit() - forget everything
 * @reg: a registry that no file can reach any more
 *
 * Returns when neither timer nor work will run again, but for upkeep: probes
 * may be looking at the registry, and queue it, until the next grace period
 * ends.
 */
void urt_registry_exit(struct urt_registry *reg)
{
	mutex_lock(&reg->lock);
	reg->dying = true;
	mutex_unlock(&reg->lock);
	hrtimer_cancel(&reg->timer);
	cancel_work_sync(&reg->work);

	mutex_lock(&reg->lock);
	urt_registry_link_forked(reg);
	drop_all(reg);
	urt_registry_collect_final(reg);
	urt_pool_drain(reg);
	mutex_unlock(&reg->lock);
}
