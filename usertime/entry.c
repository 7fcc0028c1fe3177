// SPDX-License-Identifier: GPL-2.0-only
/*
 * An entry: one process in one registry, from its registration to its end.
 *
 * registry.c and, at a fork, lifecycle.c allocate it. Probes find it from
 * urt_entry_start() on. It leaves in two steps. First urt_entry_unlink(): off
 * the list (no refresh, no rendering finds it), out of the index (no probe that
 * starts now finds it), marked unlinked (a probe that already has it leaves it
 * alone), no longer charged. Then it is freed after a grace period; in a session
 * it may be an exit record in between. entry.h draws its states.
 *
 * What probes write stands under the registry's probe_lock, in the second half
 * of the struct. They never sleep, and take raw locks only.
 */
#include "entry.h"

#include <linux/build_bug.h>
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

/* 17 on a page of 4,096 bytes; a pointer more for each where memory is charged. */
static_assert(sizeof(struct urt_entry) <= 240);

static struct kmem_cache *entry_cache;

/* --- life --- */

/* Return: an entry for urt_entry_prepare(), or NULL. */
struct urt_entry *urt_entry_alloc(gfp_t gfp)
{
	struct urt_entry *entry = kmem_cache_alloc(entry_cache, gfp);

	/* What urt_entry_free() looks at. */
	if (entry) {
		entry->pid = NULL;
		entry->parent = NULL;
		entry->user_ns = NULL;
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

/* For what no probe can have found. */
void urt_entry_free(struct urt_entry *entry)
{
	put_references(entry);
	kmem_cache_free(entry_cache, entry);
}

static void free_after_grace(struct rcu_head *rcu)
{
	urt_entry_free(container_of(rcu, struct urt_entry, rcu));
}

/* For what has been unlinked. */
void urt_entry_free_rcu(struct urt_entry *entry)
{
	call_rcu(&entry->rcu, free_after_grace);
}

/* Several at once are freed at a third of the cost. */
static void free_ring(struct list_head *ring)
{
	struct urt_entry *entry, *next;
	void *batch[32];
	size_t n = 0;

	list_for_each_entry_safe(entry, next, ring, list) {
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

/* For all of a list of what has been unlinked; the list is no more. */
void urt_entry_free_all_rcu(struct list_head *entries)
{
	struct urt_entry *first;

	first = list_first_entry_or_null(entries, struct urt_entry, list);
	if (!first)
		return;
	/* The first one takes the place of the list's head. */
	list_del(entries);
	call_rcu(&first->rcu, free_all_after_grace);
}

static struct pid *get_parent(struct task_struct *task)
{
	return get_pid(task_tgid(rcu_dereference(task->real_parent)));
}

/* Notes what sched_process_free comes too late for. */
void urt_entry_note_identity(struct urt_entry *entry, struct task_struct *task)
{
	const struct cred *cred = __task_cred(task);

	entry->uid = cred->uid;
	entry->owned = uid_valid(urt_cred_owner(cred));
	/* A name that is changing meanwhile may be mixed, and has its NUL. */
	data_race(memcpy(entry->comm, task->comm, sizeof(entry->comm)));
	entry->comm[sizeof(entry->comm) - 1] = '\0';
}

/**
 * urt_entry_prepare() - fill in an entry for a process
 * @entry: fresh from urt_entry_alloc()
 * @reg: where it will be
 * @leader: of the thread group; the caller is under RCU, here and until
 *	    urt_entry_start()
 * @pid: of the thread group
 *
 * What it has used until now is for the caller to sample, if it has run. What
 * is not set here is not read before probes have set it, at the process's exit.
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

/* For a process that has run before it is registered. */
void urt_entry_sample(struct urt_entry *entry, struct task_struct *leader)
{
	entry->sampled_ns = ktime_get_boottime_ns();
	entry->end_ns = entry->sampled_ns;
	urt_entry_note_identity(entry, leader);
	urt_cputime_sample(leader, &entry->time);
}

/**
 * urt_entry_start() - let probes find an entry
 * @entry: prepared; its process is in this registry's index not yet
 * @leader: of the thread group
 *
 * Its place on the list is for the caller to see to.
 */
void urt_entry_start(struct urt_entry *entry, struct task_struct *leader)
{
	struct urt_registry *reg = entry->registry;

	lockdep_assert_held(&reg->probe_lock);
	urt_index_add(entry);
	/*
	 * A process that has exited passed its tracepoint before it was
	 * indexed; one that exits now shows up here, there, or in both. Pairs
	 * with the atomic_dec_and_test() of signal->live in do_exit().
	 */
	smp_mb();
	urt_entry_note_exited(entry, leader);
	atomic64_inc(&reg->version);
}

/*
 * Makes what it forks from now on @payer's. Return: the reference of another payer
 * before, to be put, or NULL.
 */
struct urt_user *urt_entry_join_tree(struct urt_entry *entry,
				     struct urt_user *payer, bool exempt)
{
	struct urt_user *old = entry->tree;

	lockdep_assert_held(&entry->registry->probe_lock);
	if (payer != entry->user)
		refcount_inc(&payer->ref);
	entry->tree_exempt = exempt;
	/* In one store: probes ask without the lock whether there is a payer. */
	WRITE_ONCE(entry->tree, payer);
	return old == entry->user ? NULL : old;
}

/* What it forks is nobody's. Return: the reference to be put, or NULL. */
struct urt_user *urt_entry_leave_tree(struct urt_entry *entry)
{
	struct urt_user *payer = entry->tree;

	lockdep_assert_held(&entry->registry->probe_lock);
	WRITE_ONCE(entry->tree, NULL);
	return payer == entry->user ? NULL : payer;
}

/**
 * urt_entry_reach() - make an entry a member, reached by a search
 * @entry: in a registry whose probe_lock the caller holds
 * @who: wants the search, and pays for its children, unless another does
 * @search: its bit
 */
void urt_entry_reach(struct urt_entry *entry, const struct urt_opener *who,
		     u32 search)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	WRITE_ONCE(entry->searches, entry->searches | search);
	if (!entry->tree)
		urt_entry_join_tree(entry, who->user, who->exempt);
}

/**
 * urt_entry_charge() - another user has registered it, and is charged
 * @entry: of a registry whose locks the caller holds, both of them
 * @user: by urt_quota_move(), another one than before
 *
 * Return: the reference to be put, or NULL.
 */
struct urt_user *urt_entry_charge(struct urt_entry *entry,
				  struct urt_user *user)
{
	struct urt_user *old = entry->user;

	lockdep_assert_held(&entry->registry->probe_lock);
	entry->user = user;
	/* The charge holds one for both. */
	if (entry->tree == user)
		refcount_dec(&user->ref);
	/* The payer needs one of its own now. */
	return entry->tree == old ? NULL : old;
}

/*
 * No probe that starts now finds it, and one that has it leaves it alone. Once
 * more does no harm. Return: the reference to be put, or NULL.
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
 * @entry: on the list of a registry whose lock the caller holds
 *
 * The caller sees to the registry's count, and to freeing the entry.
 */
void urt_entry_unlink(struct urt_entry *entry)
{
	lockdep_assert_held(&entry->registry->lock);
	list_del(&entry->list);
	put_pid(entry->details.parent);
	hide(entry);
	urt_quota_uncharge(entry->user, 1);
}

/*
 * The same for one that is final, in a session, on to another list: probes are
 * done with it. Its user, who pays for its children, too, is the opener; the
 * caller uncharges.
 */
void urt_entry_unlink_final(struct urt_entry *entry, struct list_head *to)
{
	lockdep_assert_held(&entry->registry->lock);
	list_move_tail(&entry->list, to);
	put_pid(entry->details.parent);
}

/* --- what it is --- */

/* Return: the process's entry in this registry, or NULL. Under RCU. */
struct urt_entry *urt_entry_find(const struct urt_registry *reg,
				 const struct task_struct *task)
{
	struct urt_entry *entry;

	entry = urt_index_first(urt_index_bucket(task->signal), task->signal);
	while (entry && entry->registry != reg)
		entry = urt_index_next(entry);
	return entry;
}

/* Return: whether the process is a child of one that the search has reached. */
bool urt_entry_parent_reached(const struct urt_registry *reg,
			      const struct task_struct *task, u32 search)
{
	struct urt_entry *parent;

	parent = urt_entry_find(reg, rcu_dereference(task->real_parent));
	return parent && READ_ONCE(parent->tree) &&
	       READ_ONCE(parent->searches) & search;
}

/**
 * urt_entry_owner() - whose process an entry is
 * @entry: of a registry whose lock the caller holds
 *
 * Return: as urt_cred_owner(), of the living process or of its last moment.
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
	/* Threads come and go: as many as a moment ago. */
	details->threads = data_race(get_nr_threads(leader));
	/* Exiting is not awaited: what it was a moment ago. */
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
 * @entry: of a registry whose lock the caller holds
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
	/* X is for what is final; until then it is the zombie it was last. */
	if (entry->state == 'X' && !entry->final_shown)
		entry->state = 'Z';
}

/**
 * urt_entry_runtime() - wall time that a process has run, in ns
 * @entry: of a registry whose lock the caller holds
 *
 * From its start to the generation, or to its registration if that is later;
 * no further than to its last thread's exit.
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

int urt_entry_init(void)
{
	entry_cache = kmem_cache_create("urt_entry", sizeof(struct urt_entry),
					0, SLAB_ACCOUNT, NULL);
	return entry_cache ? 0 : -ENOMEM;
}

/* After the last registry, and after the probes' grace period. */
void urt_entry_exit(void)
{
	rcu_barrier();	/* free_after_grace() */
	kmem_cache_destroy(entry_cache);
}
