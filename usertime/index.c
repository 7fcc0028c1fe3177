// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index has all entries of all registries, by the signal_struct of their
 * process.
 *
 * The module compares this pointer and never follows it. The pointer identifies
 * a process from fork to sched_process_free, through exec and the death of its
 * leader. There the entry leaves the index, before the kernel can reuse the
 * memory.
 *
 * Probes read the index under RCU. For an unregistered process, they take no
 * lock. Probes also write to the index, where nothing may sleep, even on
 * PREEMPT_RT. The locks are therefore raw. They are held for a few
 * instructions, inside of a registry's probe_lock.
 */
#include "index.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "entry.h"
#include "registry.h"

#define LOCK_BITS 6

struct hlist_head *urt_index_buckets;
unsigned int urt_index_bits;
atomic_t urt_indexed = ATOMIC_INIT(0);
static raw_spinlock_t locks[1 << LOCK_BITS];

/**
 * urt_index_init() - allocate the index
 * @entries: the most that will be indexed; four of them then share a bucket
 *
 * Context: Process. Allocates memory.
 * Return: 0 or -ENOMEM.
 */
int urt_index_init(unsigned int entries)
{
	int i;

	urt_index_bits = max(ilog2(roundup_pow_of_two(entries)) - 2,
			     LOCK_BITS);
	urt_index_buckets = kvcalloc(1UL << urt_index_bits,
				     sizeof(*urt_index_buckets), GFP_KERNEL);
	if (!urt_index_buckets)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(locks); i++)
		raw_spin_lock_init(&locks[i]);
	return 0;
}

/**
 * urt_index_exit() - free the index
 *
 * Call this when no probe is attached any more.
 *
 * Context: Process.
 */
void urt_index_exit(void)
{
	kvfree(urt_index_buckets);
}

static raw_spinlock_t *bucket_lock(const struct urt_entry *entry)
{
	return &locks[hash_ptr(entry->signal, urt_index_bits) >>
		      (urt_index_bits - LOCK_BITS)];
}

/**
 * urt_index_add() - put an entry into the index
 * @entry: not in it
 *
 * Context: Process or probe, with interrupts off. The caller holds the
 * registry's probe_lock. Takes a bucket lock.
 */
void urt_index_add(struct urt_entry *entry)
{
	raw_spinlock_t *lock = bucket_lock(entry);

	lockdep_assert_held(&entry->registry->probe_lock);
	atomic_inc(&urt_indexed);
	raw_spin_lock(lock);
	hlist_add_head_rcu(&entry->index, urt_index_bucket(entry->signal));
	raw_spin_unlock(lock);
}

/**
 * urt_index_del() - take an entry out of the index
 * @entry: may have left it already
 *
 * The end of the process and the end of the entry both come here. The first one
 * takes the entry out.
 *
 * Context: Process, softirq or probe, with interrupts off. The caller holds the
 * registry's probe_lock. Takes a bucket lock.
 */
void urt_index_del(struct urt_entry *entry)
{
	raw_spinlock_t *lock = bucket_lock(entry);

	lockdep_assert_held(&entry->registry->probe_lock);
	if (hlist_unhashed(&entry->index))
		return;
	raw_spin_lock(lock);
	hlist_del_init_rcu(&entry->index);
	raw_spin_unlock(lock);
	atomic_dec(&urt_indexed);
}
