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

/* Callbacks to the owner of a registry, called with the registry's lock. */
struct urt_registry_ops {
	/* Takes final entries over. They are off the list already. */
	void (*collected)(struct urt_registry *reg, struct list_head *entries);
	/* There is a new generation. No waiter has been told yet. */
	void (*refreshed)(struct urt_registry *reg);
	/* Members, records or the interval have changed. */
	void (*changed)(struct urt_registry *reg);
};

/* A set of registered processes that is refreshed as one. */
struct urt_registry {
	const struct urt_registry_ops *ops;	/* NULL: final ones stay */
	const struct urt_opener *opener;	/* owner; NULL without ops */

	struct mutex lock;		/* see the top of registry.c */
	struct list_head entries;	/* lock; in registration order */
	unsigned int count;		/* lock; length of the list */
	bool ever_used;			/* lock; it has had an entry */
	bool dying;			/* lock; never armed again */
	u64 time_ns;			/* lock; of the latest generation */
	atomic64_t generation;		/* lock to write; counts refreshes */
	atomic64_t version;		/* counts every change */
	atomic64_t missed;		/* children not registered at fork */
	wait_queue_head_t wait;		/* pollers; used in a session */

	/* The two halves of a refresh (usertime.c), and upkeep in between. */
	struct hrtimer timer;		/* armed unless empty or at work */
	struct work_struct work;	/* queued by the timer only */
	struct delayed_work upkeep;	/* queued by probes only */

	/* Pace and cost; see pace.c. Times are CLOCK_MONOTONIC, in ns. */
	unsigned int interval_ms;	/* lock; as the user set it */
	unsigned int stretched_ms;	/* lock; what the cost of work allows */
	u64 due_ns;			/* lock; of the next refresh */
	bool denied;			/* lock; cost put a due refresh off */
	u64 resumed_ns;			/* lock; start of a stretch of work */
	u64 cost_ns;			/* lock; cost of the stretches before */
	atomic64_t *quiet_until;	/* no work before this time */

	/* News from probes; see lifecycle.c. */
	raw_spinlock_t probe_lock;	/* probes take it; do not sleep */
	struct llist_head forked;	/* children not on the list yet */
	struct hlist_head exited;	/* probe_lock; not final in a session */
	struct llist_head final;	/* in a session; for ops->collected() */

	/* Searches for descendants, each with a bit; see tree.c. */
	struct list_head searches;	/* lock; running */
	u32 searching;			/* both locks to write; bits in use */
	/* Both locks to write; the bit of a search that succeeds. */
	u32 committing;
	u32 search_again;		/* probe_lock; bits that need a round */

	unsigned int precise_us;	/* lock to write; see sample.c; or 0 */

	/* Spare entries for children; see pool.c. */
	bool pooling;			/* lock; probes need them */
	struct llist_head pool;
	atomic_t pooled;		/* length of the pool */
};

/* Sets up the timer and the work of a registry. usertime.c sets it. */
extern void (*urt_registry_set_up_halves)(struct urt_registry *reg);

void urt_registry_init(struct urt_registry *reg, unsigned int interval_ms,
		       const struct urt_registry_ops *ops,
		       atomic64_t *quiet_until);
void urt_registry_exit(struct urt_registry *reg);

/* How a process is registered. */
enum urt_role {
	URT_PLAIN,
	URT_ROOT,		/* root of a tree */
	URT_DESCENDANT,		/* child of a reached process */
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
int urt_registry_set_precision(struct urt_registry *reg, unsigned int us);
void urt_registry_collect_final(struct urt_registry *reg);

/**
 * urt_registry_changed() - tell the owner that something has changed
 * @reg: the registry; its members, its records or its interval have changed
 *
 * Context: Process. The caller holds @reg->lock. May sleep.
 */
static inline void urt_registry_changed(struct urt_registry *reg)
{
	if (reg->ops)
		reg->ops->changed(reg);
}

#endif
