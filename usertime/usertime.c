// SPDX-License-Identifier: GPL-2.0-only
/*
 * usertime: the user-mode CPU time of registered processes, in /proc/urt.
 *
 *	a user writes a PID to /proc/urt/status, or to a session
 *		|	words.c, urt_registry_add() in registry.c
 *		v
 *	list of entries, behind the mutex of a registry
 *		|	the first entry arms the timer: urt_pace_arm(), pace.c
 *		v
 *	timer, every interval, 5 s by default <-------------------------+
 *		|	top half, in interrupt context:			|
 *		|	schedule_cputime_updates() queues the work	|
 *		v							|
 *	work, in a thread of urt_workqueue				|
 *		|	bottom half, which may sleep:			|
 *		|	update_cputimes() takes the mutex,		|
 *		|	walk_list() samples each entry, cputime.h,	|
 *		|	urt_registry_announce() starts a generation,	|
 *		|	urt_pace_arm_next() arms the timer again -------+
 *		v
 *	wake.c wakes pollers; view.c renders a read(); map.c has new values
 *
 * A delayed work would need one call only. The module shows the two halves on
 * purpose. Besides, the timer of a delayed work fires in a softirq, and
 * softirqs can wait for ksoftirqd. Such a timer is late on a CPU where many
 * processes start and end. Ours fires in hard interrupt context.
 *
 * The system registry, behind status and stat, is here. Each open session has a
 * registry of its own, with the same two halves.
 */
#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "cputime.h"
#include "entry.h"
#include "index.h"
#include "lifecycle.h"
#include "opener.h"
#include "pace.h"
#include "params.h"
#include "procfs.h"
#include "quota.h"
#include "registry.h"
#include "sample.h"
#include "session.h"

static struct urt_registry system_registry;
static atomic64_t system_quiet_until = ATOMIC64_INIT(0);

/* --- the top half --- */

/* Context: hard interrupt. The work, or a writer, arms the timer again. */
static enum hrtimer_restart schedule_cputime_updates(struct hrtimer *timer)
{
	struct urt_registry *reg = container_of(timer, struct urt_registry,
						timer);

	queue_work(urt_workqueue, &reg->work);
	return HRTIMER_NORESTART;
}

/* --- the bottom half --- */

/* A walk lets other tasks run after this many entries and threads. */
#define STRETCH 64

static void show_final(struct urt_entry *entry)
{
	struct urt_precise *precise = urt_entry_precise(entry);

	entry->time = entry->final_time;
	entry->final_shown = true;
	if (precise)
		precise->accuracy = precise->final_accuracy;
}

static noinline void sample_precise(struct urt_precise *precise,
				    struct task_struct *leader)
{
	urt_cputime_sample_precise(leader, &precise->entry.time,
				   READ_ONCE(precise->samples),
				   &precise->accuracy);
}

/* Return: what is left of @budget: an entry costs one, and each thread one. */
static __always_inline int sample_entry(struct urt_entry *entry, int budget)
{
	struct task_struct *leader;

	/*
	 * Pairs with the release in note_final(), lifecycle.c. Without the
	 * pair, this could read an old final_time.
	 */
	if (smp_load_acquire(&entry->final)) {
		show_final(entry);
		return budget - 1;
	}
	/* This runs once at most. Unlike pid_task(), it is inline. */
	do_each_pid_task(entry->pid, PIDTYPE_TGID, leader) {
		if (unlikely(entry->precise))
			sample_precise(urt_entry_precise(entry), leader);
		else
			urt_cputime_sample(leader, &entry->time);
		/* An estimate is enough, since threads come and go. */
		budget -= data_race(get_nr_threads(leader));
	} while_each_pid_task(entry->pid, PIDTYPE_TGID, leader);
	return budget - 1;
}

/*
 * Samples from @entry on, under RCU. An entry shows its final value for one
 * generation, and the next walk drops it. The final entries of a session leave
 * as records instead. Return: the last entry that is done; *gone: whether the
 * caller must drop this entry.
 */
static struct urt_entry *sample_stretch(struct urt_entry *entry, bool *gone)
{
	const struct urt_registry *reg = entry->registry;
	int budget = STRETCH;

	*gone = false;
	for (;;) {
		if (likely(!entry->final_shown)) {
			budget = sample_entry(entry, budget);
		} else if (!reg->ops) {
			*gone = true;
			return entry;
		}
		if (budget <= 0 || list_is_last(&entry->list, &reg->entries))
			return entry;
		entry = list_next_entry(entry, list);
	}
}

static void walk_list(struct urt_registry *reg)
{
	struct list_head *next = reg->entries.next;
	struct urt_entry *entry;
	bool gone;

	while (next != &reg->entries) {
		entry = list_entry(next, struct urt_entry, list);
		rcu_read_lock();
		entry = sample_stretch(entry, &gone);
		rcu_read_unlock();
		next = entry->list.next;
		if (gone)
			urt_registry_drop(reg, entry);
		urt_pace_resched(reg);
	}
}

static void make_generation(struct urt_registry *reg)
{
	reg->time_ns = ktime_get_boottime_ns();
	walk_list(reg);
	urt_registry_disarm_if_empty(reg);
	urt_registry_announce(reg);
	urt_pace_pay(reg);
	urt_pace_arm_next(reg);
}

/* Context: a worker. May sleep, and takes the mutex. */
static void update_cputimes(struct work_struct *work)
{
	struct urt_registry *reg = container_of(work, struct urt_registry,
						work);

	mutex_lock(&reg->lock);
	urt_pace_begin(reg);
	urt_registry_collect_final(reg);
	if (!reg->count || hrtimer_is_queued(&reg->timer)) {
		/* The registry is empty, or another task has armed it. */
		urt_pace_pay(reg);
	} else if (urt_pace_denies(reg)) {
		urt_pace_pay(reg);
		urt_pace_arm_when_allowed(reg);
	} else {
		make_generation(reg);
	}
	urt_registry_changed(reg);
	urt_pace_pay(reg);	/* for waking readers of records */
	mutex_unlock(&reg->lock);
}

/* --- init and exit --- */

/* Serves the system registry and each session. */
static void set_up_halves(struct urt_registry *reg)
{
	hrtimer_setup(&reg->timer, schedule_cputime_updates, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	INIT_WORK(&reg->work, update_cputimes);
}

/* Call this when the files are gone. It also frees the closed sessions. */
static void stop(void)
{
	urt_registry_exit(&system_registry);
	urt_lifecycle_exit();
	cancel_delayed_work_sync(&system_registry.upkeep);
	/* It also cancels upkeep, whose timers must not queue work later. */
	urt_session_drain();
}

static int __init urt_mod_init(void)
{
	int err;

	err = urt_entry_init();
	if (err)
		return err;
	err = urt_index_init(urt_max_processes);
	if (err)
		goto err_entry;
	err = -ENOMEM;
	/* WQ_HIGHPRI keeps refreshes on time. pace.c bounds their cost. */
	urt_workqueue = alloc_workqueue("usertime", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!urt_workqueue)
		goto err_index;
	urt_registry_set_up_halves = set_up_halves;
	urt_registry_init(&system_registry, URT_INTERVAL_MS, NULL,
			  &system_quiet_until);
	urt_sample_init();
	err = urt_lifecycle_init();
	if (err)
		goto err_workqueue;
	if (urt_precise_us)
		err = urt_registry_set_precision(&system_registry,
						 urt_precise_us);
	if (!err)
		err = urt_procfs_init(&system_registry);
	if (err) {
		stop();
		goto err_workqueue;
	}
	urt_params_attach(&system_registry);
	/* From here on nothing fails, so files may be opened. */
	WRITE_ONCE(urt_loaded, true);
	return 0;

err_workqueue:
	destroy_workqueue(urt_workqueue);
err_index:
	urt_index_exit();
err_entry:
	urt_entry_exit();
	return err;
}

static void __exit urt_mod_exit(void)
{
	urt_procfs_exit();
	stop();
	destroy_workqueue(urt_workqueue);
	urt_entry_exit();
	urt_index_exit();
}

module_init(urt_mod_init);
module_exit(urt_mod_exit);

MODULE_AUTHOR("The usertime developers");
MODULE_DESCRIPTION("User-mode CPU time of registered processes in /proc/urt");
MODULE_VERSION(URT_VERSION);
MODULE_LICENSE("GPL");
