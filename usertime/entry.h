/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_ENTRY_H
#define URT_ENTRY_H

#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "cputime.h"
#include "opener.h"

struct pid;
struct signal_struct;
struct urt_registry;
struct urt_user;

/* What a process looks like; nobody's business but stat's and a map's. */
struct urt_looks {
	struct pid *parent;		/* holds a reference, or NULL */
	kuid_t uid;
	unsigned int threads;
	char state;
	char comm[TASK_COMM_LEN];
};

/* What a tree search has done to an entry, for undoing it: see tree.c. */
enum urt_brought {
	URT_FOUND,			/* a member it was already */
	URT_UPGRADED,			/* registered it was */
	URT_ADDED,
};

/*
 * One registered process. From its release to sched_process_free, an RCU grace
 * period, a process is neither alive nor final; the entry stays as it is then.
 */
struct urt_entry {
	struct list_head list;		/* registry's lock */
	struct hlist_node index;	/* see index.c */
	struct llist_node forked;	/* until it has its place on the list */
	struct llist_node finished;	/* once final, in a session */
	struct urt_registry *registry;
	struct urt_user *user;		/* who is charged; holds a reference */
	struct pid *pid;		/* of the thread group; holds a reference */
	struct pid *parent;		/* at its registration; holds a reference */
	const struct signal_struct *signal;	/* compared, never followed */
	u64 start_ns;			/* CLOCK_BOOTTIME */
	u64 sampled_ns;			/* registered; its first value's time */

	struct urt_cputime time;	/* registry's lock; what is shown */
	struct urt_looks looks;		/* registry's lock */
	u64 looked_at;			/* registry's lock; generation, or 0 */
	bool ended;			/* registry's lock; final is shown */

	/* Shared with probes, under the registry's probe_lock. */
	struct urt_user *tree;		/* pays for its children, or NULL;
					 * holds a reference, unless user does
					 */
	bool tree_exempt;		/* from the limit per user */
	enum urt_brought brought;
	unsigned int search;		/* that reached it, or its parent */
	struct list_head exited;	/* linked once all threads have exited */
	bool dead;			/* taken off: probes keep away */
	bool final;			/* the values below are, and stay so */
	kuid_t uid;
	kuid_t owner;			/* see urt_task_owner() */
	struct urt_guard guard;		/* its user_ns: a reference, or NULL */
	int status;			/* as wait(2) has it */
	u64 end_ns;			/* CLOCK_BOOTTIME of the last exit */
	struct urt_cputime final_time;
	char comm[TASK_COMM_LEN];

	struct rcu_head rcu;
};

int urt_entry_setup(void);
void urt_entry_cleanup(void);

struct urt_entry *urt_entry_alloc(gfp_t gfp);
void urt_entry_free(struct urt_entry *entry);
void urt_entry_prepare(struct urt_entry *entry, struct urt_registry *reg,
		       struct task_struct *leader, struct pid *pid);
void urt_entry_sample(struct urt_entry *entry, struct task_struct *leader);
void urt_entry_start(struct urt_entry *entry, struct task_struct *leader);
void urt_entry_join_tree(struct urt_entry *entry, struct urt_user *payer,
			 bool exempt);
void urt_entry_leave_tree(struct urt_entry *entry);
void urt_entry_unlink(struct urt_entry *entry);
void urt_entry_free_rcu(struct urt_entry *entry);
void urt_entry_free_all_rcu(struct list_head *entries);

struct urt_entry *urt_entry_find(const struct urt_registry *reg,
				 const struct task_struct *task);
struct urt_entry *urt_entry_refresh(struct urt_entry *entry, int budget,
				    bool *gone);
void urt_entry_look(struct urt_entry *entry);
u64 urt_entry_runtime(struct urt_entry *entry);
kuid_t urt_entry_owner(struct urt_entry *entry);
bool urt_entry_visible(struct urt_entry *entry, const struct urt_opener *who,
		       pid_t *nr);

/* From the tracepoints, for every process of the system. */
void urt_entry_task_exit(struct task_struct *task);
void urt_entry_task_free(struct task_struct *leader);

#endif
