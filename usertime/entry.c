// SPDX-License-Identifier: GPL-2.0-only
/*
 * An entry is one process in one registry, from its registration to its end.
 * entry.h draws its states.
 *
 * registry.c allocates an entry. At a fork, lifecycle.c does so, or takes one
 * from the pool. Probes find the entry from urt_entry_start() on. It leaves in
 * two steps.
 *
 * First, urt_entry_unlink() takes the entry off the list, so that no refresh
 * and no rendering finds it. The entry leaves the index, so that no probe that
 * starts now finds it. It is marked unlinked, so that a probe that already has
 * it leaves it alone. Its user is no longer charged for it. A final entry of a
 * session leaves by urt_entry_unlink_final() instead. It is an exit record
 * then, until a reader takes it.
 *
 * Second, the entry is freed after a grace period.
 *
 * The second half of the struct has what probes write after the start, under
 * the registry's probe_lock.
 */
#include "entry.h"

#include <linux/build_bug.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "index.h"
#include "opener.h"
#include "quota.h"
#include "registry.h"
#include "sample.h"

/*
 * 17 entries fit on a page of 4,096 bytes. Where memory is charged, each entry
 * needs a pointer more.
 */
static_assert(sizeof(struct urt_entry) <= 240);

static struct kmem_cache *entry_cache;
static struct kmem_cache *precise_cache;

/* --- life --- */

/* Return: an entry for a process that is sampled, or NULL. */
static struct urt_entry *alloc_precise(gfp_t gfp)
{
	struct urt_precise *precise = kmem_cache_zalloc(precise_cache, gfp);

	return precise ? &precise->entry : NULL;
}

/**
 * urt_entry_alloc() - allocate an entry
 * @reg: its registry, which decides whether the process is sampled
 * @gfp: how to allocate; a probe must use GFP_ATOMIC
 *
 * Context: Process, or a probe of a kernel without PREEMPT_RT.
 * Return: an entry for urt_entry_prepare(), or NULL.
 */
struct urt_entry *urt_entry_alloc(const struct urt_registry *reg, gfp_t gfp)
{
	bool precise = READ_ONCE(reg->precise_us);
	struct urt_entry *entry;

	entry = unlikely(precise) ? alloc_precise(gfp) :
				    kmem_cache_alloc(entry_cache, gfp);
	/* urt_entry_free() looks at these. */
	if (entry) {
		entry->pid = NULL;
		entry->parent = NULL;
		entry->user_ns = NULL;
		entry->precise = precise;
	}
	return entry;
}

static void put_references(struct urt_entry *entry)
{
	put_pid(entry->pid);
	put_pid(entry->parent);
	if (entry->user_ns)
		put_user_ns(entry->user_ns);
}

/**
 * urt_entry_free() - free an entry that no probe can hold
 * @entry: the entry; its references are put
 *
 * Context: Process, softirq, or a probe of a kernel without PREEMPT_RT.
 */
void urt_entry_free(struct urt_entry *entry)
{
	struct urt_precise *precise = urt_entry_precise(entry);

	put_references(entry);
	if (!precise) {
		kmem_cache_free(entry_cache, entry);
		return;
	}
	if (precise->samples)
		urt_samples_unwant(precise->samples);
	kmem_cache_free(precise_cache, precise);
}

static void free_after_grace(struct rcu_head *rcu)
{
	urt_entry_free(container_of(rcu, struct urt_entry, rcu));
}

/**
 * urt_entry_free_rcu() - free an entry after a grace period
 * @entry: off every list, and out of the index
 *
 * Context: Process. Does not sleep.
 */
void urt_entry_free_rcu(struct urt_entry *entry)
{
	call_rcu(&entry->rcu, free_after_grace);
}

/* Freeing several at once costs a third of freeing them one by one. */
static void free_ring(struct list_head *ring)
{
	struct urt_entry *entry, *next;
	void *batch[32];
	size_t n = 0;

	list_for_each_entry_safe(entry, next, ring, list) {
		if (entry->precise) {
			urt_entry_free(entry);
			continue;
		}
		put_references(entry);
		batch[n++] = entry;
		if (n == ARRAY_SIZE(batch)) {
			kmem_cache_free_bulk(entry_cache, n, batch);
			n = 0;
		}
	}
	if (n)
		kmem_cache_free_bulk(entry_cache, n, batch);
}

static void free_all_after_grace(struct rcu_head *rcu)
{
	struct urt_entry *first = container_of(rcu, struct urt_entry, rcu);

	free_ring(&first->list);
	urt_entry_free(first);
}

/**
 * urt_entry_free_all_rcu() - free a list of entries after a grace period
 * @entries: out of the index; the list is invalid afterwards
 *
 * Context: Process. Does not sleep.
 */
void urt_entry_free_all_rcu(struct list_head *entries)
{
	struct urt_entry *first;

	first = list_first_entry_or_null(entries, struct urt_entry, list);
	if (!first)
		return;
	/* The first entry takes the place of the list's head. */
	list_del(entries);
	call_rcu(&first->rcu, free_all_after_grace);
}

static struct pid *get_parent(struct task_struct *task)
{
	return get_pid(task_tgid(rcu_dereference(task->real_parent)));
}

/**
 * urt_entry_note_identity() - note the owner and the name of a process
 * @entry: of the process
 * @task: its leader
 *
 * Readers may ask for these between the release of the process and its
 * sched_process_free.
 *
 * Context: RCU read side. The caller holds the registry's probe_lock, unless no
 * probe can find @entry yet.
 */
void urt_entry_note_identity(struct urt_entry *entry, struct task_struct *task)
{
	const struct cred *cred = __task_cred(task);

	entry->uid = cred->uid;
	entry->owned = uid_valid(urt_cred_owner(cred));
	/* A name that changes meanwhile may be mixed, but ends with its NUL. */
	data_race(memcpy(entry->comm, task->comm, sizeof(entry->comm)));
	entry->comm[sizeof(entry->comm) - 1] = '\0';
}

/**
 * urt_entry_prepare() - fill in an entry for a process
 * @entry: fresh from urt_entry_alloc()
 * @reg: its registry
 * @leader: of the thread group
 * @pid: of the thread group
 *
 * If the process has run, the caller then samples what it has used until now.
 * The caller sets user. Probes of exit and free set the fields that a final
 * entry needs.
 *
 * Context: Process or probe. One RCU read side covers this call and
 * urt_entry_start().
 */
void urt_entry_prepare(struct urt_entry *entry, struct urt_registry *reg,
		       struct task_struct *leader, struct pid *pid)
{
	INIT_HLIST_NODE(&entry->exited);
	entry->registry = reg;
	entry->pid = get_pid(pid);
	entry->parent = get_parent(leader);
	entry->signal = leader->signal;
	entry->time = (struct urt_cputime) { };
	entry->details_generation = 0;
	entry->details.parent = NULL;
	entry->final_shown = false;
	entry->tree = NULL;
	entry->committed = false;
	entry->member = false;
	entry->searches = 0;
	entry->unlinked = false;
	entry->final = false;
	entry->start_ns = leader->start_boottime;
	entry->sampled_ns = entry->start_ns;
	entry->end_ns = entry->start_ns;
}

/**
 * urt_entry_sample() - sample a process that has run before its registration
 * @entry: prepared; no probe can find it yet
 * @leader: of the thread group
 *
 * Context: Process, on the RCU read side.
 */
void urt_entry_sample(struct urt_entry *entry, struct task_struct *leader)
{
	entry->sampled_ns = ktime_get_boottime_ns();
	entry->end_ns = entry->sampled_ns;
	urt_entry_note_identity(entry, leader);
	urt_cputime_sample(leader, &entry->time);
	if (entry->precise)
		urt_entry_precise(entry)->accuracy.error_ns =
			max(entry->time.utime, entry->time.stime);
}

/**
 * urt_entry_start() - let probes find an entry
 * @entry: prepared; the registry has no other entry of the process
 * @leader: of the thread group
 *
 * This raises the version of the registry, and may mark the entry as exited.
 * The caller sees to the place of the entry on the list.
 *
 * Context: Process or probe, on the RCU read side. The caller holds the
 * registry's probe_lock.
 */
void urt_entry_start(struct urt_entry *entry, struct task_struct *leader)
{
	struct urt_registry *reg = entry->registry;

	lockdep_assert_held(&reg->probe_lock);
	urt_index_add(entry);
	/*
	 * An exit before urt_index_add() shows up here. An exit after this
	 * barrier shows up at its tracepoint. An exit in between shows up at
	 * one of them or at both. Pairs with the atomic_dec_and_test() of
	 * signal->live in do_exit(). Without the pair, an exit could show up at
	 * neither. Also pairs with smp_rmb() in view.c's render().
	 */
	smp_mb();
	urt_entry_note_exited(entry, leader);
	atomic64_inc(&reg->version);
}

/**
 * urt_entry_join_tree() - make a user pay for what a process forks from now on
 * @entry: of the process
 * @payer: the user
 * @exempt: whether @payer is exempt from max_per_user
 *
 * Context: Process or probe. The caller holds the registry's probe_lock.
 * Return: a reference to the previous payer, or NULL. The caller puts it after
 * it has released probe_lock.
 */
struct urt_user *urt_entry_join_tree(struct urt_entry *entry,
				     struct urt_user *payer, bool exempt)
{
	struct urt_user *old = entry->tree;

	lockdep_assert_held(&entry->registry->probe_lock);
	if (payer != entry->user)
		refcount_inc(&payer->ref);
	entry->tree_exempt = exempt;
	/* Use one store, since probes look for a payer without the lock. */
	WRITE_ONCE(entry->tree, payer);
	return old == entry->user ? NULL : old;
}

/**
 * urt_entry_leave_tree() - make no user pay for what a process forks
 * @entry: of the process
 *
 * Context: Process. The caller holds the registry's probe_lock.
 * Return: a reference to the payer, or NULL. The caller puts it after it has
 * released probe_lock.
 */
struct urt_user *urt_entry_leave_tree(struct urt_entry *entry)
{
	struct urt_user *payer = entry->tree;

	lockdep_assert_held(&entry->registry->probe_lock);
	WRITE_ONCE(entry->tree, NULL);
	return payer == entry->user ? NULL : payer;
}

/**
 * urt_entry_reach() - note that a search has reached an entry
 * @entry: gets the bit of the search
 * @who: wants the search; pays for the children, unless another user does
 * @search: bit of the search
 *
 * Context: Process. The caller holds the registry's probe_lock.
 */
void urt_entry_reach(struct urt_entry *entry, const struct urt_opener *who,
		     u32 search)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	WRITE_ONCE(entry->searches, entry->searches | search);
	if (!entry->tree)	/* there is no previous payer to put */
		urt_entry_join_tree(entry, who->user, who->exempt);
}

/**
 * urt_entry_charge() - charge another user for an entry
 * @entry: of a registry whose two locks the caller holds
 * @user: charged by urt_quota_move(); not the previous user
 *
 * Context: Process. The caller holds the registry's lock and its probe_lock.
 * Return: a reference to the previous user, or NULL. The caller puts it after
 * it has released probe_lock.
 */
struct urt_user *urt_entry_charge(struct urt_entry *entry,
				  struct urt_user *user)
{
	struct urt_user *old = entry->user;

	lockdep_assert_held(&entry->registry->probe_lock);
	entry->user = user;
	/* The reference of the charge serves the payer as well. */
	if (entry->tree == user)
		refcount_dec(&user->ref);
	/*
	 * If the previous user still pays for children, the entry keeps that
	 * reference.
	 */
	return entry->tree == old ? NULL : old;
}

/**
 * urt_entry_hide() - hide an entry from probes
 * @entry: the entry
 *
 * A second call does no harm.
 *
 * Context: Process. The caller holds the registry's probe_lock.
 * Return: a reference to its payer, or NULL. The caller puts it after it has
 * released probe_lock.
 */
struct urt_user *urt_entry_hide(struct urt_entry *entry)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	urt_index_del(entry);
	entry->unlinked = true;
	hlist_del_init_rcu(&entry->exited);
	return urt_entry_leave_tree(entry);
}

static void hide(struct urt_entry *entry)
{
	struct urt_registry *reg = entry->registry;
	struct urt_user *payer;
	unsigned long flags;

	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	payer = urt_entry_hide(entry);
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	if (payer)
		urt_user_put(payer);
}

/**
 * urt_entry_unlink() - take an entry out of its registry
 * @entry: on the registry's list
 *
 * The caller lowers the registry's count. It frees the entry, unless the entry
 * is on registry->final.
 *
 * Context: Process. The caller holds the registry's lock. Takes its probe_lock,
 * and users_lock if the last reference to a user goes.
 */
void urt_entry_unlink(struct urt_entry *entry)
{
	lockdep_assert_held(&entry->registry->lock);
	list_del(&entry->list);
	put_pid(entry->details.parent);
	hide(entry);
	urt_quota_uncharge(entry->user, 1);
}

/**
 * urt_entry_unlink_final() - take a final entry out of its session
 * @entry: on the registry's list; probes are done with it
 * @to: the list that it is moved to
 *
 * The caller lowers the registry's count and ends the charge, which
 * urt_entry_unlink() would do. User and payer are both the session's opener, so
 * there is no reference of a payer to put.
 *
 * Context: Process. The caller holds the registry's lock.
 */
void urt_entry_unlink_final(struct urt_entry *entry, struct list_head *to)
{
	lockdep_assert_held(&entry->registry->lock);
	list_move_tail(&entry->list, to);
	put_pid(entry->details.parent);
}

/* --- what it is --- */

/**
 * urt_entry_find() - the entry of a process
 * @reg: in this registry
 * @task: one of its threads
 *
 * Context: RCU read side. Process or probe.
 * Return: the entry, or NULL.
 */
struct urt_entry *urt_entry_find(const struct urt_registry *reg,
				 const struct task_struct *task)
{
	struct urt_entry *entry;

	entry = urt_index_first(urt_index_bucket(task->signal), task->signal);
	while (entry && entry->registry != reg)
		entry = urt_index_next(entry);
	return entry;
}

/**
 * urt_entry_parent_reached() - look for a search at the parent of a process
 * @reg: the registry of the search
 * @task: leader of the process
 * @search: bit of the search
 *
 * Context: RCU read side. Process.
 * Return: whether the search has reached the parent, and a user still pays for
 * children of the parent.
 */
bool urt_entry_parent_reached(const struct urt_registry *reg,
			      const struct task_struct *task, u32 search)
{
	struct urt_entry *parent;

	parent = urt_entry_find(reg, rcu_dereference(task->real_parent));
	return parent && READ_ONCE(parent->tree) &&
	       READ_ONCE(parent->searches) & search;
}

/**
 * urt_entry_owner() - the owner of the process
 * @entry: of the process
 *
 * Context: Process. The caller holds the registry's lock. Takes RCU.
 * Return: what urt_cred_owner() says of the living process. After its release,
 * what was noted when it exited.
 */
kuid_t urt_entry_owner(struct urt_entry *entry)
{
	struct task_struct *leader;
	kuid_t owner;

	lockdep_assert_held(&entry->registry->lock);
	rcu_read_lock();
	leader = pid_task(entry->pid, PIDTYPE_TGID);
	if (leader)
		owner = urt_cred_owner(__task_cred(leader));
	else
		owner = entry->owned ? entry->uid : INVALID_UID;
	rcu_read_unlock();
	return owner;
}

static void details_of_living(struct urt_entry *entry,
			      struct task_struct *leader)
{
	struct urt_details *details = &entry->details;

	details->parent = get_parent(leader);
	details->uid = __task_cred(leader)->uid;
	/* Threads come and go, so the count may be a moment old. */
	details->threads = data_race(get_nr_threads(leader));
	/* The process may be exiting, so the state may be a moment old. */
	entry->state = data_race(task_state_to_char(leader));
	get_task_comm(details->comm, leader);
}

static void details_of_released(struct urt_entry *entry)
{
	struct urt_details *details = &entry->details;

	details->parent = get_pid(entry->parent);
	details->uid = entry->uid;
	details->threads = 0;
	entry->state = 'X';
	memcpy(details->comm, entry->comm, sizeof(details->comm));
}

/**
 * urt_entry_update_details() - fill in the details, once per generation
 * @entry: of the process
 *
 * Context: Process. The caller holds the registry's lock. Takes RCU.
 */
void urt_entry_update_details(struct urt_entry *entry)
{
	u64 now = atomic64_read(&entry->registry->generation) + 1;
	struct task_struct *leader;

	lockdep_assert_held(&entry->registry->lock);
	if (entry->details_generation == now)
		return;
	entry->details_generation = now;

	put_pid(entry->details.parent);
	rcu_read_lock();
	leader = entry->final_shown ? NULL : pid_task(entry->pid, PIDTYPE_TGID);
	if (leader)
		details_of_living(entry, leader);
	else
		details_of_released(entry);
	rcu_read_unlock();
	/*
	 * X is shown together with the final value. Until then, a released
	 * process is shown as the zombie that it was.
	 */
	if (entry->state == 'X' && !entry->final_shown)
		entry->state = 'Z';
}

/**
 * urt_entry_runtime() - wall time that a process has run, in ns
 * @entry: of the process
 *
 * Context: Process. The caller holds the registry's lock. Takes its probe_lock.
 * Return: the time from the start of the process to the generation, or to its
 * registration if that is later, but no further than to its last thread's exit.
 */
u64 urt_entry_runtime(struct urt_entry *entry)
{
	struct urt_registry *reg = entry->registry;
	u64 until = max(reg->time_ns, entry->sampled_ns);
	unsigned long flags;

	lockdep_assert_held(&reg->lock);
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	if (!hlist_unhashed(&entry->exited))
		until = min(until, entry->end_ns);
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	return until - entry->start_ns;
}

/**
 * urt_entry_init() - create the cache of entries
 *
 * Context: Process.
 * Return: 0 or -ENOMEM.
 */
int urt_entry_init(void)
{
	entry_cache = kmem_cache_create("urt_entry", sizeof(struct urt_entry),
					0, SLAB_ACCOUNT, NULL);
	if (!entry_cache)
		return -ENOMEM;
	precise_cache = kmem_cache_create("urt_precise",
					  sizeof(struct urt_precise), 0,
					  SLAB_ACCOUNT, NULL);
	if (precise_cache)
		return 0;
	kmem_cache_destroy(entry_cache);
	return -ENOMEM;
}

/**
 * urt_entry_exit() - destroy the cache of entries
 *
 * Call this after the end of the last registry, and after urt_lifecycle_exit().
 *
 * Context: Process. Waits for RCU callbacks.
 */
void urt_entry_exit(void)
{
	rcu_barrier();	/* callbacks that free entries */
	kmem_cache_destroy(precise_cache);
	kmem_cache_destroy(entry_cache);
}
