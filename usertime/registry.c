// SPDX-License-Identifier: GPL-2.0-only
/*
 * A registry is a list of processes behind a mutex. A timer refreshes it.
 *
 * Lock order. In each group, a task takes a lock only while it holds no other
 * locks than those of the group that are above it and less indented:
 *	session's write_lock, file's write_lock
 *	  mmap_lock			of the task that writes, maps or unmaps
 *	  lifecycle.c's fork_lock	nothing of ours inside
 *	  sample.c's use_lock		nothing of ours inside
 *	  part's search_lock		one search of a part in status
 *	    registry->lock		the mutex: list, values, timer's arming
 *	      registry->probe_lock	raw; with probes: an entry's second half
 *	        index.c's bucket lock	raw; with probes
 *	        sample.c's all_lock	raw; with probes
 *	        samples->lock		raw; also inside the runqueue's lock
 *	      quota.c's users_lock	when a charge is given back
 *	      wake.c's waiters_lock	nothing inside
 *	      locks of registry->wait and of a session's readers; epoll's inside
 *	file's read_lock
 *	  view->lock
 *	    registry->lock
 *	kernel_param_lock		of the task that writes interval_ms
 *	  registry->lock
 *	user's views_lock		nothing inside
 * The module allocates for a user only while it holds no lock that other users
 * may want. The exception is search_lock, which users of one container share. A
 * preempted renderer keeps the lock of a registry, and a refresh waits for it.
 *
 * Probes never take the mutex. They put entries on two lock-free lists. The
 * list forked has entries of children, until they are put on the list of
 * entries. The list final has the final entries of a session. A task that holds
 * the mutex empties both lists when it needs to (urt_registry_link_forked(),
 * urt_registry_collect_final()). The upkeep work does so when a record has
 * come.
 *
 * The timer (pace.c) may fire while a task empties or ends its registry. The
 * work that it queues then finds nothing to do, or urt_registry_exit() cancels
 * the work.
 *
 * entry.c has the lifetime of an entry.
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
#include "sample.h"
#include "wake.h"

void (*urt_registry_set_up_halves)(struct urt_registry *reg) __ro_after_init;

/* --- what probes leave behind --- */

/* Takes over all entries of a list. Return: the oldest one, or NULL. */
static struct llist_node *take(struct llist_head *head)
{
	return llist_empty(head) ? NULL :
				   llist_reverse_order(llist_del_all(head));
}

/**
 * urt_registry_link_forked() - give new members their place on the list
 * @reg: the registry
 *
 * Call this after finding an entry in the index, and before using it as an
 * entry on the list.
 *
 * Context: Process. The caller holds @reg->lock.
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
 * @reg: the registry; it may be empty afterwards
 * @entry: on its list
 *
 * Context: Process. The caller holds @reg->lock. Takes @reg->probe_lock.
 */
void urt_registry_drop(struct urt_registry *reg, struct urt_entry *entry)
{
	urt_entry_unlink(entry);
	/* A session's final entry is on @final. The collector frees it. */
	if (!reg->ops || !entry->final)
		urt_entry_free_rcu(entry);
	reg->count--;
	atomic64_inc(&reg->version);
}

/**
 * urt_registry_announce() - start the next generation and wake its waiters
 * @reg: the registry; its values are those of @reg->time_ns
 *
 * Context: Process. The caller holds @reg->lock. Takes locks of waiters. May
 * sleep.
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
 * urt_registry_disarm_if_empty() - stop the timer of an empty registry
 * @reg: the registry; call this when an entry has left its list
 *
 * One look is enough. A probe registers a child only while its parent is
 * registered, and puts the child on @forked before the parent can leave.
 *
 * An empty session gets one more generation here, because no refresh would take
 * the last process out of its map.
 *
 * Context: Process. The caller holds @reg->lock. Waits for a timer that fires.
 * May sleep.
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
 * urt_registry_collect_final() - take over what probes have left behind
 * @reg: the registry
 *
 * Puts forked entries on the list, and makes records of a session's final ones.
 *
 * Context: Process. The caller holds @reg->lock. May sleep.
 */
void urt_registry_collect_final(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;
	struct llist_node *first;
	LIST_HEAD(entries);
	unsigned int n = 0;

	/*
	 * Take @final before @forked. An entry gets onto @forked before it gets
	 * onto @final. Each entry of @final is therefore on the list when it is
	 * unlinked.
	 */
	first = take(&reg->final);
	urt_registry_link_forked(reg);
	if (!first)
		return;
	llist_for_each_entry_safe(entry, next, first, final_node) {
		if (entry->unlinked) {	/* it leaves no record */
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

/* Context: RCU read side. Leader and pid stay valid until rcu_read_unlock(). */
static struct task_struct *find_process(const struct urt_opener *who, pid_t nr,
					struct pid **pid)
{
	struct task_struct *leader = urt_opener_find(who, nr);

	/* A task that is being released may have lost its pid already. */
	*pid = leader ? READ_ONCE(leader->signal->pids[PIDTYPE_TGID]) : NULL;
	return *pid ? leader : NULL;
}

struct request {
	const struct urt_opener *who;
	pid_t nr;
	enum urt_role role;
	u32 search;
	struct urt_samples *fresh;	/* current registers itself */
};

static int may_add(const struct urt_registry *reg, const struct request *req,
		   struct task_struct *leader)
{
	const struct urt_opener *who = req->who;

	switch (req->role) {
	case URT_DESCENDANT:	/* its number may mean another process by now */
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
 * Commits an entry, so that the undo of a search keeps it. Charges @who, unless
 * the entry was committed before. Return: 0 or -EDQUOT; *put: a reference that
 * the caller puts, if set.
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
 * Return: 0 for a new entry, 1 if the process is registered already, or an
 * error; *put: a reference that the caller puts, if set.
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

/* Return: whether a number is that of the calling process or of its thread. */
static bool is_current(const struct urt_opener *who, pid_t nr)
{
	bool is;

	rcu_read_lock();
	is = urt_opener_find(who, nr) == current->group_leader;
	rcu_read_unlock();
	return is;
}

/* Context: RCU read side. The calling process is sampled from now on. */
static void sample_current(struct urt_registry *reg, const struct request *req)
{
	struct urt_entry *entry = urt_entry_find(reg, current);
	struct urt_precise *precise = entry ? urt_entry_precise(entry) : NULL;

	if (precise && !precise->samples &&
	    urt_opener_may_tree(req->who, current->group_leader))
		precise->samples = urt_sample_current(req->fresh,
						      reg->precise_us,
						      &entry->time);
}

/*
 * If find_process() finds the task, its sched_process_free comes after
 * rcu_read_unlock(), and the probe finds the entry in the index.
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
	urt_registry_link_forked(reg);	/* keeps the order, mostly */
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
	if (err >= 0 && req->fresh)
		sample_current(reg, req);
	rcu_read_unlock();
	if (put)
		urt_user_put(put);
	/* Another file may have emptied the registry, which ends its pool. */
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
 * @reg: the registry
 * @who: the opener who wants it
 * @nr: number of the process, or of one of its threads, as @who counts
 * @role: how the process is registered
 * @search: bit of the search that adds it; 0 if @role is URT_PLAIN; see tree.c
 *
 * Context: Process. Allocates memory, then takes @reg->lock.
 * Return: 0, also if the process is registered already; -ESRCH, -EPERM, -EDQUOT
 * or -ENOSPC as in urt.h; -ENOMEM; -EINTR if killed while waiting.
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

	/* Allocate before locking, so that slow memory delays no other user. */
	entry = urt_entry_alloc(reg, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	if (entry->precise && is_current(who, nr)) {
		req.fresh = urt_samples_alloc();
		if (!req.fresh) {
			urt_entry_free(entry);
			return -ENOMEM;
		}
	}
	err = mutex_lock_killable(&reg->lock);
	if (!err) {
		err = add_locked(reg, &req, entry);
		mutex_unlock(&reg->lock);
	}
	if (err)
		urt_entry_free(entry);
	if (req.fresh)
		urt_samples_put(req.fresh);
	return err > 0 ? 0 : err;
}

/*
 * Finds an exited process, which has no task any more. The walk needs RCU,
 * because probes add to this list and remove from it meanwhile.
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
	/*
	 * The entry stays after RCU ends, since only a task with the lock frees
	 * it.
	 */
	entry = leader ? urt_entry_find(reg, leader) :
			 find_exited(reg, who, nr);
	rcu_read_unlock();
	urt_registry_link_forked(reg);
	return entry;
}

/*
 * A search may lose an entry before it has reached the children of the entry.
 * The search must then look again.
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
 * @reg: the registry
 * @who: the opener who wants it
 * @nr: number of a living process or of one of its threads, or else of an
 *	exited process, as @who counts
 *
 * Context: Process. Takes @reg->lock and its probe_lock. Waits for a timer that
 * fires.
 * Return: 0; -ENOENT if the process is not registered; -EPERM if @who neither
 * registered nor owns it, and has no CAP_SYS_PTRACE; -EINTR if killed while
 * waiting.
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
 * urt_registry_init() - set up an empty registry
 * @reg: the registry; zeroed
 * @interval_ms: time between two refreshes
 * @ops: callbacks to its owner, or NULL
 * @quiet_until: end of the pause after earlier work; all sessions of a part of
 *		 an account share it
 *
 * Context: Process. No other task can reach @reg yet.
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
 * @reg: the registry
 * @ms: the new interval; the caller has checked its bounds
 *
 * Context: Process. Takes @reg->lock.
 */
void urt_registry_set_interval(struct urt_registry *reg, unsigned int ms)
{
	mutex_lock(&reg->lock);
	reg->interval_ms = ms;
	atomic64_inc(&reg->version);	/* stat shows the interval */
	urt_pace_arm(reg);
	urt_registry_changed(reg);
	mutex_unlock(&reg->lock);
}

/**
 * urt_registry_set_precision() - sample members that are forked from now on
 * @reg: the registry
 * @us: microseconds between two samples, at first
 *
 * Context: Process. Takes @reg->lock. May sleep.
 * Return: 0, or an error of urt_sample_check() or urt_sample_begin().
 */
int urt_registry_set_precision(struct urt_registry *reg, unsigned int us)
{
	bool renew;
	int err;

	err = urt_sample_check(us);
	if (!err)
		err = urt_sample_begin();
	if (err)
		return err;
	mutex_lock(&reg->lock);
	renew = !reg->precise_us;
	WRITE_ONCE(reg->precise_us, us);
	mutex_unlock(&reg->lock);
	/* Earlier entries have no room for samples. */
	if (renew)
		urt_pool_renew(reg);
	return 0;
}

static void drop_all(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;

	do {
		list_for_each_entry_safe(entry, next, &reg->entries, list) {
			urt_registry_drop(reg, entry);
			cond_resched();
		}
		urt_registry_link_forked(reg);	/* children forked meanwhile */
	} while (reg->count);
}

/**
 * urt_registry_exit() - forget all processes
 * @reg: a registry that no file can reach any more
 *
 * When this returns, neither timer nor work will run again. Upkeep may still
 * run: a probe may queue it until a grace period has passed.
 *
 * Context: Process. Takes @reg->lock and its probe_lock. Waits for the timer
 * and the work.
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
