// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trees: processes that are registered because their parent is.
 *
 * A member's children enter in the fork tracepoint, before they first run. Its
 * living descendants, when it becomes the root of a tree, are searched for:
 * whoever has a parent that the search has reached is reached, too, and passes
 * over all processes follow until one finds nobody new. That misses nobody:
 * take a descendant that is not reached while its parent is, after a pass that
 * reached nobody. The parent was reached before that pass began (or by the fork
 * probe, and so were all its children). What it forked later, the probe has
 * registered; what it had forked before was there for that pass to find. The
 * barriers that this rests on are in pass() and urt_tree_task_fork(). Only a
 * descendant that its parent has left by exiting is out of sight.
 *
 * If somebody cannot be registered, all that the search has done is undone.
 * Therefore entries carry the number of the search that reached them, or reached
 * who forked them, and what it did to them.
 *
 * Where the probe may not allocate (PREEMPT_RT), it takes entries from a pool
 * of its registry, which process context refills.
 */
#include <linux/idr.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "entry.h"
#include "index.h"
#include "lifecycle.h"
#include "opener.h"
#include "quota.h"
#include "registry.h"
#include "tree.h"
#include "usertime.h"

/* --- the search --- */

/* Return: whether the process is a child of one that the search has reached. */
bool urt_tree_reaches(const struct urt_registry *reg,
		      const struct task_struct *task, unsigned int search)
{
	struct urt_entry *parent;

	parent = urt_entry_find(reg, rcu_dereference(task->real_parent));
	return parent && READ_ONCE(parent->tree) &&
	       READ_ONCE(parent->search) == search;
}

/**
 * urt_tree_reach() - make an entry a member, reached by a search
 * @entry: in a registry whose probe_lock the caller holds
 * @payer: of its children, if nobody is yet
 * @exempt: whether the limit per user is not for the payer
 * @search: its number
 * @added: the search has just registered it
 */
void urt_tree_reach(struct urt_entry *entry, struct urt_user *payer,
		    bool exempt, unsigned int search, bool added)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	if (entry->search == search)
		return;
	if (added)
		entry->brought = URT_ADDED;
	else
		entry->brought = entry->tree ? URT_FOUND : URT_UPGRADED;
	WRITE_ONCE(entry->search, search);
	if (!entry->tree)
		urt_entry_join_tree(entry, payer, exempt);
}

/* Return: the number of the process at *nr or later that is to be reached. */
static pid_t next_to_reach(const struct urt_registry *reg,
			   const struct urt_opener *who, unsigned int search,
			   int *nr)
{
	struct task_struct *leader;
	struct urt_entry *entry;
	struct pid *pid;
	pid_t found = 0;

	rcu_read_lock();
	pid = idr_get_next(&who->pid_ns->idr, nr);
	leader = pid ? pid_task(pid, PIDTYPE_TGID) : NULL;
	if (!pid) {
		*nr = 0;
	} else if (leader && urt_tree_reaches(reg, leader, search)) {
		entry = urt_entry_find(reg, leader);
		if (!entry || READ_ONCE(entry->search) != search)
			found = *nr;
	}
	rcu_read_unlock();
	return found;
}

/* Return: how many a pass over all processes has reached, or an error. */
static int pass(struct urt_registry *reg, const struct urt_opener *who,
		unsigned int search)
{
	int nr = 1, reached = 0, err;
	pid_t found;

	/*
	 * Whoever does not see in its fork probe that its parent has been
	 * reached, we see here. Pairs with the one in urt_tree_task_fork().
	 */
	smp_mb();
	for (;; nr++) {
		found = next_to_reach(reg, who, search, &nr);
		if (!nr)
			return reached;
		if (found) {
			err = urt_registry_add(reg, who, found, URT_DESCENDANT,
					       search);
			if (err && err != -ESRCH)
				return err;
			reached += !err;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* Return: whether there was something to undo. */
static bool undo_listed(struct urt_registry *reg, unsigned int search)
{
	struct urt_entry *entry, *next;
	bool undone = false;

	list_for_each_entry_safe(entry, next, &reg->entries, list) {
		if (entry->search != search || entry->brought == URT_FOUND)
			continue;
		if (entry->brought == URT_ADDED) {
			urt_registry_drop(reg, entry);
		} else {
			urt_entry_leave_tree(entry);
			entry->brought = URT_FOUND;
		}
		undone = true;
		cond_resched();
	}
	return undone;
}

static void undo(struct urt_registry *reg, unsigned int search, bool used)
{
	mutex_lock(&reg->lock);
	/* Whoever is undone may just have forked somebody. */
	do {
		urt_registry_adopt(reg);
	} while (undo_listed(reg, search));
	urt_registry_disarm_if_empty(reg);
	if (!reg->count)
		reg->used = used;
	if (reg->ops)
		reg->ops->changed(reg);
	mutex_unlock(&reg->lock);
}

/**
 * urt_tree_add() - register a process, its descendants, and what they fork
 * @reg: where
 * @who: wants it
 * @nr: the number of the root, or of one of its threads, as @who counts
 *
 * Return: 0, or as urt_registry_add(), and then nothing is registered.
 */
int urt_tree_add(struct urt_registry *reg, const struct urt_opener *who,
		 pid_t nr)
{
	unsigned int search;
	bool used;
	int ret;

	ret = urt_lifecycle_follow_forks();
	if (ret)
		return ret;
	ret = mutex_lock_killable(&reg->lock);
	if (ret)
		return ret;
	search = ++reg->searches ?: ++reg->searches;	/* 0 is for none */
	used = reg->used;
	reg->pooling = URT_PROBES_NEED_POOL;
	mutex_unlock(&reg->lock);
	urt_tree_refill(reg);

	ret = urt_registry_add(reg, who, nr, URT_ROOT, search);
	if (ret)
		return ret;
	urt_tree_refill(reg);
	do {
		ret = pass(reg, who, search);
	} while (ret > 0);
	if (ret)
		undo(reg, search, used);
	return ret;
}

/* --- the pool --- */

#define POOL_SIZE 128

/* Return: whether another one is wanted. */
static bool pool_add(struct urt_registry *reg, struct urt_entry *entry)
{
	bool wanted;

	mutex_lock(&reg->lock);
	wanted = reg->pooling && atomic_read(&reg->pooled) < POOL_SIZE;
	if (wanted) {
		atomic_inc(&reg->pooled);
		llist_add(&entry->forked, &reg->pool);
	}
	mutex_unlock(&reg->lock);
	if (!wanted)
		urt_entry_free(entry);
	return wanted;
}

/* Without the registry's lock: memory may be long in coming. */
void urt_tree_refill(struct urt_registry *reg)
{
	struct urt_entry *entry;

	if (!READ_ONCE(reg->pooling))
		return;
	do {
		entry = urt_entry_alloc(GFP_KERNEL_ACCOUNT);
	} while (entry && pool_add(reg, entry));
}

/* Of a registry whose lock is held, and in which nobody is left to fork. */
void urt_tree_drain(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;

	lockdep_assert_held(&reg->lock);
	WRITE_ONCE(reg->pooling, false);
	llist_for_each_entry_safe(entry, next, llist_del_all(&reg->pool),
				  forked) {
		atomic_dec(&reg->pooled);
		urt_entry_free(entry);
	}
}

static struct urt_entry *pool_take(struct urt_registry *reg)
{
	struct llist_node *node;

	lockdep_assert_held(&reg->probe_lock);	/* one at a time */
	node = llist_del_first(&reg->pool);
	if (!node)
		return NULL;
	if (atomic_dec_return(&reg->pooled) <= POOL_SIZE / 2)
		urt_registry_queue_upkeep(reg);
	return llist_entry(node, struct urt_entry, forked);
}

/* --- fork --- */

/* Return: whether the child is registered; if so, *spare may be used up. */
static bool enter_child(struct urt_entry *parent, struct task_struct *child,
			struct urt_entry **spare)
{
	struct urt_registry *reg = parent->registry;
	struct urt_user *payer = parent->tree;
	struct urt_entry *entry;

	if (urt_quota_charge(payer, parent->tree_exempt))
		return false;
	entry = *spare ?: pool_take(reg);
	if (!entry) {
		urt_quota_uncharge(payer, 1);	/* not its last reference */
		return false;
	}
	*spare = NULL;
	urt_entry_prepare(entry, reg, child, task_tgid(child));
	entry->user = payer;
	urt_entry_join_tree(entry, payer, parent->tree_exempt);
	entry->search = parent->search;
	entry->brought = parent->brought == URT_FOUND ? URT_FOUND : URT_ADDED;
	/* Before it can finish: see urt_registry_settle(). */
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
	urt_tree_reach(child, parent->tree, parent->tree_exempt, parent->search,
		       false);
	/* Whose parent a search has not brought, no search takes back. */
	if (parent->brought == URT_FOUND)
		child->brought = URT_FOUND;
}

static void fork_in(struct urt_entry *parent, struct task_struct *child)
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
	if (!parent->dead && parent->tree) {
		old = find_child(reg, child);
		if (old) {
			make_member(parent, old);
		} else if (!enter_child(parent, child, &spare)) {
			first = atomic64_inc_return(&reg->missed) == 1;
			atomic64_inc(&reg->version);	/* stat shows it */
		}
	}
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (spare)
		urt_entry_free(spare);
	if (first)
		urt_registry_queue_upkeep(reg);
}

/**
 * urt_tree_task_fork() - a process has been forked
 * @bucket: of the parent's, in the index
 * @parent: who called fork(), whoever it made the child's parent
 * @child: the leader of the new process; has not run yet
 */
void urt_tree_task_fork(struct hlist_head *bucket, struct task_struct *parent,
			struct task_struct *child)
{
	struct urt_entry *entry;

	rcu_read_lock();
	for (entry = urt_index_first(bucket, parent->signal); entry;
	     entry = urt_index_next(entry)) {
		if (READ_ONCE(entry->tree))
			fork_in(entry, child);
	}
	rcu_read_unlock();
}
