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

struct urt_user;
struct user_namespace;

/* What stat and a map show of a process besides its times. */
struct urt_details {
	struct pid *parent;		/* holds a reference, or NULL */
	kuid_t uid;
	unsigned int threads;
	char comm[TASK_COMM_LEN];
};

/*
 * One registered process: there may be many, so it is kept small (static_assert
 * in entry.c). Its states, each by the name of the field that says so:
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
 *		|  sched_process_free of the leader, a grace period later
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
 * on the list to unlinked. Probes leave an unlinked entry alone. (One that is on
 * registry->final is freed by the collector.) Between its release and
 * sched_process_free a process is neither alive nor final: its entry keeps what
 * the last refresh has seen.
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
	struct pid *pid;		/* of the thread group; holds a reference */
	struct pid *parent;		/* at its registration; holds a reference */
	const struct signal_struct *signal;	/* compared, never followed */
	u64 start_ns;			/* CLOCK_BOOTTIME */
	u64 sampled_ns;			/* registered; its first value's time */

	struct urt_cputime time;	/* registry's lock; what is shown */
	u64 details_generation;		/* registry's lock; of details, or 0 */
	union {
		struct urt_details details;	/* registry's lock */
		struct rcu_head rcu;		/* once unlinked */
	};
	char state;			/* registry's lock; with details */
	bool final_shown;		/* registry's lock; time is final_time */

	/* Shared with probes, under the registry's probe_lock. */
	bool unlinked;			/* taken off: probes keep away */
	bool final;			/* the values below are, and stay so */
	u8 committed:1;			/* registered, whatever searches do */
	u8 member:1;			/* of a tree, whatever searches do */
	u8 tree_exempt:1;		/* from the limit per user */
	u8 owned:1;			/* uid's; see urt_cred_owner() */
	u8 same_creds:1;		/* see urt_opener_same_creds() */
	u8 dumpable:1;			/* see urt_was_dumpable() */
	u16 status;			/* as wait(2) has it */
	u32 searches;			/* bits of those that reached it */
	kuid_t uid;
	struct urt_user *tree;		/* pays for its children, or NULL;
					 * holds a reference, unless user does
					 */
	struct hlist_node exited;	/* linked once all threads have exited */
	struct user_namespace *user_ns;	/* if not same_creds; holds a reference */
	u64 end_ns;			/* CLOCK_BOOTTIME of the last exit */
	struct urt_cputime final_time;
	char comm[TASK_COMM_LEN];
};

int urt_entry_init(void);
void urt_entry_exit(void);

struct urt_entry *urt_entry_alloc(gfp_t gfp);
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
 * urt_entry_visible() - whether somebody sees an entry
 * @entry: of a registry whose lock the caller holds
 * @who: looks
 * @nr: the process's number as @who counts, on return
 */
static inline bool urt_entry_visible(struct urt_entry *entry,
				     const struct urt_opener *who, pid_t *nr)
{
	*nr = pid_nr_ns(entry->pid, who->pid_ns);
	return *nr && (!who->restricted ||
		       urt_opener_owns(who, urt_entry_owner(entry)));
}

/*
 * Notes that all threads of a process have exited, if they have: from then on
 * it is found by its number on its registry's list. Under probe_lock.
 */
static inline void urt_entry_note_exited(struct urt_entry *entry,
					 struct task_struct *task)
{
	lockdep_assert_held(&entry->registry->probe_lock);
	if (!atomic_read(&task->signal->live) && hlist_unhashed(&entry->exited))
		hlist_add_head_rcu(&entry->exited, &entry->registry->exited);
}

#endif
