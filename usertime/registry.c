// SPDX-License-Identifier: GPL-2.0-only
/*
 * A registry: a mutex-protected list of processes, refreshed by a timer.
 *
 * Lock order:
 *	view->lock, or registry's views_lock
 *	  registry->lock		lists, values, the timer's arming
 *	    registry->exit_lock		raw; with probes, what they note of an end
 *	    index.c's bucket lock	raw; with probes
 *	    quota.c's users_lock	when a charge is given back
 * The two raw locks are never held together. No lock is held while memory is
 * allocated for a user. Renderers hold a registry's lock for as long as they
 * are scheduled to run through its list; a refresh waits for them.
 *
 * An entry is allocated by urt_registry_add() and dies in entry_remove(): off
 * the list (no refresh, no rendering finds it), out of the index (no probe that
 * starts now finds it), marked dead (a probe that already has it leaves it
 * alone), and freed after a grace period.
 *
 * The timer is armed by rearm() alone, under the lock, and only while something
 * is registered. It may fire once more while its registry empties or dies: the
 * work it queues finds nothing to do, or is cancelled by urt_registry_exit().
 */
#include <linux/capability.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "index.h"
#include "opener.h"
#include "quota.h"
#include "registry.h"

/* A refresh may take one part in this many of its registry's time. */
#define REFRESH_SHARE 20

static struct kmem_cache *entry_cache;

/* --- entries --- */

static void entry_free(struct urt_entry *entry)
{
	put_pid(entry->pid);
	put_pid(entry->parent);
	put_pid(entry->looks.parent);
	kmem_cache_free(entry_cache, entry);
}

static void entry_free_rcu(struct rcu_head *rcu)
{
	entry_free(container_of(rcu, struct urt_entry, rcu));
}

static struct pid *get_parent(struct task_struct *task)
{
	return get_pid(task_tgid(rcu_dereference(task->real_parent)));
}

/* Notes what sched_process_free comes too late for, or what it corrects. */
static void note_identity(struct urt_entry *entry, struct task_struct *task)
{
	entry->uid = __task_cred(task)->uid;
	entry->owner = urt_task_owner(task);
	memcpy(entry->comm, task->comm, sizeof(entry->comm));
	entry->comm[sizeof(entry->comm) - 1] = '\0';
}

static void note_all_exited(struct urt_entry *entry, struct task_struct *task)
{
	lockdep_assert_held(&entry->registry->exit_lock);
	if (!atomic_read(&task->signal->live) && list_empty(&entry->exited))
		list_add_tail_rcu(&entry->exited, &entry->registry->exited);
}

static void note_exit(struct urt_entry *entry, struct task_struct *task)
{
	lockdep_assert_held(&entry->registry->exit_lock);
	if (entry->dead || entry->final)
		return;
	note_identity(entry, task->group_leader);
	entry->end_ns = ktime_get_boottime_ns();
	note_all_exited(entry, task);
}

static void note_final(struct urt_entry *entry, struct task_struct *leader)
{
	lockdep_assert_held(&entry->registry->exit_lock);
	if (entry->dead || entry->final)
		return;
	note_identity(entry, leader);
	note_all_exited(entry, leader);
	/* Whoever sampled it last found it under RCU, and is done by now. */
	entry->final_time = entry->time;
	urt_cputime_final(leader, &entry->final_time);
	/* Pairs with the acquire in entry_refresh(). */
	smp_store_release(&entry->final, true);
}

static struct urt_entry *entry_find(struct urt_registry *reg,
				    struct task_struct *leader)
{
	struct urt_entry *entry;

	entry = urt_index_first(leader->signal);
	while (entry && entry->registry != reg)
		entry = urt_index_next(entry);
	return entry;
}

/* Takes the entry in. Under RCU: see urt_registry_add(). */
static void entry_start(struct urt_registry *reg, struct urt_entry *entry,
			struct task_struct *leader, struct pid *pid)
{
	unsigned long flags;

	entry->registry = reg;
	entry->pid = get_pid(pid);
	entry->parent = get_parent(leader);
	entry->signal = leader->signal;
	entry->start_ns = leader->start_boottime;
	entry->sampled_ns = ktime_get_boottime_ns();
	entry->end_ns = entry->sampled_ns;
	note_identity(entry, leader);
	urt_cputime_sample(leader, &entry->time);
	urt_index_add(entry);

	/*
	 * A process that has exited passed its tracepoint before it was
	 * indexed; one that exits now shows up here, there, or in both. Pairs
	 * with the atomic_dec_and_test() of signal->live in do_exit().
	 */
	smp_mb();
	raw_spin_lock_irqsave(&reg->exit_lock, flags);
	note_all_exited(entry, leader);
	raw_spin_unlock_irqrestore(&reg->exit_lock, flags);

	list_add_tail(&entry->list, &reg->entries);
	reg->count++;
	atomic64_inc(&reg->version);
}

static void entry_remove(struct urt_entry *entry)
{
	struct urt_registry *reg = entry->registry;
	unsigned long flags;

	lockdep_assert_held(&reg->lock);
	list_del(&entry->list);
	urt_index_del(entry);
	raw_spin_lock_irqsave(&reg->exit_lock, flags);
	entry->dead = true;
	list_del_init(&entry->exited);
	raw_spin_unlock_irqrestore(&reg->exit_lock, flags);
	urt_quota_uncharge(entry->user);
	call_rcu(&entry->rcu, entry_free_rcu);

	reg->count--;
	atomic64_inc(&reg->version);
}

/*
 * Brings one entry to the generation that is being made. Final values that came
 * in since the last one are shown through the whole of this one. Under RCU.
 *
 * Return: false once they have been, and the entry may go.
 */
static bool entry_refresh(struct urt_entry *entry, int *budget)
{
	struct task_struct *leader;

	--*budget;
	if (entry->ended)
		return false;
	/* Pairs with the release in note_final(). */
	if (smp_load_acquire(&entry->final)) {
		entry->time = entry->final_time;
		entry->ended = true;
		return true;
	}
	leader = pid_task(entry->pid, PIDTYPE_TGID);
	if (leader) {
		urt_cputime_sample(leader, &entry->time);
		*budget -= get_nr_threads(leader);
	}
	return true;
}

/**
 * urt_registry_owner() - whose process an entry is
 * @entry: of a registry whose lock the caller holds
 *
 * Return: as urt_task_owner(), of the living process or of its last moment.
 */
kuid_t urt_registry_owner(struct urt_entry *entry)
{
	struct task_struct *leader;
	kuid_t owner = entry->owner;

	lockdep_assert_held(&entry->registry->lock);
	rcu_read_lock();
	leader = pid_task(entry->pid, PIDTYPE_TGID);
	if (leader)
		owner = urt_task_owner(leader);
	rcu_read_unlock();
	return owner;
}

/* Looks at a living process. Return: false when it has been released. */
static bool look_alive(struct urt_entry *entry, struct urt_looks *looks)
{
	struct task_struct *leader;

	rcu_read_lock();
	leader = pid_task(entry->pid, PIDTYPE_TGID);
	if (leader) {
		looks->parent = get_parent(leader);
		looks->uid = __task_cred(leader)->uid;
		looks->threads = get_nr_threads(leader);
		looks->state = task_state_to_char(leader);
		get_task_comm(looks->comm, leader);
	}
	rcu_read_unlock();
	return leader;
}

/**
 * urt_registry_look() - fill in the looks of an entry, once per generation
 * @entry: of a registry whose lock the caller holds
 */
void urt_registry_look(struct urt_entry *entry)
{
	u64 now = atomic64_read(&entry->registry->generation) + 1;
	struct urt_looks looks;

	lockdep_assert_held(&entry->registry->lock);
	if (entry->looked_at == now)
		return;
	entry->looked_at = now;

	if (entry->ended || !look_alive(entry, &looks)) {
		looks.parent = get_pid(entry->parent);
		looks.uid = entry->uid;
		looks.threads = 0;
		looks.state = 'X';
		memcpy(looks.comm, entry->comm, sizeof(looks.comm));
	}
	/* X is for what is final; until then it is the zombie it was last. */
	if (looks.state == 'X' && !entry->ended)
		looks.state = 'Z';
	put_pid(entry->looks.parent);
	entry->looks = looks;
}

/* --- the timer --- */

/**
 * urt_registry_interval() - time between two refreshes, in milliseconds
 * @reg: its lock held
 *
 * As wished for, or longer where a refresh costs too much for that.
 */
unsigned int urt_registry_interval(const struct urt_registry *reg)
{
	return max(reg->interval_ms, reg->stretched_ms);
}

/**
 * urt_registry_runtime() - wall time that a process has run, in ns
 * @entry: of a registry whose lock the caller holds
 *
 * From its start to the generation, or to its registration if that is later;
 * no further than to its last thread's exit.
 */
u64 urt_registry_runtime(struct urt_entry *entry)
{
	struct urt_registry *reg = entry->registry;
	u64 until = max(reg->time_ns, entry->sampled_ns);
	unsigned long flags;

	lockdep_assert_held(&reg->lock);
	raw_spin_lock_irqsave(&reg->exit_lock, flags);
	if (!list_empty(&entry->exited))
		until = min(until, entry->end_ns);
	raw_spin_unlock_irqrestore(&reg->exit_lock, flags);
	return until - entry->start_ns;
}

/* The only place where a timer is armed. */
static void rearm(struct urt_registry *reg)
{
	lockdep_assert_held(&reg->lock);
	if (reg->count && !reg->dying)
		mod_timer(&reg->timer, reg->due);
}

static void arm_from_now(struct urt_registry *reg)
{
	reg->due = jiffies + msecs_to_jiffies(urt_registry_interval(reg));
	rearm(reg);
}

/* Keeps time: being late once makes no later refresh late. */
static void arm_next(struct urt_registry *reg)
{
	reg->due += msecs_to_jiffies(urt_registry_interval(reg));
	if (time_before_eq(reg->due, jiffies))
		arm_from_now(reg);
	else
		rearm(reg);
}

/* A refresh that took cost keeps the next one away for 20 times as long. */
static void stretch(struct urt_registry *reg, u64 cost_ns)
{
	u64 ms = div_u64(cost_ns * REFRESH_SHARE, NSEC_PER_MSEC);

	reg->stretched_ms = min_t(u64, ms, 3600 * MSEC_PER_SEC);
}

/* In stretches of so many threads, or a little more, others get the CPU. */
#define STRETCH 64

static void refresh_entries(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;
	int budget = STRETCH;
	bool stays;

	rcu_read_lock();
	list_for_each_entry_safe(entry, next, &reg->entries, list) {
		stays = entry_refresh(entry, &budget);
		if (stays && budget > 0)
			continue;
		rcu_read_unlock();
		if (!stays)
			entry_remove(entry);
		cond_resched();
		budget = STRETCH;
		rcu_read_lock();
	}
	rcu_read_unlock();
}

/**
 * urt_registry_refresh() - make a new generation
 * @reg: the registry; its lock not held
 *
 * Process context. Wakes whoever polls.
 */
void urt_registry_refresh(struct urt_registry *reg)
{
	u64 begin;

	mutex_lock(&reg->lock);
	/* Emptied, or armed anew, while this run was on its way: not needed. */
	if (!reg->count || timer_pending(&reg->timer))
		goto out;

	begin = ktime_get_ns();
	reg->time_ns = ktime_get_boottime_ns();
	refresh_entries(reg);
	atomic64_inc(&reg->version);
	atomic64_inc(&reg->generation);
	stretch(reg, ktime_get_ns() - begin);
	arm_next(reg);
	wake_up_interruptible_poll(&reg->wait, EPOLLIN | EPOLLRDNORM | EPOLLPRI);
out:
	mutex_unlock(&reg->lock);
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
	if (reg->count)
		arm_from_now(reg);
	mutex_unlock(&reg->lock);
}

/* --- what users ask for --- */

/* Return: whether @who may know about the process, and register it. */
static bool may_see(const struct urt_opener *who, struct task_struct *leader)
{
	return !who->restricted || urt_opener_owns(who, urt_task_owner(leader));
}

/*
 * Whoever finds a task under RCU has it for as long: sched_process_free of a
 * task that had not been released when we entered comes after we leave, and
 * finds the entry in the index.
 */
static int add_locked(struct urt_registry *reg, const struct urt_opener *who,
		      pid_t nr, struct urt_entry *entry)
{
	bool exempt = urt_opener_capable(who, CAP_SYS_RESOURCE);
	struct task_struct *leader;
	struct pid *pid = NULL;
	int err = 0;

	lockdep_assert_held(&reg->lock);
	rcu_read_lock();
	leader = urt_opener_find(who, nr);
	if (leader)
		pid = READ_ONCE(leader->signal->pids[PIDTYPE_TGID]);
	if (!pid) {		/* being released, it has lost it already */
		err = -ESRCH;
	} else if (!may_see(who, leader)) {
		err = -EPERM;
	} else if (entry_find(reg, leader)) {
		err = -EEXIST;
	} else {
		err = urt_quota_charge(who->user, exempt);
		if (!err) {
			entry->user = who->user;
			entry_start(reg, entry, leader, pid);
		}
	}
	rcu_read_unlock();
	if (!err && reg->count == 1) {
		reg->stretched_ms = 0;	/* what others' refreshes cost is over */
		arm_from_now(reg);
	}
	return err;
}

/**
 * urt_registry_add() - register a process
 * @reg: where
 * @who: wants it
 * @nr: its number, or that of one of its threads, as @who counts
 *
 * Return: 0, also for one that is registered; -ESRCH, -EPERM, -EDQUOT or
 * -ENOSPC as urt.h has it; -ENOMEM; -EINTR when killed while waiting.
 */
int urt_registry_add(struct urt_registry *reg, const struct urt_opener *who,
		     pid_t nr)
{
	struct urt_entry *entry;
	int err;

	/* Before the lock: who is short of memory makes nobody else wait. */
	entry = kmem_cache_zalloc(entry_cache, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	INIT_LIST_HEAD(&entry->exited);

	err = mutex_lock_killable(&reg->lock);
	if (!err) {
		err = add_locked(reg, who, nr, entry);
		mutex_unlock(&reg->lock);
	}
	if (err)
		kmem_cache_free(entry_cache, entry);
	return err == -EEXIST ? 0 : err;
}

/*
 * An exited process has no task to find it by; there are few of those. Under
 * RCU: probes add to the list meanwhile; it is us who take off, under the lock.
 */
static struct urt_entry *find_exited(struct urt_registry *reg,
				     const struct urt_opener *who, pid_t nr)
{
	struct urt_entry *entry;

	list_for_each_entry_rcu(entry, &reg->exited, exited) {
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
	entry = leader ? entry_find(reg, leader) : find_exited(reg, who, nr);
	rcu_read_unlock();
	return entry;
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
	entry = find_by_number(reg, who, nr);
	if (!entry) {
		err = -ENOENT;
	} else if (entry->user != who->user &&
		   !urt_opener_owns(who, urt_registry_owner(entry)) &&
		   !urt_opener_capable(who, CAP_SYS_PTRACE)) {
		err = -EPERM;
	} else {
		entry_remove(entry);
		if (!reg->count)
			timer_delete_sync(&reg->timer);
	}
	mutex_unlock(&reg->lock);
	return err;
}

/* --- what the tracepoints report --- */

void urt_registry_task_exit(struct task_struct *task)
{
	struct urt_entry *entry;
	unsigned long flags;

	rcu_read_lock();
	for (entry = urt_index_first(task->signal); entry;
	     entry = urt_index_next(entry)) {
		raw_spin_lock_irqsave(&entry->registry->exit_lock, flags);
		note_exit(entry, task);
		raw_spin_unlock_irqrestore(&entry->registry->exit_lock, flags);
	}
	rcu_read_unlock();
}

void urt_registry_task_free(struct task_struct *leader)
{
	struct urt_entry *entry, *next;
	unsigned long flags;

	rcu_read_lock();
	for (entry = urt_index_first(leader->signal); entry; entry = next) {
		next = urt_index_next(entry);
		raw_spin_lock_irqsave(&entry->registry->exit_lock, flags);
		note_final(entry, leader);
		raw_spin_unlock_irqrestore(&entry->registry->exit_lock, flags);
		urt_index_del(entry);
	}
	rcu_read_unlock();
}

/* --- lifetime --- */

/**
 * urt_registry_init() - an empty registry
 * @reg: to fill in
 * @interval_ms: between two refreshes
 * @timer: top half; queues @work
 * @work: bottom half; calls urt_registry_refresh()
 */
void urt_registry_init(struct urt_registry *reg, unsigned int interval_ms,
		       void (*timer)(struct timer_list *timer),
		       work_func_t work)
{
	mutex_init(&reg->lock);
	mutex_init(&reg->views_lock);
	raw_spin_lock_init(&reg->exit_lock);
	INIT_LIST_HEAD(&reg->entries);
	INIT_LIST_HEAD(&reg->exited);
	INIT_LIST_HEAD(&reg->views);
	init_waitqueue_head(&reg->wait);
	timer_setup(&reg->timer, timer, 0);
	INIT_WORK(&reg->work, work);
	reg->interval_ms = interval_ms;
	reg->time_ns = ktime_get_boottime_ns();
}

/**
 * urt_registry_exit() - forget everything
 * @reg: a registry that no file can reach any more
 *
 * Returns when neither timer nor work will run again. Probes may be looking at
 * the registry until the next grace period ends.
 */
void urt_registry_exit(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;

	mutex_lock(&reg->lock);
	reg->dying = true;
	mutex_unlock(&reg->lock);
	timer_delete_sync(&reg->timer);
	cancel_work_sync(&reg->work);

	mutex_lock(&reg->lock);
	list_for_each_entry_safe(entry, next, &reg->entries, list) {
		entry_remove(entry);
		cond_resched();
	}
	mutex_unlock(&reg->lock);
}

int urt_registry_setup(void)
{
	entry_cache = KMEM_CACHE(urt_entry, SLAB_ACCOUNT);
	return entry_cache ? 0 : -ENOMEM;
}

/* After the last registry, and after the probes' grace period. */
void urt_registry_cleanup(void)
{
	rcu_barrier();	/* entry_free_rcu() */
	kmem_cache_destroy(entry_cache);
}
