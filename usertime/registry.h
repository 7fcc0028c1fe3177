/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef URT_REGISTRY_H
#define URT_REGISTRY_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct urt_entry;
struct urt_opener;
struct urt_registry;

/* What a registry's owner wants to know. All are called with its lock held. */
struct urt_registry_ops {
	/* Entries are final; takes them, and they are off the list. */
	void (*collected)(struct urt_registry *reg, struct list_head *entries);
	/* There is a new generation; nobody has been told yet. */
	void (*refreshed)(struct urt_registry *reg);
	/* Something is different: members, records, the interval. */
	void (*changed)(struct urt_registry *reg);
};

/* A set of registered processes that is refreshed as one. */
struct urt_registry {
	const struct urt_registry_ops *ops;	/* NULL: finals stay listed */
	const struct urt_opener *opener;	/* whose it is; NULL without ops */

	struct mutex lock;		/* see the top of registry.c */
	struct list_head entries;	/* lock; in registration order */
	unsigned int count;		/* lock; how many */
	bool ever_used;			/* lock; something was registered once */
	bool dying;			/* lock; never armed again */
	u64 time_ns;			/* lock; of the latest generation */
	atomic64_t generation;		/* lock to write; counts refreshes */
	atomic64_t version;		/* any change at all */
	atomic64_t missed;		/* children that could not be registered */
	wait_queue_head_t wait;		/* who polls it; in a session */

	/* The two halves of a refresh, see usertime.c, and upkeep in between. */
	struct hrtimer timer;		/* armed while count is not 0 */
	struct work_struct work;	/* queued by the timer only */
	struct delayed_work upkeep;	/* queued by probes only */

	/* When the next refresh is due, and what it may cost: see pace.c. */
	unsigned int interval_ms;	/* lock; as wished for */
	unsigned int stretched_ms;	/* lock; what refreshes' cost allows */
	u64 due_ns;			/* lock; the next refresh; CLOCK_MONOTONIC */
	bool denied;			/* lock; a due refresh, for its cost */
	u64 resumed_ns;			/* lock; paid work runs since then */
	u64 cost_ns;			/* lock; and has run so long before */
	atomic64_t *quiet_until;	/* no work of ours before; CLOCK_MONOTONIC, ns */

	/* What probes find out: see lifecycle.c. */
	raw_spinlock_t probe_lock;	/* probes take it: never sleep under it */
	struct llist_head forked;	/* members that are not on the list yet */
	struct hlist_head exited;	/* probe_lock; not final yet, in a session */
	struct llist_head final;	/* in a session; for ops->collected() */

	/* Searches for descendants, each with a bit: see tree.c. */
	struct list_head searches;	/* lock; running */
	u32 searching;			/* both locks to write; their bits */
	u32 committing;			/* the same; the bit of one that succeeds */
	u32 search_again;		/* probe_lock; not done yet */

	/* Spare entries for children: see pool.c. */
	bool pooling;			/* lock; probes need them */
	struct llist_head pool;
	atomic_t pooled;		/* how many */
};

/* Sets up the timer and the work of a registry. They are in usertime.c. */
extern void (*urt_registry_set_up_halves)(struct urt_registry *reg);

void urt_registry_init(struct urt_registry *reg, unsigned int interval_ms,
		       const struct urt_registry_ops *ops,
		       atomic64_t *quiet_until);
void urt_registry_exit(struct urt_registry *reg);

/* How a process comes in. */
enum urt_role {
	URT_PLAIN,
	URT_ROOT,		/* of a tree */
	URT_DESCENDANT,		/* whose parent the search has reached */
};

int urt_registry_add(struct urt_registry *reg, const struct urt_opener *who,
		     pid_t nr, enum urt_role role, u32 search);
int urt_registry_remove(struct urt_registry *reg, const struct urt_opener *who,
			pid_t nr);
void urt_registry_drop(struct urt_registry *reg, struct urt_entry *entry);
void urt_registry_link_forked(struct urt_registry *reg);
void urt_registry_announce(struct urt_registry *reg);
void urt_registry_disarm_if_empty(struct urt_registry *reg);
void urt_registry_set_interval(struct urt_registry *reg, unsigned int ms);
void urt_registry_collect_final(struct urt_registry *reg);

/* Something is different: members, records, the interval. Under the lock. */
static inline void urt_registry_changed(struct urt_registry *reg)
{
	if (reg->ops)
		reg->ops->changed(reg);
}

#endif
