// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes of a tree are registered because their parent is.
 *
 * The probe of fork registers the children of a member before they first run.
 * When a process becomes the root of a tree, a search looks for its living
 * descendants. The search reaches each process whose parent it has reached. It
 * makes passes through all processes until a pass reaches no new process.
 *
 * The search then misses no child of a process that it has reached:
 * - If the probe has reached the parent, it reaches the children as well.
 * - If the parent forked the child after it was reached, the probe has
 *   registered the child.
 * - If the parent forked the child before, the next pass finds the child.
 * The barriers in pass() and on_fork() rule out a case between the last two.
 * The search does not see a descendant whose parent has exited.
 *
 * Several searches can run in a registry at a time. Each search has a bit.
 * Entries have the bits of the searches that have reached them or their
 * parents. An entry that only searches have registered is in doubt, until a
 * search commits it. A search that succeeds commits all that it has reached,
 * for the user who wrote the word. A search that fails undoes what is not
 * committed and what no other search has reached. It leaves the rest to another
 * search, whose user is then charged. A search that has lost an entry meanwhile
 * looks again, ROUNDS_MAX times at most.
 */
#include "tree.h"

#include <linux/bitops.h>
#include <linux/idr.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "compat.h"
#include "entry.h"
#include "lifecycle.h"
#include "opener.h"
#include "pool.h"
#include "quota.h"
#include "registry.h"

/* A search that loses entries looks again, so many times at most. */
#define ROUNDS_MAX 20

struct search {
	struct list_head node;		/* of registry->searches */
	const struct urt_opener *who;	/* the opener who wants it */
	u32 bit;
	bool begun;			/* the root has been registered */
	int err;			/* registry's lock; reason to fail */
};

/* If all bits of a registry are in use, a search waits here. */
static DECLARE_WAIT_QUEUE_HEAD(waiting);

/*
 * Looks at the first number from *nr on. Return: the number if it is that of a
 * process that the search has to reach, or 0; *nr: the number, or 0 after the
 * last one.
 */
static pid_t next_to_reach(const struct urt_registry *reg,
			   const struct urt_opener *who, u32 search, int *nr)
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
	} else if (leader && urt_entry_parent_reached(reg, leader, search)) {
		entry = urt_entry_find(reg, leader);
		if (!entry || !(READ_ONCE(entry->searches) & search))
			found = *nr;
	}
	rcu_read_unlock();
	return found;
}

/* Goes through all processes. Return: how many it has reached, or an error. */
static int pass(struct urt_registry *reg, const struct urt_opener *who,
		u32 search)
{
	int nr = 1, reached = 0, err;
	pid_t found;

	/*
	 * Pairs with smp_mb() in on_fork(). If a child's probe does not see
	 * that the parent is reached, this pass sees the child. Without the
	 * pair, both could miss the child.
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

/*
 * Charges the user of @search for an entry in doubt that it has reached.
 * Return: 0, or -EDQUOT if that user has no room.
 */
static int charge_to(struct urt_entry *entry, const struct search *search)
{
	const struct urt_opener *who = search->who;
	struct urt_registry *reg = entry->registry;
	struct urt_user *user = NULL, *payer = NULL;
	unsigned long flags;
	int err = 0;

	lockdep_assert_held(&reg->lock);
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	if (!entry->committed && entry->user != who->user) {
		err = urt_quota_move(entry->user, who->user, who->exempt);
		if (!err)
			user = urt_entry_charge(entry, who->user);
	}
	if (!err && !entry->member && entry->tree != who->user)
		payer = urt_entry_join_tree(entry, who->user, who->exempt);
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (user)
		urt_user_put(user);
	if (payer)
		urt_user_put(payer);
	return err;
}

/*
 * Charges the user of @search for all that it has reached, and for what that
 * forks.
 */
static int charge_reached(struct urt_registry *reg, const struct search *search)
{
	struct urt_entry *entry;
	int err;

	/* No other search is running, so the user is charged already. */
	if (reg->searching == search->bit)
		return 0;
	list_for_each_entry(entry, &reg->entries, list) {
		if (READ_ONCE(entry->searches) & search->bit) {
			err = charge_to(entry, search);
			if (err)
				return err;
		}
		cond_resched();
		/* Children forked meanwhile become part of this walk. */
		if (list_is_last(&entry->list, &reg->entries))
			urt_registry_link_forked(reg);
	}
	return 0;
}

/*
 * Ends the search, unless it has to look again. After its end it reaches no
 * process. If it has succeeded, probes commit the children of what it has
 * reached. Return: whether it has ended.
 */
static bool stop_searching(struct urt_registry *reg, struct search *search,
			   bool succeeded)
{
	unsigned long flags;
	bool again;

	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	again = succeeded && reg->search_again & search->bit;
	reg->search_again &= ~search->bit;
	if (!again)
		reg->searching &= ~search->bit;
	if (!again && succeeded)
		reg->committing = search->bit;
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	urt_registry_link_forked(reg);	/* all with its bit */
	return !again;
}

static void commit_reached(struct urt_registry *reg,
			   const struct search *search)
{
	struct urt_entry *entry;
	unsigned long flags;

	list_for_each_entry(entry, &reg->entries, list) {
		cond_resched();
		if (!(READ_ONCE(entry->searches) & search->bit))
			continue;
		/*
		 * If this fails, a probe has added the entry meanwhile, and the
		 * charge stays as it is.
		 */
		charge_to(entry, search);
		raw_spin_lock_irqsave(&reg->probe_lock, flags);
		entry->searches &= ~search->bit;
		entry->committed = true;
		entry->member = true;
		raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	}
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	reg->committing = 0;
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
}

/*
 * Gives an entry to another search that has reached it. A search whose user has
 * no room for the entry must fail.
 */
static void leave_to_another(struct urt_entry *entry)
{
	struct search *search;
	int err;

	list_for_each_entry(search, &entry->registry->searches, node) {
		if (!(READ_ONCE(entry->searches) & search->bit))
			continue;
		err = charge_to(entry, search);
		if (!err)
			return;
		search->err = err;
	}
}

/* Return: whether no search and no user wants the entry any more. */
static bool abandon(struct urt_entry *entry, const struct search *search)
{
	struct urt_registry *reg = entry->registry;
	struct urt_user *payer = NULL;
	unsigned long flags;
	bool nobodys;

	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	entry->searches &= ~search->bit;
	nobodys = !entry->committed && !entry->searches;
	if (nobodys)
		payer = urt_entry_hide(entry);
	else if (!entry->member && !entry->searches)
		payer = urt_entry_leave_tree(entry);
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (payer)
		urt_user_put(payer);
	return nobodys;
}

static void undo(struct urt_registry *reg, const struct search *search)
{
	const struct urt_user *user = search->who->user;
	struct urt_entry *entry, *next;
	bool undone = false;

	list_for_each_entry_safe(entry, next, &reg->entries, list) {
		cond_resched();
		if (!(READ_ONCE(entry->searches) & search->bit))
			continue;
		if (abandon(entry, search)) {
			urt_registry_drop(reg, entry);
			undone = true;
			continue;
		}
		if (entry->user == user || READ_ONCE(entry->tree) == user)
			leave_to_another(entry);
	}
	if (undone)
		urt_registry_disarm_if_empty(reg);
}

/* Return: whether a bit was free. */
static bool take_bit(struct urt_registry *reg, struct search *search)
{
	unsigned long flags;

	lockdep_assert_held(&reg->lock);
	if (!~reg->searching)
		return false;
	search->bit = BIT(ffz(reg->searching));
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	reg->searching |= search->bit;
	reg->search_again &= ~search->bit;
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	list_add_tail(&search->node, &reg->searches);
	reg->pooling = URT_PROBES_NEED_POOL;
	return true;
}

/* Return: 0, or -EINTR if killed. */
static int begin_search(struct urt_registry *reg, struct search *search,
			bool *ever_used)
{
	bool begun;
	int err;

	do {
		err = wait_event_killable(waiting, ~READ_ONCE(reg->searching));
		if (err)
			return -EINTR;
		err = mutex_lock_killable(&reg->lock);
		if (err)
			return err;
		begun = take_bit(reg, search);
		*ever_used = reg->ever_used;
		mutex_unlock(&reg->lock);
	} while (!begun);
	urt_pool_refill(reg);
	return 0;
}

/* Return: 1 if the search has to go on, or else its result, 0 or an error. */
static int end_search(struct urt_registry *reg, struct search *search, int err,
		      bool ever_used)
{
	mutex_lock(&reg->lock);
	err = err ?: search->err;
	err = err ?: charge_reached(reg, search);
	if (!stop_searching(reg, search, !err)) {
		mutex_unlock(&reg->lock);
		return 1;
	}
	list_del(&search->node);
	if (!err)
		commit_reached(reg, search);
	else if (search->begun)
		undo(reg, search);
	if (err && !reg->count)
		reg->ever_used = ever_used;
	urt_registry_changed(reg);
	mutex_unlock(&reg->lock);
	wake_up(&waiting);
	return err;
}

/* Return: whether the search has lost members since its latest round began. */
static bool has_lost(const struct urt_registry *reg,
		     const struct search *search)
{
	return READ_ONCE(reg->search_again) & search->bit;
}

/*
 * Makes passes until no process is left to reach, or until the search has lost
 * members and needs another round. Return: 0 or an error.
 */
static int reach_all(struct urt_registry *reg, const struct search *search)
{
	int ret;

	/*
	 * A user could otherwise keep a round going for ever by unregistering
	 * members as fast as passes add them.
	 */
	do {
		ret = pass(reg, search->who, search->bit);
	} while (ret > 0 && !has_lost(reg, search));
	return min(ret, 0);
}

static int search_tree(struct urt_registry *reg, const struct urt_opener *who,
		       pid_t nr)
{
	struct search search = { .who = who };
	int rounds = 0, err, ret;
	bool ever_used;

	err = begin_search(reg, &search, &ever_used);
	if (err)
		return err;
	do {
		/*
		 * Do this in each round. The root may be unregistered
		 * meanwhile.
		 */
		err = urt_registry_add(reg, who, nr, URT_ROOT, search.bit);
		if (err == -ESRCH && search.begun)
			err = 0;
		search.begun |= !err;
		urt_pool_refill(reg);
		if (!err)
			err = reach_all(reg, &search);
		if (!err && rounds++ >= ROUNDS_MAX && has_lost(reg, &search))
			err = -EBUSY;
		ret = end_search(reg, &search, err, ever_used);
	} while (ret > 0);
	return ret;
}

/**
 * urt_tree_add() - register a process, its descendants, and what they fork
 * @reg: the registry
 * @who: the opener who wants it
 * @nr: number of the root, or of one of its threads, as @who counts
 *
 * If it fails, it has registered nothing.
 *
 * Context: Process. Takes fork_lock, and then @reg->lock many times. In the
 * system registry, search_lock of the opener's part is around the search.
 * Return: 0, an error of urt_registry_add() or urt_lifecycle_follow_forks(), or
 * -EBUSY. -EBUSY says that again and again during the search, members were
 * unregistered or children could not be registered.
 */
int urt_tree_add(struct urt_registry *reg, const struct urt_opener *who,
		 pid_t nr)
{
	struct mutex *turn = &who->user->part->search_lock;
	int err;

	err = urt_lifecycle_follow_forks();
	if (err)
		return err;
	/*
	 * A session has one writer at a time. In status, a part has one search.
	 */
	if (reg->ops)
		return search_tree(reg, who, nr);
	err = mutex_lock_killable(turn);
	if (err)
		return err;
	err = search_tree(reg, who, nr);
	mutex_unlock(turn);
	return err;
}
