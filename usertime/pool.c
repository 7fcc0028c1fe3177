// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool has spare entries for the probe of fork, where probes may not allocate
 * (PREEMPT_RT). A registry has a pool from the first tree on until it is empty.
 * Probes take entries, and process context refills the pool.
 */
#include "pool.h"

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>

#include "entry.h"
#include "pace.h"
#include "registry.h"

#define POOL_SIZE 128

/*
 * Adds an entry if the pool wants one, or frees it. Return: whether the pool
 * wants more.
 */
static bool add(struct urt_registry *reg, struct urt_entry *entry)
{
	bool more, right_kind;

	mutex_lock(&reg->lock);
	more = reg->pooling && atomic_read(&reg->pooled) < POOL_SIZE;
	/* The word precise may have come since the allocation. */
	right_kind = entry->precise == !!reg->precise_us;
	if (more && right_kind) {
		atomic_inc(&reg->pooled);
		llist_add(&entry->forked, &reg->pool);
		entry = NULL;
	}
	mutex_unlock(&reg->lock);
	if (entry)
		urt_entry_free(entry);
	return more;
}

/*
 * Fills the pool. The caller does not hold the registry's lock, because an
 * allocation may be slow. Return: how many entries the pool has got.
 */
static unsigned int fill(struct urt_registry *reg)
{
	struct urt_entry *entry;
	unsigned int added = 0;

	for (;;) {
		entry = urt_entry_alloc(reg, GFP_KERNEL_ACCOUNT);
		if (!entry || !add(reg, entry))
			return added;
		added++;
	}
}

/**
 * urt_pool_refill() - fill the pool, in the time of a writer
 * @reg: the registry
 *
 * Context: Process. Allocates memory, and takes @reg->lock for each entry.
 */
void urt_pool_refill(struct urt_registry *reg)
{
	if (READ_ONCE(reg->pooling))
		fill(reg);
}

/* The most that an entry costs. More is waiting, for memory or for the lock. */
#define ENTRY_MAX_NS 20000

/**
 * urt_pool_refill_paid() - fill the pool, and pay for it
 * @reg: the registry; its budget pays
 *
 * Context: Upkeep work. Allocates memory, and takes @reg->lock for each entry.
 */
void urt_pool_refill_paid(struct urt_registry *reg)
{
	u64 begin_ns, most_ns;

	if (!READ_ONCE(reg->pooling))
		return;
	begin_ns = ktime_get_ns();
	most_ns = (u64)fill(reg) * ENTRY_MAX_NS;
	urt_pace_pay_for(reg->quiet_until,
			 min(ktime_get_ns() - begin_ns, most_ns));
}

static void empty(struct urt_registry *reg)
{
	struct urt_entry *entry, *next;
	struct llist_node *first;
	unsigned long flags;

	lockdep_assert_held(&reg->lock);
	/* urt_pool_take() takes single entries under this lock. */
	raw_spin_lock_irqsave(&reg->probe_lock, flags);
	first = llist_del_all(&reg->pool);
	raw_spin_unlock_irqrestore(&reg->probe_lock, flags);
	llist_for_each_entry_safe(entry, next, first, forked) {
		atomic_dec(&reg->pooled);
		urt_entry_free(entry);
	}
}

/**
 * urt_pool_drain() - free the pool
 * @reg: a registry that has no process left to fork
 *
 * Context: Process. The caller holds @reg->lock.
 */
void urt_pool_drain(struct urt_registry *reg)
{
	WRITE_ONCE(reg->pooling, false);
	empty(reg);
}

/**
 * urt_pool_renew() - fill the pool with entries of another kind
 * @reg: the registry, whose entries are of another kind from now on
 *
 * Context: Process. Allocates memory, and takes @reg->lock.
 */
void urt_pool_renew(struct urt_registry *reg)
{
	mutex_lock(&reg->lock);
	empty(reg);
	mutex_unlock(&reg->lock);
	urt_pool_refill(reg);
}

/**
 * urt_pool_take() - take an entry from the pool
 * @reg: the registry
 *
 * Context: Probe. The caller holds @reg->probe_lock.
 * Return: an entry for urt_entry_prepare(), or NULL.
 */
struct urt_entry *urt_pool_take(struct urt_registry *reg)
{
	struct llist_node *node;
	int left;

	lockdep_assert_held(&reg->probe_lock);	/* one taker at a time */
	node = llist_del_first(&reg->pool);
	if (!node)
		return NULL;
	/* If a refill got no memory, later children ask again. */
	left = atomic_dec_return(&reg->pooled);
	if (left <= POOL_SIZE / 2 && !(left % 16))
		urt_pace_hurry_upkeep(reg);
	return llist_entry(node, struct urt_entry, forked);
}
