/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_ENTRY_H
#define URT_ENTRY_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "cputime.h"
#include "opener.h"
#include "registry.h"
#include "split.h"

struct urt_user;
struct user_namespace;

/* Details of a process that stat and a map show besides its times. */
struct urt_details {
	struct pid *parent;		/* holds a reference, or NULL */
	kuid_t uid;
	unsigned int threads;
	char comm[TASK_COMM_LEN];
};

/*
 * One registered process. There may be many, so an entry is kept small
 * (static_assert in entry.c). These are its states, each named after the field
 * that says so:
 *
 *	a parent in a tree forks		a user writes the PID
 *	(sched_process_fork)				|
 *		v					|
 *	forked: found by probes, and on			|
 *	registry->forked, not on the list yet		|
 *		|  urt_registry_link_forked()		|
 *		v					v
 *	on the list: sampled by each refresh, found by probes
 *		|  sched_process_exit of the last thread
 *		v
 *	exited: on registry->exited; a zombie, or released
 *		|  sched_process_free, a grace period after the release
 *		v
 *	final: out of the index; final_time is set, and stays so
 *		|				|
 *		|  in the system registry:	|  in a session: also on
 *		|  the next refresh		|  registry->final
 *		v				|
 *	final_shown: for one generation		|  urt_registry_collect_final()
 *		|  the refresh after that	v
 *		v			a record: in record.c's queue
 *	unlinked				|  is read
 *		|  a grace period		|  a grace period
 *		v				v
 *	freed					freed
 *
 * -PID, the undo of a search, and the end of the registry lead from each state
 * on the list to unlinked. Probes leave an unlinked entry alone. If an unlinked
 * entry is on registry->final, the collector frees it. Between its release and
 * sched_process_free a process is neither alive nor final. Its entry then keeps
 * the values of the last refresh.
 */
struct urt_entry {
	union {
		struct list_head list;		/* registry's lock */
		struct llist_node forked;	/* until it is on the list */
	};
	struct hlist_node index;	/* see index.c */
	struct llist_node final_node;	/* once final, in a session */
	struct urt_registry *registry;
	struct urt_user *user;		/* registered it, is charged; holds a
					 * reference; both locks to write
					 */
	struct pid *pid;		/* thread group's; holds a reference */
	struct pid *parent;		/* when registered; holds a reference */
	const struct signal_struct *signal;	/* compared, never followed */
	u64 start_ns;			/* CLOCK_BOOTTIME */
	u64 sampled_ns;			/* time of its first value */

	struct urt_cputime time;	/* registry's lock; what is shown */
	u64 details_generation;		/* registry's lock; that plus 1, or 0 */
	union {
		struct urt_details details;	/* registry's lock */
		struct rcu_head rcu;		/* once unlinked */
	};
	char state;			/* registry's lock; with details */
	bool final_shown;		/* registry's lock; shows final_time */

	/* Shared with probes, under the registry's probe_lock. */
	bool unlinked;			/* taken off; probes leave it alone */
	bool final;			/* the values below are final */
	u8 committed:1;			/* stays if searches are undone */
	u8 member:1;			/* stays a member if they are undone */
	u8 tree_exempt:1;		/* children may exceed max_per_user */
	u8 owned:1;			/* by uid; see urt_cred_owner() */
	u8 same_creds:1;		/* see urt_opener_same_creds() */
	u8 dumpable:1;			/* see urt_was_dumpable() */
	u8 precise:1;			/* part of a struct urt_precise */
	u16 status;			/* as wait(2) reports it */
	u32 searches;			/* bits of searches that reached it */
	kuid_t uid;
	struct urt_user *tree;		/* pays for its children, or NULL;
					 * holds a reference, unless it is
					 * user
					 */
	struct hlist_node exited;	/* linked once all threads exited */
	struct user_namespace *user_ns;	/* holds a reference if !same_creds */
	u64 end_ns;			/* CLOCK_BOOTTIME of the last exit */
	struct urt_cputime final_time;
	char comm[TASK_COMM_LEN];
};

/* An entry of a registry whose processes are sampled; see sample.c. */
struct urt_precise {
	struct urt_entry entry;
	/*
	 * Samples of the process until it is final, or NULL; holds a reference.
	 * Written before probes find the entry, or by the process itself. The
	 * probe of free takes them away.
	 */
	struct urt_samples *samples;
	struct urt_accuracy accuracy;		/* registry's lock; of time */
	struct urt_accuracy final_accuracy;	/* with final_time */
};

/* Return: what an entry is part of, or NULL. */
static inline struct urt_precise *urt_entry_precise(struct urt_entry *entry)
{
	return entry->precise ? container_of(entry, struct urt_precise, entry) :
				NULL;
}

int urt_entry_init(void);
void urt_entry_exit(void);

struct urt_entry *urt_entry_alloc(const struct urt_registry *reg, gfp_t gfp);
void urt_entry_free(struct urt_entry *entry);
void urt_entry_prepare(struct urt_entry *entry, struct urt_registry *reg,
		       struct task_struct *leader, struct pid *pid);
void urt_entry_sample(struct urt_entry *entry, struct task_struct *leader);
void urt_entry_note_identity(struct urt_entry *entry, struct task_struct *task);
void urt_entry_start(struct urt_entry *entry, struct task_struct *leader);
struct urt_user *urt_entry_join_tree(struct urt_entry *entry,
				     struct urt_user *payer, bool exempt);
struct urt_user *urt_entry_leave_tree(struct urt_entry *entry);
void urt_entry_reach(struct urt_entry *entry, const struct urt_opener *who,
		     u32 search);
struct urt_user *urt_entry_charge(struct urt_entry *entry,
				  struct urt_user *user);
struct urt_user *urt_entry_hide(struct urt_entry *entry);
void urt_entry_unlink(struct urt_entry *entry);
void urt_entry_unlink_final(struct urt_entry *entry, struct list_head *to);
void urt_entry_free_rcu(struct urt_entry *entry);
void urt_entry_free_all_rcu(struct list_head *entries);

struct urt_entry *urt_entry_find(const struct urt_registry *reg,
				 const struct task_struct *task);
bool urt_entry_parent_reached(const struct urt_registry *reg,
			      const struct task_struct *task, u32 search);
void urt_entry_update_details(struct urt_entry *entry);
u64 urt_entry_runtime(struct urt_entry *entry);
kuid_t urt_entry_owner(struct urt_entry *entry);

/**
 * urt_entry_visible() - whether an opener sees an entry
 * @entry: the entry
 * @who: the opener
 * @nr: on return, the number of the process as @who counts
 *
 * Context: Process. The caller holds the registry's lock. Takes RCU.
 * Return: whether @who sees the process.
 */
static inline bool urt_entry_visible(struct urt_entry *entry,
				     const struct urt_opener *who, pid_t *nr)
{
	*nr = pid_nr_ns(entry->pid, who->pid_ns);
	return *nr && (!who->restricted ||
		       urt_opener_owns(who, urt_entry_owner(entry)));
}

/**
 * urt_entry_note_exited() - note whether all threads have exited
 * @entry: of the process
 * @task: one of its threads
 *
 * If they have, the entry goes on @exited of its registry. It is found there by
 * its number.
 *
 * Context: Process, softirq or probe. The caller holds the registry's
 * probe_lock.
 */
static inline void urt_entry_note_exited(struct urt_entry *entry,
					 struct task_struct *task)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	if (!atomic_read(&task->signal->live) && hlist_unhashed(&entry->exited))
		hlist_add_head_rcu(&entry->exited, &entry->registry->exited);
}

#endif
