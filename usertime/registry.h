/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_REGISTRY_H
#define URT_REGISTRY_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cputime.h"

struct pid;
struct signal_struct;
struct urt_opener;
struct urt_user;

/* A set of registered processes that is refreshed as one. */
struct urt_registry {
	struct mutex lock;		/* see the top of registry.c */
	struct list_head entries;	/* lock; in registration order */
	unsigned int count;		/* lock; how many */
	unsigned int interval_ms;	/* lock; as wished for */
	unsigned int stretched_ms;	/* lock; what a refresh's cost allows */
	unsigned long due;		/* lock; jiffies of the next refresh */
	bool dying;			/* lock; never armed again */
	u64 time_ns;			/* lock; of the latest generation */
	u64 lost;			/* lock; ends without record: none, yet */
	atomic64_t generation;		/* lock to write; counts refreshes */
	atomic64_t version;		/* lock to write; any change at all */

	struct timer_list timer;	/* armed while count is not 0 */
	struct work_struct work;	/* queued by the timer only */
	wait_queue_head_t wait;		/* woken by every generation */

	raw_spinlock_t exit_lock;	/* probes take it: never sleep under it */
	struct list_head exited;	/* exit_lock; in order of their exit */

	struct mutex views_lock;	/* outside of lock */
	struct list_head views;		/* views_lock */
};

/* What a process looks like; nobody's business but stat's. */
struct urt_looks {
	struct pid *parent;		/* holds a reference, or NULL */
	kuid_t uid;
	unsigned int threads;
	char state;
	char comm[TASK_COMM_LEN];
};

/*
 * One registered process. From its release to sched_process_free, an RCU grace
 * period, a process is neither alive nor final; the entry stays as it is then.
 */
struct urt_entry {
	struct list_head list;		/* registry's lock */
	struct hlist_node index;	/* see index.c */
	struct urt_registry *registry;
	struct urt_user *user;		/* who is charged; holds a reference */
	struct pid *pid;		/* of the thread group; holds a reference */
	struct pid *parent;		/* at registration; holds a reference */
	const struct signal_struct *signal;	/* compared, never followed */
	u64 start_ns;			/* CLOCK_BOOTTIME */
	u64 sampled_ns;			/* registered; its first value's time */

	struct urt_cputime time;	/* registry's lock; what is shown */
	struct urt_looks looks;		/* registry's lock */
	u64 looked_at;			/* registry's lock; generation, or 0 */
	bool ended;			/* registry's lock; final is shown */

	/* Written by probes, under the registry's exit_lock. */
	struct list_head exited;	/* linked once all threads have exited */
	bool dead;			/* taken off: probes keep away */
	bool final;			/* the values below are, and stay so */
	kuid_t uid;
	kuid_t owner;			/* see urt_task_owner() */
	u64 end_ns;			/* CLOCK_BOOTTIME of the last exit */
	struct urt_cputime final_time;
	char comm[TASK_COMM_LEN];

	struct rcu_head rcu;
};

int urt_registry_setup(void);
void urt_registry_cleanup(void);

void urt_registry_init(struct urt_registry *reg, unsigned int interval_ms,
		       void (*timer)(struct timer_list *timer),
		       work_func_t work);
void urt_registry_exit(struct urt_registry *reg);

int urt_registry_add(struct urt_registry *reg, const struct urt_opener *who,
		     pid_t nr);
int urt_registry_remove(struct urt_registry *reg, const struct urt_opener *who,
			pid_t nr);
void urt_registry_refresh(struct urt_registry *reg);
void urt_registry_set_interval(struct urt_registry *reg, unsigned int ms);
unsigned int urt_registry_interval(const struct urt_registry *reg);

void urt_registry_look(struct urt_entry *entry);
u64 urt_registry_runtime(struct urt_entry *entry);
kuid_t urt_registry_owner(struct urt_entry *entry);

/* From the tracepoints, for every process of the system. */
void urt_registry_task_exit(struct task_struct *task);
void urt_registry_task_free(struct task_struct *leader);

#endif
